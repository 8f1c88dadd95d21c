import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Callback, ChallengeEvents } from '#challenges';
import { isEventType, type WaitingEvent } from '#journal';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { type Identifier, newId, parseUuid, renderUuid } from '#platform/identifiers';
import { CallbackFormats } from './callback-formats.js';
import { CLOUDEVENTS } from './endpoints.service.js';
import { matches } from './event-patterns.js';
import { EventStore, type PlacedEvent, type Places } from './event-store.js';

/** What a generator's own endpoint hears of, in our words. */
const OF_CALLBACKS = ['challenge.*', 'message.*'];

interface Recipient {
  endpoint: string;
  tenant: string;
  events: string[];
}

interface Route {
  endpoint: string;
  event: PlacedEvent;
}

/**
 * Takes events out of the outbox, gives them their place, and makes one delivery for each endpoint that wants them: all
 * of it or nothing, by one worker at a time.
 */
@Injectable()
export class EventSequencer {
  constructor(
    private readonly database: Database,
    private readonly store: EventStore,
    private readonly challenges: ChallengeEvents,
    private readonly formats: CallbackFormats,
    private readonly clock: Clock,
  ) {}

  /** One round. Returns how many events it took; 0 also when another worker is at it. */
  run(): Promise<number> {
    return this.database.transaction(async (manager) => {
      if (!(await this.store.tryLock(manager))) return 0;
      const { taken, places } = await this.store.take(manager);
      if (places) await this.deliver(places, manager);
      return taken;
    });
  }

  /** Puts an event before one endpoint only, beside what waits. Returns the delivery. */
  async tellOnly(endpointId: Identifier, event: WaitingEvent, manager: EntityManager): Promise<Identifier> {
    const [told] = await this.store.append([event], manager);
    const [id] = await this.insert([{ endpoint: renderUuid(endpointId), event: told! }], manager);
    return id!;
  }

  /** Most events are nobody's but the feed's: they are not even read. */
  private async deliver(places: Places, manager: EntityManager): Promise<void> {
    const recipients = await recipientsOf(places, manager);
    const challenges = await this.store.challengesOf(places, manager);
    const callbacks = await this.challenges.callbacksOf(challenges, manager);
    if (recipients.length === 0 && callbacks.size === 0) return;
    const events = await this.store.placed(places, manager);
    const known = events.filter(({ type }) => isEventType(type));
    const routes = known.flatMap((event) =>
      recipients
        .filter(({ tenant, events: patterns }) => tenant === event.tenant_id && matches(patterns, event.type))
        .map(({ endpoint }): Route => ({ endpoint, event })),
    );
    await this.insert([...routes, ...(await this.routeCallbacks(known, callbacks, manager))], manager);
  }

  private async routeCallbacks(
    events: readonly PlacedEvent[],
    callbacks: ReadonlyMap<Identifier, Callback>,
    manager: EntityManager,
  ): Promise<Route[]> {
    if (callbacks.size === 0) return [];
    const endpoints = new Map<string, Promise<string | undefined>>();
    const routes: Route[] = [];
    for (const event of events) {
      const callback =
        event.challenge_id === null ? undefined : callbacks.get(parseUuid(event.challenge_id)!);
      if (!callback || !matches(this.wordsOf(callback), event.type)) continue;
      const key = JSON.stringify([callback.generatorId, callback.url, callback.format]);
      if (!endpoints.has(key)) endpoints.set(key, this.endpointOf(callback, event.tenant_id, manager));
      const endpoint = await endpoints.get(key);
      if (endpoint !== undefined) routes.push({ endpoint, event });
    }
    return routes;
  }

  private wordsOf({ format }: Callback): readonly string[] {
    return (format === undefined ? undefined : this.formats.get(format)?.events) ?? OF_CALLBACKS;
  }

  /** The one behind a generator's address, made when it is first needed; undefined while it is disabled. */
  private async endpointOf(
    callback: Callback,
    tenant: string,
    manager: EntityManager,
  ): Promise<string | undefined> {
    const { generatorId, url, format = CLOUDEVENTS } = callback;
    const of = [renderUuid(generatorId), url, format];
    await manager.query(
      `INSERT INTO webhook_endpoints (id, tenant_id, generator_id, url, format, events, created_at)
       VALUES ($4, $5, $1, $2, $3, $6, $7) ON CONFLICT (generator_id, url, format) DO NOTHING`,
      [...of, renderUuid(newId()), tenant, this.wordsOf(callback), this.clock.date()],
    );
    const rows: { id: string }[] = await manager.query(
      'SELECT id FROM webhook_endpoints WHERE generator_id = $1 AND url = $2 AND format = $3 AND disabled_at IS NULL',
      of,
    );
    return rows[0]?.id;
  }

  private async insert(routes: readonly Route[], manager: EntityManager): Promise<Identifier[]> {
    if (routes.length === 0) return [];
    const rows: { id: string }[] = await manager.query(
      `INSERT INTO webhook_deliveries (id, tenant_id, endpoint_id, event_id, event_type, position, state, next_at, created_at)
       SELECT id, tenant_id, endpoint_id, event_id, event_type, position, 'pending', $7, $7
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[])
         AS t (id, tenant_id, endpoint_id, event_id, event_type, position)
       ON CONFLICT (endpoint_id, event_id) DO NOTHING
       RETURNING id`,
      [
        routes.map(() => renderUuid(newId())),
        routes.map(({ event }) => event.tenant_id),
        routes.map(({ endpoint }) => endpoint),
        routes.map(({ event }) => event.id),
        routes.map(({ event }) => event.type),
        routes.map(({ event }) => event.position),
        this.clock.date(),
      ],
    );
    return rows.map(({ id }) => parseUuid(id)!);
  }
}

async function recipientsOf({ first, last }: Places, manager: EntityManager): Promise<Recipient[]> {
  return manager.query(
    `SELECT id AS endpoint, tenant_id AS tenant, events FROM webhook_endpoints
     WHERE tenant_id IN (SELECT DISTINCT tenant_id FROM events WHERE position BETWEEN $1 AND $2)
       AND generator_id IS NULL AND disabled_at IS NULL
     FOR KEY SHARE`,
    [first, last],
  );
}
