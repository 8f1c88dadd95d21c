import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { post, signature, statusesBody, statusItem, webhookUrl } from '../support/graph-webhooks.js';
import { ask, type House, openHouse, type SimulatedMessage, until } from '../support/house.js';
import { journalRows, type JournalRow } from '../support/journal.js';
import { Relay } from '../support/relay.js';

const SIMULATED = new SimulatorConfig();
/** In small: the thousand a second stand in full/webhook-flood.spec.ts. */
const FLOOD = 300;
const FLOOD_AT_ONCE = 50;

/** What providers say later, and how often, and in which order, and whether we are there to hear it. */
describe('receipts', () => {
  let house: House;
  let generator: string;
  let receivers = 0;

  beforeAll(async () => {
    house = await openHouse();
    generator = await house.newGenerator();
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  function behave(behavior: object): Promise<unknown> {
    return ask('PUT', `${house.simulator.url}/_sim/behavior`, behavior);
  }

  async function open(): Promise<{ id: string; receiver: string }> {
    const receiver = `+52551${3_500_000 + receivers++}`;
    const { status, json } = await house.call('POST', '/v1/challenges', { generator, receiver });
    expect(status).toBe(201);
    return { id: json.id, receiver };
  }

  /** A message that the provider has taken, and of which it says nothing by itself. */
  async function accepted(): Promise<{ id: string; message: SimulatedMessage }> {
    await behave({ webhooks: { mute: true } });
    const { id, receiver } = await open();
    await until(
      () => state(id),
      (found) => found === 'accepted',
    );
    return { id, message: (await house.simulated(receiver))[0]! };
  }

  async function state(id: string): Promise<string> {
    return (await house.call('GET', `/v1/challenges/${id}`)).json.messages[0].status;
  }

  function say(message: SimulatedMessage, status: string, errorCode?: number): object {
    return statusItem({ id: message.wamid, status, correlation: message.correlation, errorCode });
  }

  /** What the journal holds about the message of this challenge, once it holds `last`. */
  async function journalOf(id: string, last: string): Promise<JournalRow[]> {
    const rows = async (): Promise<JournalRow[]> =>
      (await journalRows(house.databaseUrl)).filter((row) =>
        row.event_id.startsWith(`${id.slice('chl_'.length)}-`),
      );
    await until(rows, (found) => found.some(({ type }) => type === last));
    // Anything that came after it is on its way with the next read.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return rows();
  }

  it('FI-32 one status told a hundred times at once is one transition', async () => {
    const { id, message } = await accepted();
    const body = statusesBody([say(message, 'delivered')]);
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(house, body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const rows = await journalOf(id, 'message.delivered');
    expect(rows.filter(({ type }) => type === 'message.delivered')).toHaveLength(1);
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, at) => at + 1));
  });

  it('FI-32 a provider that posts everything a hundred times over changes nothing', async () => {
    await behave({
      webhooks: { duplicate: 99, shuffle: true },
      statuses: { sentAfterMs: 5, deliveredAfterMs: 10 },
    });
    const { id } = await open();
    await until(
      () => state(id),
      (found) => found === 'delivered',
    );
    await until(
      async () => (await ask('GET', `${house.simulator.url}/_sim/health`)).json.webhooks,
      ({ waiting, active }) => waiting + active === 0,
    );
    const types = (await journalOf(id, 'message.delivered')).map(({ type }) => type);
    expect(types.length).toBe(new Set(types).size);
  });

  it.each([
    [['read', 'delivered', 'sent', 'failed'], 'read', ['message.read']],
    [['delivered', 'failed', 'sent'], 'delivered', ['message.delivered']],
    [['sent', 'failed', 'delivered'], 'failed', ['message.sent', 'message.failed']],
    [['delivered', 'sent', 'read'], 'read', ['message.delivered', 'message.read']],
  ])('FI-33 told as %j it is %s: forward only', async (order, final, told) => {
    for (const together of [true, false]) {
      const { id, message } = await accepted();
      const items = order.map((status) => say(message, status, status === 'failed' ? 131026 : undefined));
      if (together) expect((await post(house, statusesBody(items))).status).toBe(200);
      else for (const item of items) expect((await post(house, statusesBody([item]))).status).toBe(200);
      expect(await state(id)).toBe(final);
      const rows = await journalOf(id, told.at(-1)!);
      const receipts = rows
        .map(({ type }) => type)
        .filter((type) => /\.(sent|delivered|read|failed)$/.test(type));
      expect(receipts).toEqual(told);
      // What came too late to change anything is written down all the same.
      if (final !== 'failed' && order.includes('failed'))
        expect((await journalOf(id, 'message.late_failure')).map(({ type }) => type)).toContain(
          'message.late_failure',
        );
    }
  });

  it('FI-34 a receipt that overtakes the answer finds its message by our own id', async () => {
    await behave({ latencyMs: 1_500, statuses: { sentAfterMs: 10, deliveredAfterMs: 10 } });
    const { id, receiver } = await open();
    await until(
      () => state(id),
      (found) => found === 'delivered',
      1_400,
    );
    // The provider has not answered yet; its answer says less than is known, and changes nothing.
    const rows = await journalOf(id, 'message.delivered');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await state(id)).toBe('delivered');
    expect((await journalOf(id, 'message.delivered')).map(({ type }) => type)).toEqual(
      rows.map(({ type }) => type),
    );
    expect(rows.map(({ type }) => type)).not.toContain('message.accepted');
    expect(await house.simulated(receiver)).toHaveLength(1);
  });

  it('FI-35 a flood about messages that nobody knows is answered, costs PostgreSQL nothing, and stops nobody', async () => {
    const { message } = await accepted();
    await behave({ webhooks: { mute: false } });
    const stranger = message.correlation.replace(/^msg_.{8}/, 'msg_zzzzzzzz');
    const transactionsBefore = await transactions();
    const statuses: number[] = [];
    const slowest = { ms: 0 };
    let floodOver = false;
    const flood = async (): Promise<void> => {
      for (let sent = 0; sent < FLOOD; sent += FLOOD_AT_ONCE) {
        await Promise.all(
          Array.from({ length: FLOOD_AT_ONCE }, async (_, at) => {
            const correlation = [stranger, 'corr-7f3a', ''][at % 3]!;
            const body = statusesBody([
              statusItem({ id: `wamid.${sent + at}`, status: 'delivered', correlation }),
            ]);
            const from = performance.now();
            const proof = at % 10 === 9 ? 'sha256=00' : signature(body);
            statuses.push((await post(house, body, proof)).status);
            slowest.ms = Math.max(slowest.ms, performance.now() - from);
          }),
        );
      }
      floodOver = true;
    };
    const from = performance.now();
    const flooding = flood();
    let served = 0;
    while (!floodOver) {
      const { id } = await open();
      const { json } = await house.call('GET', `/v1/challenges/${id}/code`);
      const checked = await house.call('POST', `/v1/challenges/${id}/check`, { code: json.code });
      expect(checked.json.status).toBe('approved');
      served++;
    }
    await flooding;
    const seconds = (performance.now() - from) / 1_000;
    console.log(
      `FI-35: ${FLOOD} webhooks at ${Math.round(FLOOD / seconds)} a second, the slowest answered in ` +
        `${Math.round(slowest.ms)} ms; ${served} codes opened and approved meanwhile`,
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(FLOOD * 0.9);
    expect(statuses.filter((status) => status === 401)).toHaveLength(FLOOD * 0.1);
    expect(served).toBeGreaterThan(0);
    // What the challenges cost is written in batches; an item of the flood has no part in it.
    expect((await transactions()) - transactionsBefore).toBeLessThan(FLOOD / 10 + served * 5);
  });

  it('FI-36 a receiver that was down, and lost answers, ends where it would have without', async () => {
    const relay = await Relay.start(house.api.url);
    try {
      await subscribe(relay.url);
      await behave({
        webhooks: { retryBaseMs: 50, maxAttempts: 12, timeoutMs: 2_000 },
        statuses: { sentAfterMs: 10, deliveredAfterMs: 50 },
      });
      relay.mode = 'down';
      const challenges = await Promise.all(Array.from({ length: 8 }, open));
      await until(
        async () => relay.counts.down,
        (count) => count >= 16,
      );
      for (const { id } of challenges) expect(await state(id)).toBe('accepted');
      relay.mode = 'lose-answers';
      await until(
        async () => relay.counts.lost,
        (count) => count >= 8,
      );
      relay.mode = 'pass';
      for (const { id } of challenges)
        await until(
          () => state(id),
          (found) => found === 'delivered',
          20_000,
        );
      await until(
        async () => (await ask('GET', `${house.simulator.url}/_sim/health`)).json.webhooks,
        ({ waiting, active, retrying }) => waiting + active + retrying === 0,
        20_000,
      );
      console.log(`FI-36: ${JSON.stringify(relay.counts)}`);
      await journalOf(challenges[0]!.id, 'message.delivered');
      const rows = await journalRows(house.databaseUrl);
      for (const { id } of challenges) {
        const own = rows.filter((row) => row.event_id.startsWith(`${id.slice('chl_'.length)}-`));
        expect(own.length).toBe(new Set(own.map(({ type }) => type)).size);
      }
    } finally {
      await subscribe(house.api.url);
      await relay.stop();
    }
  });

  /** Has the simulator post its webhooks by way of another origin. */
  async function subscribe(origin: string): Promise<void> {
    const { json } = await house.call('GET', `/v1/accounts/${house.demo.accountId}`);
    const answer = await ask(
      'POST',
      `${house.simulator.url}/v25.0/${SIMULATED.wabaId}/subscribed_apps`,
      {
        override_callback_uri: origin + new URL(webhookUrl(house)).pathname,
        verify_token: json.webhook.verifyToken,
      },
      { authorization: `Bearer ${SIMULATED.accessToken}` },
    );
    expect(answer.json).toEqual({ success: true });
  }

  /** Transactions that this house's database has ended so far. */
  async function transactions(): Promise<number> {
    // PostgreSQL writes its counts down once a second at most.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const client = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] });
    await client.connect();
    try {
      const { rows } = await client.query<{ ended: string }>(
        'SELECT xact_commit + xact_rollback AS ended FROM pg_stat_database WHERE datname = $1',
        [new URL(house.databaseUrl).pathname.slice(1)],
      );
      return Number(rows[0]!.ended);
    } finally {
      await client.end();
    }
  }
});
