import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TenantEvents } from '#journal';
import { Clock } from '#platform/clock';
import { signedHeaders } from '#platform/crypto';
import { Database } from '#platform/database';
import { HttpClient, type OutboundResult, readRetryAfter } from '#platform/http-client';
import { type Identifier, renderNative } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { nextAttemptAt } from './delivery-schedule.js';
import { type AttemptResult, type ClaimedDelivery, DeliveryStore } from './delivery-store.js';
import { EventRenderer } from './event-renderer.js';
import { WebhookSecrets } from './webhook-secrets.js';
import type { DisabledWhy } from './webhook.entity.js';

/** From the wait for a connection to the last byte of the answer. */
const DEADLINE_MS = 10_000;
/** Nobody reads more of an answer; what goes on after that is cut off. */
const MOST_ANSWER_BYTES = 4_096;
const FAILING_MS = 5 * 86_400_000;
const DRAWS = 2 ** 32;

interface Verdict {
  delivered: boolean;
  status?: number;
  reason?: string;
  retryAfterMs?: number;
}

/** Makes one attempt at a delivery, and writes down what came of it. */
@Injectable()
export class WebhookSender {
  private readonly logger = loggerFor('webhooks');

  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryStore,
    private readonly renderer: EventRenderer,
    private readonly secrets: WebhookSecrets,
    private readonly tenantEvents: TenantEvents,
    private readonly http: HttpClient,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** Returns the endpoint's next deliveries, claimed, when it did well; none otherwise. */
  async attempt(id: Identifier): Promise<Identifier[]> {
    const delivery = await this.deliveries.load(id);
    if (!delivery) return [];
    const at = this.clock.now();
    const began = performance.now();
    const verdict = await this.post(delivery);
    const ms = Math.round(performance.now() - began);
    await this.write(delivery, verdict, { at, ms });
    return verdict.delivered ? this.deliveries.claimNext(delivery.endpointId) : [];
  }

  private async post(delivery: ClaimedDelivery): Promise<Verdict> {
    const { event } = delivery;
    if (event === null) return { delivered: false, reason: 'event_gone' };
    const { contentType, body } = await this.renderer.post(event, delivery.format);
    const secrets = await this.secrets.signing({
      id: delivery.ofGenerator ? delivery.tenantId : delivery.endpointId,
      tenantId: delivery.tenantId,
    });
    const result = await this.http.send({
      method: 'POST',
      url: delivery.url,
      headers: {
        'content-type': contentType,
        'user-agent': 'Countersign',
        ...signedHeaders(event.id, this.clock.now(), body, secrets),
      },
      body,
      deadlineMs: DEADLINE_MS,
      answerBytes: MOST_ANSWER_BYTES,
      guarded: true,
    });
    return judge(result, this.clock.now());
  }

  private async write(
    delivery: ClaimedDelivery,
    verdict: Verdict,
    timing: { at: number; ms: number },
  ): Promise<void> {
    const { delivered, status, reason } = verdict;
    const result: AttemptResult = { ...timing, status, reason, ...this.sequel(delivery, verdict) };
    const written =
      delivered && !delivery.failing
        ? await this.deliveries.finish(delivery, result, this.database.manager)
        : await this.database.transaction(async (manager) => {
            if (!(await this.deliveries.finish(delivery, result, manager))) return false;
            await this.noteEndpoint(delivery, verdict, manager);
            return true;
          });
    if (!written) return;
    this.metrics.webhookAttempts.inc({ outcome: delivered ? 'delivered' : 'failed' });
    const about = { delivery: renderNative('delivery', delivery.id), attempt: delivery.attempts + 1 };
    this.logger.info({ ...about, ms: timing.ms, status, reason, state: result.state }, 'webhook.attempted');
  }

  private async noteEndpoint(
    { endpointId, tenantId }: ClaimedDelivery,
    verdict: Verdict,
    manager: EntityManager,
  ): Promise<void> {
    if (verdict.delivered) return this.deliveries.noteSuccess(endpointId, manager);
    const failingSince = await this.deliveries.noteFailure(endpointId, manager);
    const why = whyDisabled(verdict, failingSince, this.clock.now());
    if (why !== undefined && (await this.deliveries.disable(endpointId, why, manager))) {
      const subject = renderNative('endpoint', endpointId);
      const event = { type: 'webhook.endpoint_disabled', subject, data: { reason: why } } as const;
      await this.tenantEvents.record(tenantId, event, manager);
    }
  }

  private sequel(
    { attempts }: ClaimedDelivery,
    { delivered, status, retryAfterMs }: Verdict,
  ): Pick<AttemptResult, 'state' | 'nextAt'> {
    if (delivered) return { state: 'delivered' };
    if (status === 410) return { state: 'failed' };
    const nextAt = nextAttemptAt(attempts + 1, this.clock.now(), retryAfterMs, randomInt(DRAWS) / DRAWS);
    return nextAt === undefined ? { state: 'failed' } : { state: 'pending', nextAt };
  }
}

/** 2xx and nothing else: a redirect leads somewhere that nobody has looked at. */
function judge(result: OutboundResult, now: number): Verdict {
  if (result.kind !== 'response') return { delivered: false, reason: result.reason };
  const { status, headers } = result;
  return {
    delivered: status >= 200 && status < 300,
    status,
    retryAfterMs: readRetryAfter(headers['retry-after'], now),
  };
}

function whyDisabled(
  { status }: Verdict,
  failingSince: Date | undefined,
  now: number,
): DisabledWhy | undefined {
  if (status === 410) return 'gone';
  return failingSince !== undefined && now - failingSince.getTime() >= FAILING_MS ? 'failing' : undefined;
}
