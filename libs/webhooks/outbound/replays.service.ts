import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Audit, type Author, type EventType, isEventType } from '#journal';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId, renderNative, renderUuid } from '#platform/identifiers';
import { DeliveriesLog } from './deliveries-log.service.js';
import { EndpointsService } from './endpoints.service.js';
import { matches } from './event-patterns.js';
import { EventSequencer } from './event-sequencer.js';
import type { TellableEvent } from './event-store.js';
import { WebhookDeliveryEntity, type WebhookEndpointEntity } from './webhook.entity.js';

/** What is delivered again: everything after a cursor, or what happened in a span of time. */
export interface ReplaySpan {
  after?: string;
  since?: Date;
  until?: Date;
}

export interface Replayed {
  replayed: number;
  /** Where to go on, when there was more than one call takes. */
  next?: string;
}

/** Of events looked at in one call. */
const MOST_EVENTS = 1_000;
const DUE_AGAIN = `state = 'pending', attempts = 0, next_at = excluded.next_at, leased_until = NULL,
  ended_at = NULL, created_at = excluded.created_at`;

/** Delivers again what was told before, under the same `webhook-id`; and the button that tells something now. */
@Injectable()
export class ReplaysService {
  constructor(
    private readonly database: Database,
    private readonly endpoints: EndpointsService,
    private readonly log: DeliveriesLog,
    private readonly sequencer: EventSequencer,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  async replayOne(tenantId: Identifier, id: Identifier, by: Author): Promise<WebhookDeliveryEntity> {
    const { endpointId, eventId } = await this.log.find(tenantId, id);
    refuseDisabled(await this.endpoints.get(tenantId, endpointId));
    const now = this.clock.date();
    await this.database.transaction(async (manager) => {
      await manager.update(
        WebhookDeliveryEntity,
        { id },
        { state: 'pending', attempts: 0, nextAt: now, leasedUntil: null, endedAt: null, createdAt: now },
      );
      await this.note(manager, by, { id: endpointId, tenantId }, { event: eventId });
    });
    return this.log.find(tenantId, id);
  }

  /** Those that the endpoint wants now, oldest first: also such as it was never told, because it was disabled or not there. */
  async replaySpan(
    tenantId: Identifier,
    endpointId: Identifier,
    span: ReplaySpan,
    by: Author,
  ): Promise<Replayed> {
    const endpoint = await this.endpoints.get(tenantId, endpointId);
    refuseDisabled(endpoint);
    if ((span.after === undefined) === (span.since === undefined))
      throw Problem.field('after', 'one_of', 'name either after, or since and perhaps until');
    const found = await this.find(endpoint, span);
    const wanted = found.filter(({ type }) => isEventType(type) && matches(endpoint.events, type));
    await this.database.transaction(async (manager) => {
      await this.dueAgain(endpoint, wanted, manager);
      await this.note(manager, by, endpoint, { ...span, events: wanted.length });
    });
    const next = found.length === MOST_EVENTS ? found.at(-1)!.position : undefined;
    return { replayed: wanted.length, ...(next !== undefined && { next }) };
  }

  /** A `webhook.test` to this endpoint alone. */
  async test(tenantId: Identifier, endpointId: Identifier): Promise<WebhookDeliveryEntity> {
    const endpoint = await this.endpoints.get(tenantId, endpointId);
    refuseDisabled(endpoint);
    const subject = renderNative('endpoint', endpointId);
    const type: EventType = 'webhook.test';
    const id = await this.database.transaction((manager) =>
      this.sequencer.tellOnly(
        endpointId,
        {
          id: `evt_${newId()}`,
          type,
          tenant: renderUuid(tenantId),
          subject,
          at: this.clock.date().toISOString(),
          data: { url: endpoint.url },
        },
        manager,
      ),
    );
    return this.log.find(tenantId, id);
  }

  /** Of a generator's endpoint only what is about its own challenges. */
  private find({ tenantId, generatorId }: WebhookEndpointEntity, span: ReplaySpan): Promise<TellableEvent[]> {
    const { after = null, since = null, until = null } = span;
    return this.database.manager.query(
      `SELECT e.* FROM events e
       WHERE e.tenant_id = $1 AND ($2::bigint IS NULL OR e.position > $2)
         AND ($3::timestamptz IS NULL OR e.at >= $3) AND ($4::timestamptz IS NULL OR e.at < $4)
         AND ($5::uuid IS NULL OR EXISTS (SELECT 1 FROM challenges c WHERE c.id = e.challenge_id AND c.generator_id = $5))
       ORDER BY e.position LIMIT ${MOST_EVENTS}`,
      [renderUuid(tenantId), after, since, until, generatorId === null ? null : renderUuid(generatorId)],
    );
  }

  private note(
    manager: EntityManager,
    by: Author,
    { id, tenantId }: Pick<WebhookEndpointEntity, 'id' | 'tenantId'>,
    what: object,
  ): Promise<void> {
    const subject = renderNative('endpoint', id);
    return this.audit.record(manager, by, { tenantId, action: 'endpoint.replayed', subject, after: what });
  }

  private async dueAgain(
    { id, tenantId }: WebhookEndpointEntity,
    events: readonly TellableEvent[],
    manager: EntityManager,
  ): Promise<void> {
    await manager.query(
      `INSERT INTO webhook_deliveries (id, tenant_id, endpoint_id, event_id, event_type, position, state, next_at, created_at)
       SELECT id, $5, $6, event_id, event_type, position, 'pending', $7, $7
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS t (id, event_id, event_type, position)
       ON CONFLICT (endpoint_id, event_id) DO UPDATE SET ${DUE_AGAIN}`,
      [
        events.map(() => renderUuid(newId())),
        events.map((event) => event.id),
        events.map((event) => event.type),
        events.map((event) => event.position),
        renderUuid(tenantId),
        renderUuid(id),
        this.clock.date(),
      ],
    );
  }
}

function refuseDisabled({ disabledAt, disabledWhy }: WebhookEndpointEntity): void {
  if (disabledAt !== null)
    throw new Problem('webhook.endpoint_disabled', { members: { reason: disabledWhy } });
}
