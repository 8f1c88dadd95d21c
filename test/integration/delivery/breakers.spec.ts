import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Answer, type House, openHouse, until } from '../../support/house.js';
import { addSecondAccount, behave, newPlan, type SecondAccount } from '../../support/second-account.js';

const FAILING = 20;

/** §4.3 point 7, FI-24: an account that does not work is left alone, and tried again with a few messages. */
describe('the breaker of an account', () => {
  let house: House;
  let second: SecondAccount;
  let number = 2_370_000;
  const firstSender = '200000000000001';

  beforeAll(async () => {
    house = await openHouse();
    second = await addSecondAccount(house);
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  const open = (generator: string): Promise<Answer> =>
    house.call('POST', '/v1/challenges', { generator, receiver: `+52551${number++}` });
  const break_ = async (generator: string): Promise<void> => {
    await behave(house, { faults: [{ match: { phoneNumberId: firstSender }, kind: 'html', status: 502 }] });
    for (const opened of await Promise.all(Array.from({ length: FAILING }, () => open(generator))))
      expect(opened.status).toBe(201);
    await until(
      () => house.redis.hlen('{cfg}:breakers'),
      (open_) => open_ === 1,
    );
    // As long as any process may still believe what it read before.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  };
  const close = async (generator: string): Promise<void> => {
    await ask('POST', `${house.simulator.url}/_sim/behavior/reset`);
    house.moveClock(11_000);
    await until(
      async () => {
        await open(generator);
        return house.redis.hlen('{cfg}:breakers');
      },
      (open_) => open_ === 0,
      15_000,
    );
  };

  it('opens when half of twenty sends fail; new codes take the next step; after 10 s three good ones close it', async () => {
    const plan = await newPlan(house, second);
    await break_(plan);
    const opened = await open(plan);
    const answer = await until(
      () => house.call('GET', `/v1/challenges/${opened.json.id}`),
      (found) => found.json.messages[0].status === 'delivered',
    );
    expect(answer.json.messages).toHaveLength(1);
    const timeline = await until(
      () => house.call('GET', `/v1/challenges/${opened.json.id}/timeline`),
      (found) => found.json.items?.length > 2,
    );
    expect(timeline.json.items[1]).toMatchObject({ type: 'message.queued', account: second.id });
    await close(plan);
  });

  it('answers 503 with Retry-After when there is no other way', async () => {
    const single = await house.newGenerator();
    await break_(single);
    const refused = await open(single);
    expect(refused.status).toBe(503);
    expect(refused.json.code).toBe('channel.unavailable');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    await close(single);
  });

  it('opens at once when the provider refuses the account itself', async () => {
    const plan = await newPlan(house, second);
    await behave(house, {
      faults: [{ match: { phoneNumberId: firstSender }, kind: 'graphError', code: 190, times: 1 }],
    });
    const opened = await open(plan);
    await until(
      () => house.call('GET', `/v1/challenges/${opened.json.id}`),
      (found) => found.json.messages[1]?.status === 'delivered',
    );
    // Outcomes are told to Redis twice a second.
    await until(
      () => house.redis.hlen('{cfg}:breakers'),
      (open_) => open_ === 1,
    );
  });
});
