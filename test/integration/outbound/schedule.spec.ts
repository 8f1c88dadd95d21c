// Protects the promise of what happens when a tenant's server is not well: it is tried again when it was said, is given
// up when it was said, and is in nobody else's way.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantEvents } from '#journal';
import { newId, renderNative } from '#platform/identifiers';
import { PruneEvents } from '../../../libs/webhooks/jobs/prune-events.chore.js';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { type Endpoint, Inbox, newEndpoint, typesOf } from '../../support/inbox.js';

const HOUR_MS = 3_600_000;
/** As the documentation promises them, before each attempt. */
const PROMISED_MS = [0, 5_000, 300_000, 1_800_000, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS)];

let house: House;
let database: pg.Client;

beforeAll(async () => {
  house = await openHouse();
  database = new pg.Client({ connectionString: house.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await house.close();
});

const press = async ({ path }: Endpoint): Promise<string> =>
  (await house.call('POST', `${path}/test`)).json.id;
const look = async (delivery: string): Promise<Answer['json']> =>
  (await house.call('GET', `/v1/webhook-deliveries/${delivery}`)).json;
/** A delivery once so many attempts are over. */
const after = (attempts: number, delivery: string, timeoutMs?: number): Promise<Answer['json']> =>
  until(
    () => look(delivery),
    (json) => json.attempts >= attempts && json.log.length >= attempts,
    timeoutMs,
  );

async function firstAttempt(name: string, behavior: Parameters<Inbox['behave']>[0]): Promise<Answer['json']> {
  const inbox = new Inbox(house, name);
  await inbox.behave(behavior);
  const endpoint = await newEndpoint(house, inbox.url, ['webhook.test']);
  const delivery = await after(1, await press(endpoint), 25_000);
  await house.call('PATCH', endpoint.path, { enabled: false });
  return delivery;
}

describe('FI-37 an endpoint that', () => {
  it.each([
    ['answers 500', { status: 500 }, { status: 500 }],
    ['answers 404', { status: 404 }, { status: 404 }],
    ['redirects', { status: 301 }, { status: 301 }],
    ['cuts the connection', { fault: 'reset' as const }, { reason: 'econnreset' }],
  ])('%s has failed, and is tried again', async (what, behavior, expected) => {
    const name = what.replaceAll(' ', '-');
    const delivery = await firstAttempt(name, behavior);
    expect(delivery).toMatchObject({ state: 'pending', attempts: 1, log: [expected] });
    expect(await new Inbox(house, `${name}-elsewhere`).count()).toBe(0);
  });

  it('hangs, or drips its answer, has failed at the deadline', async () => {
    const faults = ['hang', 'drip'] as const;
    const found = await Promise.all(faults.map((fault) => firstAttempt(fault, { fault })));
    for (const delivery of found)
      expect(delivery).toMatchObject({ state: 'pending', log: [{ reason: 'timeout' }] });
  });

  it('answers 410 is disabled at once, and that is told to the others', async () => {
    const [gone, other] = [new Inbox(house, 'gone'), new Inbox(house, 'other')];
    await gone.behave({ status: 410 });
    const endpoint = await newEndpoint(house, gone.url, ['*']);
    const beside = await newEndpoint(house, other.url, ['webhook.endpoint_disabled']);
    const delivery = await after(1, await press(endpoint));
    expect(delivery).toMatchObject({ state: 'failed', log: [{ status: 410 }] });
    expect((await house.call('GET', endpoint.path)).json).toMatchObject({
      enabled: false,
      disabledBecause: 'gone',
    });
    const [post] = await other.until((all) => all.length > 0);
    expect(JSON.parse(post!.body)).toMatchObject({ subject: endpoint.id, data: { reason: 'gone' } });
    const refused = await house.call('POST', `${endpoint.path}/test`);
    expect([refused.status, refused.json.code]).toEqual([409, 'webhook.endpoint_disabled']);
    await house.call('DELETE', beside.path);
  });

  it.each([
    ['3600', HOUR_MS, HOUR_MS],
    ['999999999', 24 * HOUR_MS, 24 * HOUR_MS],
    ['1', 5_000, 5_500],
    ['soon', 5_000, 5_500],
  ])('asks to be left alone for %s is, within bounds', async (retryAfter, least, most) => {
    const delivery = await firstAttempt(`later-${retryAfter}`, { status: 503, retryAfter });
    const waits = Date.parse(delivery.nextAttemptAt) - Date.parse(delivery.log[0].at);
    expect(waits).toBeGreaterThanOrEqual(least);
    // The answer came a moment after the attempt began.
    expect(waits).toBeLessThanOrEqual(most + delivery.log[0].milliseconds + 1_000);
  });

  it('leads into the house when it is posted to, whatever it was when it was saved, is not called (ATK-13)', async () => {
    const inbox = new Inbox(house, 'rebound');
    const endpoint = await newEndpoint(house, inbox.url, ['webhook.test']);
    await database.query('UPDATE webhook_endpoints SET url = $1 WHERE url = $2', [
      'https://127.0.0.1:8443/hook',
      inbox.url,
    ]);
    expect((await after(1, await press(endpoint))).log).toMatchObject([{ reason: 'address_not_allowed' }]);
    await house.call('DELETE', endpoint.path);
  });

  it('fails for five days is tried as promised, then disabled, and goes on when it is enabled', async () => {
    const [inbox, other] = [new Inbox(house, 'failing'), new Inbox(house, 'told')];
    await inbox.behave({ status: 500 });
    const endpoint = await newEndpoint(house, inbox.url, ['webhook.test']);
    const beside = await newEndpoint(house, other.url, ['webhook.*']);
    const first = await press(endpoint);
    let waited = 0;
    for (let attempt = 1; attempt < PROMISED_MS.length; attempt++) {
      const { nextAttemptAt, log } = await after(attempt, first);
      const waits = Date.parse(nextAttemptAt) - Date.parse(log.at(-1).at);
      expect(waits).toBeGreaterThanOrEqual(PROMISED_MS[attempt]!);
      expect(waits).toBeLessThanOrEqual(PROMISED_MS[attempt]! * 1.1 + log.at(-1).milliseconds + 1_000);
      house.moveClock(waits);
      waited += waits;
    }
    expect(await after(10, first)).toMatchObject({ state: 'failed', attempts: 10 });
    expect(waited).toBeGreaterThanOrEqual(75.5 * HOUR_MS);
    expect((await house.call('GET', endpoint.path)).json.enabled).toBe(true);

    // One at a time, three hours apart: within five days since the first failure it is still asked.
    const second = await press(endpoint);
    for (let attempt = 1; (await house.call('GET', endpoint.path)).json.enabled; attempt++) {
      const { nextAttemptAt, log } = await after(attempt, second);
      const waits = Date.parse(nextAttemptAt) - Date.parse(log.at(-1).at);
      house.moveClock(waits);
      waited += waits;
      await after(attempt + 1, second);
    }
    expect(waited).toBeGreaterThanOrEqual(5 * 24 * HOUR_MS);
    expect(waited).toBeLessThan(6.5 * 24 * HOUR_MS);
    expect((await house.call('GET', endpoint.path)).json).toMatchObject({
      enabled: false,
      disabledBecause: 'failing',
    });
    expect(typesOf(await other.until((all) => all.length > 0))).toEqual(['webhook.endpoint_disabled']);
    expect(await look(second)).toMatchObject({ state: 'pending' });

    await inbox.behave({ status: 200 });
    house.moveClock(30 * HOUR_MS);
    await house.call('PATCH', endpoint.path, { enabled: true });
    await until(
      () => look(second),
      ({ state }) => state === 'delivered',
    );
    expect((await house.call('GET', endpoint.path)).json).not.toHaveProperty('failingSince');
    for (const { path } of [endpoint, beside]) await house.call('DELETE', path);
  }, 60_000);
});

describe('a delivery', () => {
  it('whose worker died is made by another one, once its lease is over', async () => {
    const inbox = new Inbox(house, 'orphan');
    await inbox.behave({ status: 500 });
    const endpoint = await newEndpoint(house, inbox.url, ['webhook.test']);
    const delivery = await press(endpoint);
    const { nextAttemptAt } = await after(1, delivery);
    // As a worker leaves it that has claimed the second attempt and was killed.
    await database.query(
      `UPDATE webhook_deliveries SET leased_until = $1::timestamptz + interval '30 s', next_at = $1::timestamptz + interval '30 s'
       WHERE next_at = $1 AND state = 'pending'`,
      [nextAttemptAt],
    );
    await inbox.behave({ status: 200 });
    house.moveClock(20_000);
    expect(await look(delivery)).toMatchObject({ state: 'pending', attempts: 1 });
    house.moveClock(20_000);
    await until(
      () => look(delivery),
      ({ state }) => state === 'delivered',
    );
    expect(await inbox.count()).toBe(2);
    await house.call('DELETE', endpoint.path);
  });

  it('is kept for seven days with its log, and what it told of for thirty (SEC-17)', async () => {
    const endpoint = await newEndpoint(house, new Inbox(house, 'kept').url, ['webhook.test']);
    const delivery = await press(endpoint);
    await until(
      () => look(delivery),
      ({ state }) => state === 'delivered',
    );
    const { event } = await look(delivery);
    const prune = house.worker!.app.get(PruneEvents, { strict: false });
    const events = async (): Promise<number> =>
      (await database.query('SELECT 1 FROM events WHERE id = $1', [event])).rows.length;
    await prune.run();
    expect((await look(delivery)).state).toBe('delivered');
    house.moveClock(7 * 24 * HOUR_MS);
    await prune.run();
    expect((await look(delivery)).code).toBe('webhook.delivery_not_found');
    expect(await events()).toBe(1);
    house.moveClock(23 * 24 * HOUR_MS);
    await prune.run();
    expect(await events()).toBe(0);
    await house.call('DELETE', endpoint.path);
  });
});

describe('FI-37 of two hundred endpoints', () => {
  it('those that hang or are slow hold one place each, and the others get everything', async () => {
    const events = 3;
    const { key, tenantId } = await house.newTenantKey('two hundred');
    const authorization = { authorization: `Bearer ${key}` };
    const inboxes = Array.from({ length: 200 }, (_, at) => new Inbox(house, `crowd-${at}`));
    const behaviors = [{ fault: 'hang' as const }, { latencyMs: 2_000 }];
    await Promise.all(inboxes.slice(0, 40).map((inbox, at) => inbox.behave(behaviors[at % 2]!)));
    for (let from = 0; from < inboxes.length; from += 20)
      await Promise.all(
        inboxes
          .slice(from, from + 20)
          .map(({ url }) => newEndpoint(house, url, ['account.*'], authorization)),
      );
    for (let event = 0; event < events; event++) await tell(tenantId);

    await until(
      () => delivered(inboxes.slice(40)),
      (count) => count === 160 * events,
      60_000,
    );
    for (const inbox of inboxes.slice(40)) expect(await inbox.count()).toBe(events);
    const hanging = inboxes.slice(0, 40).filter((_inbox, at) => at % 2 === 0);
    const { rows } = await database.query<{ held: number }>(
      `SELECT count(d.leased_until)::int AS held FROM webhook_endpoints e JOIN webhook_deliveries d ON d.endpoint_id = e.id
       WHERE e.url = ANY($1) GROUP BY e.id`,
      [hanging.map(({ url }) => url)],
    );
    expect(rows).toHaveLength(20);
    expect(rows.filter(({ held }) => held > 1)).toEqual([]);
  }, 120_000);
});

/** Something that happens without a message. */
async function tell(tenantId: string): Promise<void> {
  const subject = renderNative('account', newId());
  await house.api.app
    .get(TenantEvents, { strict: false })
    .record(tenantId, { type: 'account.reinstated', subject, data: { account: subject } });
}

/** How many deliveries to these have succeeded. */
async function delivered(inboxes: readonly Inbox[]): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
     WHERE d.state = 'delivered' AND e.url = ANY($1)`,
    [inboxes.map(({ url }) => url)],
  );
  return rows[0]!.count;
}
