import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Answer, type House, openHouse, until } from '../../support/house.js';
import { journalRows } from '../../support/journal.js';
import { addSecondAccount, behave, newPlan, type SecondAccount } from '../../support/second-account.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const EVIDENCE = 16;
/** One of twenty goes another way: of 160 eight. That none does, or thirty, happens once in thousands of runs. */
const OPENINGS = 160;
const MOST_EXPLORED = 30;

/** Of equal accounts the one whose codes are answered is taken. */
describe('routing by conversion', () => {
  let house: House;
  let second: SecondAccount;
  /** The demo's account first, the second one after; and each of them alone. */
  let plan: string;
  let onlyFirst: string;
  let onlySecond: string;
  let receivers = 0;

  beforeAll(async () => {
    house = await openHouse();
    second = await addSecondAccount(house);
    plan = await newPlan(house, second, {}, { routing: 'conversion' });
    const { channels } = (await house.call('GET', `/v1/generators/${plan}`)).json;
    const single = async (step: object): Promise<string> =>
      (await house.call('POST', '/v1/generators', { name: 'single', channels: [step] })).json.id;
    onlyFirst = await single(channels[0]);
    onlySecond = await single(channels[1]);
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  const mexican = (): string => `+5255123${String(60_000 + ++receivers)}`;
  const american = (): string => `+1202555${String(3_000 + ++receivers)}`;
  const open = async (generator: string, receiver: string, more: object = {}): Promise<string> => {
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver, ...more });
    expect(opened.status, opened.text).toBe(201);
    return opened.json.id;
  };
  const statesOf = async (id: string): Promise<string> =>
    (await house.call('GET', `/v1/challenges/${id}`)).json.messages
      .map(({ status }: { status: string }) => status)
      .join();
  const delivered = async (generator: string, receiver: string): Promise<string> => {
    const id = await open(generator, receiver);
    await until(
      () => statesOf(id),
      (states) => states === 'delivered',
    );
    return id;
  };
  const answered = async (generator: string, receiver: string): Promise<void> => {
    const id = await delivered(generator, receiver);
    const { code } = (await house.simulated(receiver)).at(-1)!;
    const checked = await house.call('POST', `/v1/challenges/${id}/check`, { code });
    expect(checked.json).toMatchObject({ valid: true });
  };
  const many = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, make));

  /** The ways of messages as the journal tells them: `<1 or 2>` for the account, then the route. */
  const waysOf = async (ids: readonly string[], messages = 1): Promise<string[][]> => {
    const timelines = await Promise.all(
      ids.map((id) =>
        until(
          () => house.call('GET', `/v1/challenges/${id}/timeline`),
          ({ json }) =>
            json.items?.filter(({ type }: { type: string }) => type === 'message.queued').length === messages,
        ),
      ),
    );
    return timelines.map(({ json }: Answer) =>
      json.items
        .filter(({ route }: { route?: string }) => route !== undefined)
        .map(
          ({ account, route }: { account: string; route: string }) =>
            `${account === second.id ? 2 : 1} ${route}`,
        ),
    );
  };
  const opening = async (count: number, receiver: () => string): Promise<Map<string, number>> => {
    const ids = await many(count, () => open(plan, receiver()));
    const counts = new Map<string, number>();
    for (const [way] of await waysOf(ids)) counts.set(way!, (counts.get(way!) ?? 0) + 1);
    return counts;
  };
  /** Processes look at the rates every two seconds. */
  const untilKnown = (way: string): Promise<unknown> =>
    until(
      async () => (await waysOf([await open(plan, mexican())]))[0]![0],
      (found) => found === way,
      30_000,
    );

  it('is as the plan says while nothing is known', async () => {
    const ways = await opening(20, mexican);
    expect([...ways.keys()].every((way) => way === '1 plan' || way === '2 explore')).toBe(true);
    expect(ways.get('1 plan')).toBeGreaterThan(10);
  });

  it('takes the account whose codes are answered, and tries the other one now and then', async () => {
    await many(EVIDENCE, () => delivered(onlyFirst, mexican()));
    await many(EVIDENCE, () => answered(onlySecond, mexican()));
    house.moveClock(11 * MINUTE_MS);
    await until(
      async () =>
        (await journalRows(house.databaseUrl)).filter(({ type }) => type === 'challenge.expired').length,
      (expired) => expired >= EVIDENCE,
      30_000,
    );
    await untilKnown('2 conversion:1');

    const ways = await opening(OPENINGS, mexican);
    expect([...ways.keys()].sort()).toEqual(['1 explore', '2 conversion:1']);
    expect(ways.get('1 explore')).toBeLessThan(MOST_EXPLORED);
  }, 90_000);

  it('knows each country by itself', async () => {
    const ways = await opening(20, american);
    expect(ways.get('1 plan')).toBeGreaterThan(10);
  });

  it('lets the equal account follow that was not tried, wherever it stands, and none twice', async () => {
    const to = mexican();
    await behave(house, { faults: [{ match: { to }, kind: 'graphError', code: 131026, times: 2 }] });
    const id = await open(plan, to);
    await until(
      () => statesOf(id),
      (states) => states === 'failed,failed',
    );
    const [ways] = await waysOf([id], 2);
    expect(ways!.map((way) => way[0]).sort()).toEqual(['1', '2']);
    expect(ways![1]).toMatch(/^[12] fallback:failed$/);
    const { json } = await house.call('GET', `/v1/challenges/${id}`);
    expect(json.status).toBe('undeliverable');
  });

  it('goes on with the channel after the equal accounts when both were tried', async () => {
    const { channels } = (await house.call('GET', `/v1/generators/${plan}`)).json;
    const email = { channel: 'email', sender: house.demo.email!.senderAddress };
    const rules = { name: 'and mail', routing: 'conversion', channels: [...channels, email] };
    const created = await house.call('POST', '/v1/generators', rules);
    expect(created.json, created.text).toMatchObject({ routing: 'conversion' });
    const to = mexican();
    await behave(house, { faults: [{ match: { to }, kind: 'graphError', code: 131026, times: 2 }] });
    const id = await open(created.json.id, to, { fallbackReceiver: 'someone@example.com' });
    await until(
      () => statesOf(id),
      (states) => states === 'failed,failed,accepted',
    );
    const { json } = await house.call('GET', `/v1/challenges/${id}`);
    expect(json.messages.map(({ channel }: { channel: string }) => channel)).toEqual([
      'whatsapp',
      'whatsapp',
      'email',
    ]);
  });

  it('forgets: after days the plan’s own order holds again', async () => {
    house.moveClock(72 * HOUR_MS);
    const ways = await opening(20, mexican);
    expect(ways.get('1 conversion:1')).toBeGreaterThan(10);
  });

  it('keeps no rate for ever, and none under a receiver', async () => {
    const keys = await house.redis.keys('{conv:*');
    expect(keys.length).toBeGreaterThanOrEqual(2);
    for (const key of keys) {
      expect(await house.redis.pttl(key)).toBeGreaterThan(0);
      for (const field of await house.redis.hkeys(key)) expect(field).toMatch(/^(w:[A-Z]{2}|e:-)$/);
    }
  });
});
