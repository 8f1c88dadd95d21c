import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Clock } from '#platform/clock';
import { parseNative } from '#platform/identifiers';
import { ask, type Answer, type House, openHouse, until } from '../../support/house.js';
import { addSecondAccount, behave, newPlan, type SecondAccount } from '../../support/second-account.js';

const FAILING = 20;
const MOST_ATTEMPTS = 4;

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
  /** As long as any process may still believe what it read before. */
  const everybodyKnows = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_000));
  const lastReceiver = (): string => `+52551${number - 1}`;
  const isPostponed = (item: { reason?: string }): boolean => item.reason === 'breaker_open';
  /** A challenge whose only try so far was put off for three seconds. */
  const openThrottled = async (generator: string): Promise<string> => {
    const fault = { kind: 'graphError', code: 130429, status: 429, retryAfter: 3, times: 1 };
    await behave(house, { faults: [{ match: { to: `+52551${number}` }, ...fault }] });
    const { json } = await open(generator);
    await until(
      () => house.call('GET', `/v1/challenges/${json.id}`),
      (found) => found.json.messages[0].attempts === 1 && found.json.messages[0].status === 'queued',
    );
    return json.id;
  };
  /** The first account's breaker, open until it is released. */
  const holdOpen = (): (() => Promise<void>) => {
    const account = parseNative('account', house.demo.accountId)!;
    const hold = async (): Promise<void> => {
      const until_ = house.api.app.get(Clock, { strict: false }).now() + 400;
      await house.redis
        .multi()
        .hset(`{cfg}:breaker:${account}`, 'o', until_)
        .hset('{cfg}:breakers', account, until_)
        .exec();
    };
    void hold();
    const timer = setInterval(() => void hold(), 100);
    return async () => {
      clearInterval(timer);
      await house.redis.multi().del(`{cfg}:breaker:${account}`).hdel('{cfg}:breakers', account).exec();
      await everybodyKnows();
    };
  };
  const break_ = async (generator: string): Promise<void> => {
    await behave(house, { faults: [{ match: { phoneNumberId: firstSender }, kind: 'html', status: 502 }] });
    for (const opened of await Promise.all(Array.from({ length: FAILING }, () => open(generator))))
      expect(opened.status).toBe(201);
    await until(
      () => house.redis.hlen('{cfg}:breakers'),
      (open_) => open_ === 1,
    );
    await everybodyKnows();
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

  it('a message that meets it on the way passes to the next step at once', async () => {
    const id = await openThrottled(await newPlan(house, second));
    const release = holdOpen();
    const { json } = await until(
      () => house.call('GET', `/v1/challenges/${id}`),
      (found) => found.json.messages[1]?.status === 'delivered',
    );
    await release();
    expect(json.messages[0]).toMatchObject({ status: 'failed', reason: 'breaker_open', attempts: 2 });
  });

  it('a message without a next step waits as long as its code lives, and waiting is no attempt', async () => {
    const id = await openThrottled(await house.newGenerator());
    const release = holdOpen();
    await until(
      () => house.call('GET', `/v1/challenges/${id}/timeline`),
      ({ json }) => json.items?.filter(isPostponed).length > MOST_ATTEMPTS,
      15_000,
    );
    expect((await house.call('GET', `/v1/challenges/${id}`)).json).toMatchObject({
      status: 'pending',
      messages: [{ status: expect.stringMatching(/queued|sending/) }],
    });
    await release();
    const { json } = await until(
      () => house.call('GET', `/v1/challenges/${id}`),
      (found) => found.json.messages[0].status === 'delivered',
    );
    expect(json.messages).toMatchObject([{ attempts: 2, duplicatePossible: false }]);
    const [sent] = await house.simulated(lastReceiver());
    expect(sent!.correlation).toMatch(/\.2$/);
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
    // By receiver: what the tests before left waiting is sent meanwhile.
    const to = `+52551${number}`;
    await behave(house, { faults: [{ match: { to }, kind: 'graphError', code: 190, times: 1 }] });
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
