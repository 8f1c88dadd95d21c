import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { WaitingEvent } from '#journal';
import { Database } from '#platform/database';
import { type Identifier, parseUuid, renderUuid } from '#platform/identifiers';

/** An event as it was told, at its place in the order of all events. */
export interface TellableEvent {
  /** Text, because it outgrows what a number can hold. */
  position: string;
  id: string;
  tenant_id: string;
  type: string;
  subject: string;
  challenge_id: string | null;
  at: Date;
  data: Record<string, unknown>;
}

/** As much of it as its way to endpoints depends on. */
export type PlacedEvent = Pick<TellableEvent, 'position' | 'id' | 'tenant_id' | 'type' | 'challenge_id'>;

/** Places from one to another, both among them; nobody else was given one in between. */
export interface Places {
  first: string;
  last: string;
}

export interface EventPage {
  events: TellableEvent[];
  /** Where the next page begins, also when nothing matched in this one. */
  next: string;
  /** False when nothing was after this page. */
  more: boolean;
}

/** Named after nothing: any number that nobody else in this database locks. */
const ORDER_LOCK = 7_083_661_901;
/** Of the outbox, each of up to 500 events. */
const MOST_ROWS = 4;
/** Looked through for one page: a rare type must not make one call read a whole month. */
const MOST_LOOKED_AT = 5_000;

/** Events in the order in which they were told. */
@Injectable()
export class EventStore {
  constructor(private readonly database: Database) {}

  /** False when somebody else is telling events now. Held to the end of the transaction. */
  async tryLock(manager: EntityManager): Promise<boolean> {
    const [{ held }] = (await manager.query('SELECT pg_try_advisory_xact_lock($1) AS held', [
      ORDER_LOCK,
    ])) as [{ held: boolean }];
    return held;
  }

  /**
   * Takes events out of the outbox and gives each its place, without a look at them. Whoever calls holds the lock.
   * `places` is undefined when none was new.
   */
  async take(manager: EntityManager): Promise<{ taken: number; places: Places | undefined }> {
    const [{ taken, first, last }] = (await manager.query(
      `WITH taken AS (
         DELETE FROM event_outbox WHERE id IN (SELECT id FROM event_outbox ORDER BY id LIMIT ${MOST_ROWS}) RETURNING id, events
       ), placed AS (
         INSERT INTO events (id, tenant_id, type, subject, challenge_id, at, data)
         SELECT event->>'id', (event->>'tenant')::uuid, event->>'type', event->>'subject', (event->>'challenge')::uuid,
           (event->>'at')::timestamptz, event->'data'
         FROM taken, jsonb_array_elements(events) WITH ORDINALITY AS e (event, place)
         ORDER BY taken.id, place
         ON CONFLICT (id) DO NOTHING
         RETURNING position
       )
       SELECT (SELECT coalesce(sum(jsonb_array_length(events)), 0)::int FROM taken) AS taken,
         min(position)::text AS first, max(position)::text AS last FROM placed`,
    )) as [{ taken: number; first: string | null; last: string | null }];
    return { taken, places: first === null || last === null ? undefined : { first, last } };
  }

  /** In their order. */
  async placed({ first, last }: Places, manager: EntityManager): Promise<PlacedEvent[]> {
    return manager.query(
      'SELECT position, id, tenant_id, type, challenge_id FROM events WHERE position BETWEEN $1 AND $2 ORDER BY position',
      [first, last],
    );
  }

  /** The challenges that these are about. */
  async challengesOf({ first, last }: Places, manager: EntityManager): Promise<Identifier[]> {
    const rows: { id: string }[] = await manager.query(
      'SELECT DISTINCT challenge_id AS id FROM events WHERE position BETWEEN $1 AND $2 AND challenge_id IS NOT NULL',
      [first, last],
    );
    return rows.map(({ id }) => parseUuid(id)!);
  }

  /**
   * Gives each event its place and returns those that are new, in order. The lock is held until the commit, so that
   * places become visible in their order: whoever has read up to one has missed none before it.
   */
  async append(events: readonly WaitingEvent[], manager: EntityManager): Promise<TellableEvent[]> {
    if (events.length === 0) return [];
    await manager.query('SELECT pg_advisory_xact_lock($1)', [ORDER_LOCK]);
    const rows: TellableEvent[] = await manager.query(
      `INSERT INTO events (id, tenant_id, type, subject, challenge_id, at, data)
       SELECT id, tenant_id, type, subject, challenge_id, at, data
       FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[], $7::jsonb[])
         WITH ORDINALITY AS t (id, tenant_id, type, subject, challenge_id, at, data, place)
       ORDER BY place
       ON CONFLICT (id) DO NOTHING
       RETURNING *`,
      [
        events.map(({ id }) => id),
        events.map(({ tenant }) => tenant),
        events.map(({ type }) => type),
        events.map(({ subject }) => subject),
        events.map(({ challenge }) => challenge ?? null),
        events.map(({ at }) => at),
        events.map(({ data }) => JSON.stringify(data)),
      ],
    );
    return rows;
  }

  /** Those after `after`, oldest first. `types`: exact names and rooms; none for all. */
  async page(
    tenantId: Identifier,
    { after, types, limit }: { after: string; types?: readonly string[]; limit: number },
  ): Promise<EventPage> {
    const wanted = types === undefined || types.includes('*') ? null : types;
    const looked = wanted === null ? limit : MOST_LOOKED_AT;
    // One more than wanted tells whether there is more.
    const rows: (TellableEvent & { place: string })[] = await this.database.manager.query(
      `SELECT * FROM (
         SELECT *, row_number() OVER (ORDER BY position) AS place FROM events
         WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT $3 + 1
       ) looked
       WHERE place > $3 OR $4::text[] IS NULL OR type = ANY($4) OR split_part(type, '.', 1) || '.*' = ANY($4)
       ORDER BY position`,
      [renderUuid(tenantId), after, looked, wanted],
    );
    const found = rows.filter(({ place }) => Number(place) <= looked);
    const beyond = rows.find(({ place }) => Number(place) > looked);
    const events = found.slice(0, limit);
    const last = events.at(-1)?.position ?? after;
    if (found.length > limit) return { events, next: last, more: true };
    if (beyond === undefined) return { events, next: last, more: false };
    // All before it were looked at.
    return { events, next: String(BigInt(beyond.position) - 1n), more: true };
  }

  /** The place of the newest event of all; `0` when there is none. */
  async end(): Promise<string> {
    const [{ position }] = (await this.database.manager.query(
      'SELECT coalesce(max(position), 0)::text AS position FROM events',
    )) as [{ position: string }];
    return position;
  }

  async find(ids: readonly string[]): Promise<TellableEvent[]> {
    return this.database.manager.query('SELECT * FROM events WHERE id = ANY($1::text[])', [ids]);
  }
}
