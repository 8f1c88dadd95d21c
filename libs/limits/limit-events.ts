import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventOutbox, type OutgoingEvent } from '#journal';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { type Identifier, newId, renderNative, renderUuid } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { LimitEventEntity } from './limit.entity.js';

export const LIMIT_EVENTS = [
  'limit.refused',
  'limit.shadowed',
  'limit.shadow_blocked',
  'limit.country_near',
  'limit.conversion_low',
  'limit.conversion_denied',
  'limit.conversion_restored',
  'limit.spray_detected',
  'limit.restarted',
  'budget.soft',
  'budget.exhausted',
  'switch.changed',
] as const;
export type LimitEventType = (typeof LIMIT_EVENTS)[number];

interface Pending {
  tenantId: Identifier | null;
  at: Date;
  type: LimitEventType;
  times: number;
  data: Record<string, string>;
}

const WRITE_EVERY_MS = 500;
/** While PostgreSQL is away; what goes beyond is counted in the metric and in the log only. */
const MOST_PENDING = 5_000;

/**
 * What limits and detectors said: a metric at once; a line in the log and a row each half second, equal ones as one.
 * A flood of refusals must not become a flood of rows, and the hot path waits for none of it (FR-18). No event holds
 * a number, an address or a code.
 */
@Injectable()
export class LimitEvents implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('limits');
  private pending = new Map<string, Pending>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly outbox: EventOutbox,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.write());
    }, WRITE_EVERY_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
    await this.write();
  }

  record(type: LimitEventType, tenantId: Identifier | null, data: Record<string, string>): void {
    this.metrics.limitEvents.inc({ type, limit: data['limit'] ?? 'none' });
    const key = JSON.stringify([type, tenantId, data]);
    const same = this.pending.get(key);
    if (same) same.times++;
    else if (this.pending.size < MOST_PENDING)
      this.pending.set(key, { tenantId, at: this.clock.date(), type, times: 1, data });
  }

  /** Newest first; `before` is the id of the last one of the page before. */
  list(
    tenantId: Identifier,
    { limit, before }: { limit: number; before?: string },
  ): Promise<LimitEventEntity[]> {
    const query = this.database
      .repository(LimitEventEntity)
      .createQueryBuilder('event')
      .where('event.tenant_id = :tenant', { tenant: renderUuid(tenantId) })
      .orderBy('event.id', 'DESC')
      .limit(limit);
    if (before !== undefined) query.andWhere('event.id < :before', { before });
    return query.getMany();
  }

  private async write(): Promise<void> {
    if (this.pending.size === 0) return;
    const events = [...this.pending.values()];
    if (this.database.state !== 'ready') return;
    this.pending = new Map();
    for (const { tenantId, type, times, data } of events) {
      const tenant = tenantId === null ? undefined : renderNative('tenant', tenantId);
      this.logger.info({ tenant, type, times, ...data }, 'limit.event');
    }
    try {
      await this.database.transaction(async (manager) => {
        await manager.insert(LimitEventEntity, events);
        await this.outbox.put(events.flatMap(toOutgoing), manager);
      });
    } catch (error) {
      this.logger.warn({ error: describeError(error), events: events.length }, 'limit events not kept');
    }
  }
}

/** What an operator's switch or the platform's budget did is no tenant's; a refusal is told by the challenge's journal. */
function toOutgoing({ tenantId, at, type, times, data }: Pending): OutgoingEvent[] {
  if (tenantId === null || type === 'limit.refused') return [];
  const subject = data['switch'] ?? renderNative('tenant', tenantId);
  return [{ id: `evt_${newId()}`, type, tenantId, subject, at, data: { times, ...data } }];
}
