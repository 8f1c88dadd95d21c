import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Answer, type House, openHouse, until } from '../../support/house.js';
import { post, statusesBody, statusItem } from '../../support/graph-webhooks.js';
import { addSecondAccount, behave, newPlan, type SecondAccount } from '../../support/second-account.js';

const TTL_SECONDS = 30;
const BUFFER_SECONDS = 5;

/** A provider drops what it could not deliver within the template's TTL, and says nothing: silence is all there is. */
describe('a message that is not delivered within its template’s TTL', () => {
  let house: House;
  let second: SecondAccount;
  let template: string;

  beforeAll(async () => {
    house = await openHouse({ env: { DROP_BUFFER_SECONDS: String(BUFFER_SECONDS) } });
    second = await addSecondAccount(house);
    template = await newTemplate();
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  const newTemplate = async (): Promise<string> => {
    const created = await house.call('POST', '/v1/templates', {
      account: house.demo.accountId,
      name: 'short_lived',
      category: 'AUTHENTICATION',
      languages: [{ language: 'en', ttlSeconds: TTL_SECONDS }],
    });
    expect(created.status).toBe(201);
    await until(
      () => house.call('GET', `/v1/templates/${created.json.id}`),
      (answer) => answer.json.languages[0].status === 'approved',
    );
    return created.json.id;
  };
  const openMuted = async (generator: string, receiver: string): Promise<string> => {
    await behave(house, { webhooks: { mute: true } });
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver });
    expect(opened.status).toBe(201);
    await until(
      () => read(opened.json.id),
      (found) => states(found)[0] === 'accepted',
    );
    return opened.json.id;
  };
  const read = (id: string): Promise<Answer> => house.call('GET', `/v1/challenges/${id}`);
  const states = (answer: Answer): string[] =>
    answer.json.messages.map((message: { status: string }) => message.status);
  const timelineWith = async (id: string, type: string, times = 1): Promise<Record<string, unknown>[]> => {
    const answer = await until(
      () => house.call('GET', `/v1/challenges/${id}/timeline`),
      (found) => found.json.items?.filter((item: { type: string }) => item.type === type).length === times,
    );
    return answer.json.items;
  };
  /** The webhook that the simulator did not send. */
  const tellLate = async (receiver: string, status: 'delivered' | 'failed'): Promise<void> => {
    const [message] = await house.simulated(receiver);
    const { wamid: about, correlation } = message!;
    const told = { id: about, status, correlation, ...(status === 'failed' && { errorCode: 131026 }) };
    expect((await post(house, statusesBody([statusItem(told)]))).status).toBe(200);
  };

  it('is dropped after TTL and buffer, and the next step carries the same code', async () => {
    const receiver = '+525512370001';
    const id = await openMuted(await newPlan(house, second, { template }), receiver);
    house.moveClock((TTL_SECONDS + BUFFER_SECONDS - 4) * 1_000);
    // Two sweeps that find nothing yet.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(states(await read(id))).toEqual(['accepted']);
    house.moveClock(3_000);
    const found = await until(
      () => read(id),
      (answer) => states(answer).join() === 'dropped,accepted',
    );
    expect(found.json.messages[0]).toMatchObject({ reason: 'inferred' });
    const sent = await house.simulated(receiver);
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ code }) => code)).size).toBe(1);
    const items = await timelineWith(id, 'message.queued', 2);
    expect(items.find(({ type }) => type === 'message.dropped')).toMatchObject({
      message: 1,
      reason: 'inferred',
    });
    expect(items.filter(({ type }) => type === 'message.queued')[1]).toMatchObject({
      message: 2,
      account: second.id,
      follows: 1,
      route: 'fallback:dropped',
    });
    // It arrived after all: the record is corrected, and nothing is opened by it.
    await tellLate(receiver, 'delivered');
    const corrected = await until(
      () => read(id),
      (answer) => states(answer)[0] === 'delivered',
    );
    expect(states(corrected)).toEqual(['delivered', 'accepted']);
    expect(corrected.json.messages[0].reason).toBeUndefined();
    await timelineWith(id, 'message.delivered');
    const reasons = await postgres(house, 'SELECT state, reason FROM messages ORDER BY number');
    expect(reasons).toEqual([
      { state: 'delivered', reason: null },
      { state: 'accepted', reason: null },
    ]);
    const checked = await house.call('POST', `/v1/challenges/${id}/check`, { code: sent[0]!.code });
    expect(checked.json.status).toBe('approved');
  });

  it('is moved on from earlier where its step says so, and only later called dropped, without another message', async () => {
    const receiver = '+525512370002';
    const plan = await newPlan(house, second, { template, fallbackAfterSeconds: 10 });
    const id = await openMuted(plan, receiver);
    house.moveClock(11_000);
    await until(
      () => read(id),
      (answer) => states(answer).join() === 'accepted,accepted',
    );
    house.moveClock((TTL_SECONDS + BUFFER_SECONDS) * 1_000);
    await until(
      () => read(id),
      (answer) => states(answer).join() === 'dropped,accepted',
    );
  });

  it('alone in its plan is dropped and followed by nothing; the challenge can still be answered', async () => {
    const receiver = '+525512370003';
    const single = await house.call('GET', `/v1/generators/${await house.newGenerator()}`);
    const created = await house.call('POST', '/v1/generators', {
      name: 'single',
      channels: [{ ...single.json.channels[0], template }],
    });
    const id = await openMuted(created.json.id, receiver);
    house.moveClock((TTL_SECONDS + BUFFER_SECONDS) * 1_000);
    const found = await until(
      () => read(id),
      (answer) => states(answer).join() === 'dropped',
    );
    expect(found.json.status).toBe('pending');
    // The provider says for certain what was only inferred.
    await tellLate(receiver, 'failed');
    const failed = await until(
      () => read(id),
      (answer) => answer.json.status !== 'pending',
    );
    expect(failed.json).toMatchObject({ status: 'undeliverable', messages: [{ status: 'failed' }] });
    expect(failed.json.messages[0].reason).not.toBe('inferred');
  });
});

async function postgres(house: House, query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: house.databaseUrl });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(query);
  await client.end();
  return rows;
}
