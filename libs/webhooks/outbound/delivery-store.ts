import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { type Identifier, parseUuid, renderUuid } from '#platform/identifiers';
import type { TellableEvent } from './event-store.js';
import type { DeliveryState, DisabledWhy } from './webhook.entity.js';

/** Longer than an attempt may take: a delivery whose worker died is due again then. */
const LEASE_MS = 30_000;
/** At the same time for one endpoint. It gets there by succeeding: see `claimNext`. */
const MOST_AT_ONCE = 8;
const MOST_ENDPOINTS = 500;
/** Failures further apart than attempts can be do not belong together. */
const APART_MS = 2 * 86_400_000;

/** A delivery that is to be attempted, and what the attempt needs. */
export interface ClaimedDelivery {
  id: Identifier;
  tenantId: Identifier;
  endpointId: Identifier;
  url: string;
  format: string;
  ofGenerator: boolean;
  /** The endpoint's last attempt has failed. */
  failing: boolean;
  /** Null once it is no longer kept. */
  event: TellableEvent | null;
  /** Made so far in this round. */
  attempts: number;
}

export interface AttemptResult {
  at: number;
  ms: number;
  status?: number;
  reason?: string;
  state: DeliveryState;
  /** Of a `pending` one. */
  nextAt?: number;
}

/** Deliveries as PostgreSQL holds them. What is due, who has it and when it comes again are columns on our clock. */
@Injectable()
export class DeliveryStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** One due delivery of each endpoint that nothing is being posted to: a slow one holds one place, not the others'. */
  async claimIdle(): Promise<Identifier[]> {
    const [now, until] = this.lease();
    return this.claim(
      `WITH idle AS (
         SELECT e.id FROM webhook_endpoints e
         WHERE e.disabled_at IS NULL
           AND EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.next_at <= $1)
           AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.leased_until > $1)
         LIMIT ${MOST_ENDPOINTS}
       ), due AS (
         SELECT picked.id FROM idle CROSS JOIN LATERAL (
           SELECT d.id FROM webhook_deliveries d WHERE d.endpoint_id = idle.id AND d.next_at <= $1
           ORDER BY d.next_at, d.position LIMIT 1
         ) picked
       )
       UPDATE webhook_deliveries SET leased_until = $2, next_at = $2
       WHERE id IN (SELECT id FROM due) AND next_at <= $1 RETURNING id`,
      [now, until],
    );
  }

  /** After a success: two more of the same endpoint, while there is room. So one that answers well soon has many. */
  async claimNext(endpointId: Identifier): Promise<Identifier[]> {
    const [now, until] = this.lease();
    return this.claim(
      `UPDATE webhook_deliveries SET leased_until = $2, next_at = $2
       WHERE next_at <= $1 AND id IN (
         SELECT d.id FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id AND e.disabled_at IS NULL
         WHERE d.endpoint_id = $3 AND d.next_at <= $1 ORDER BY d.next_at, d.position
         LIMIT (SELECT GREATEST(0, LEAST(2, ${MOST_AT_ONCE} - count(*)))
                FROM webhook_deliveries WHERE endpoint_id = $3 AND leased_until > $1)
         FOR UPDATE OF d SKIP LOCKED
       ) RETURNING id`,
      [now, until, renderUuid(endpointId)],
    );
  }

  /** Undefined when it has ended, or its endpoint is gone or disabled. */
  async load(id: Identifier): Promise<ClaimedDelivery | undefined> {
    const rows: LoadedRow[] = await this.database.manager.query(
      `SELECT d.tenant_id AS tenant, d.endpoint_id AS endpoint, d.attempts, e.url, e.format, e.generator_id, e.failed_at,
         t.position, t.id, t.tenant_id, t.type, t.subject, t.challenge_id, t.at, t.data
       FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id LEFT JOIN events t ON t.id = d.event_id
       WHERE d.id = $1 AND d.state = 'pending' AND e.disabled_at IS NULL`,
      [renderUuid(id)],
    );
    return rows[0] && toClaimed(id, rows[0]);
  }

  /** False when somebody else has written this attempt: the lease had lapsed, or it was replayed meanwhile. */
  async finish(
    { id, attempts }: ClaimedDelivery,
    result: AttemptResult,
    manager: EntityManager,
  ): Promise<boolean> {
    const { state, nextAt, at, ms, status, reason } = result;
    const written: unknown[] = await manager.query(
      `WITH moved AS (
         UPDATE webhook_deliveries SET attempts = attempts + 1, state = $3, next_at = $4, leased_until = NULL, ended_at = $5
         WHERE id = $1 AND attempts = $2 AND state = 'pending' RETURNING id
       )
       INSERT INTO webhook_attempts (delivery_id, number, at, ms, status, reason)
       SELECT id, (SELECT coalesce(max(number), 0) + 1 FROM webhook_attempts WHERE delivery_id = $1), $6, $7, $8, $9 FROM moved
       RETURNING number`,
      [
        renderUuid(id),
        attempts,
        state,
        nextAt === undefined ? null : new Date(nextAt),
        state === 'pending' ? null : this.clock.date(),
        new Date(at),
        ms,
        status ?? null,
        reason ?? null,
      ],
    );
    return written.length > 0;
  }

  async noteSuccess(endpointId: Identifier, manager: EntityManager): Promise<void> {
    await manager.query(
      'UPDATE webhook_endpoints SET failing_since = NULL, failed_at = NULL WHERE id = $1 AND failed_at IS NOT NULL',
      [renderUuid(endpointId)],
    );
  }

  /** Returns since when the endpoint has been failing. */
  async noteFailure(endpointId: Identifier, manager: EntityManager): Promise<Date | undefined> {
    const now = this.clock.date();
    const [rows] = (await manager.query(
      `UPDATE webhook_endpoints SET failed_at = $2, failing_since = CASE WHEN failed_at > $3 THEN failing_since ELSE $2 END
       WHERE id = $1 RETURNING failing_since`,
      [renderUuid(endpointId), now, new Date(now.getTime() - APART_MS)],
    )) as [{ failing_since: Date }[], number];
    return rows[0]?.failing_since;
  }

  /** False when it was disabled before. */
  async disable(endpointId: Identifier, why: DisabledWhy, manager: EntityManager): Promise<boolean> {
    const [, changed] = (await manager.query(
      'UPDATE webhook_endpoints SET disabled_at = $2, disabled_why = $3 WHERE id = $1 AND disabled_at IS NULL',
      [renderUuid(endpointId), this.clock.date(), why],
    )) as [unknown, number];
    return changed > 0;
  }

  private lease(): [now: Date, until: Date] {
    const now = this.clock.now();
    return [new Date(now), new Date(now + LEASE_MS)];
  }

  private async claim(statement: string, values: unknown[]): Promise<Identifier[]> {
    const [rows] = (await this.database.manager.query(statement, values)) as [{ id: string }[], number];
    return rows.map(({ id }) => parseUuid(id)!);
  }
}

type LoadedRow = Omit<TellableEvent, 'id'> & {
  tenant: string;
  endpoint: string;
  attempts: number;
  url: string;
  format: string;
  generator_id: string | null;
  failed_at: Date | null;
  id: string | null;
};

function toClaimed(deliveryId: Identifier, row: LoadedRow): ClaimedDelivery {
  const {
    tenant,
    endpoint,
    attempts,
    url,
    format,
    generator_id: generator,
    failed_at: failed,
    ...event
  } = row;
  return {
    id: deliveryId,
    tenantId: parseUuid(tenant)!,
    endpointId: parseUuid(endpoint)!,
    attempts,
    url,
    format,
    ofGenerator: generator !== null,
    failing: failed !== null,
    event: event.id === null ? null : { ...event, id: event.id },
  };
}
