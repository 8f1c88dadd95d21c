import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Answer, type House, openHouse, until } from '../../support/house.js';
import { addSecondAccount, behave, newPlan, type SecondAccount } from '../../support/second-account.js';

/** A code still arrives when the first way does not: the next step carries the same code in the same challenge. */
describe('a channel plan of two accounts', () => {
  let house: House;
  let second: SecondAccount;
  let plan: string;
  const firstSender = '200000000000001';

  beforeAll(async () => {
    house = await openHouse();
    second = await addSecondAccount(house);
    plan = await newPlan(house, second);
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  const open = async (generator: string, receiver: string, more = {}): Promise<string> => {
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver, ...more });
    expect(opened.status).toBe(201);
    return opened.json.id;
  };
  const read = (id: string): Promise<Answer> => house.call('GET', `/v1/challenges/${id}`);
  const states = (answer: Answer): string[] =>
    answer.json.messages.map((message: { status: string }) => message.status);

  it('follows a certain refusal at once, with the same code, and says why in the timeline', async () => {
    await behave(house, {
      faults: [{ match: { phoneNumberId: firstSender }, kind: 'graphError', code: 131026, times: 1 }],
    });
    const receiver = '+525512350001';
    const id = await open(plan, receiver);
    const answer = await until(
      () => read(id),
      (found) => states(found)[1] === 'delivered',
    );
    expect(states(answer)).toEqual(['failed', 'delivered']);

    const [message, ...others] = await house.simulated(receiver);
    expect(others).toEqual([]);
    const timeline = await until(
      () => house.call('GET', `/v1/challenges/${id}/timeline`),
      (found) => found.json.items?.some((item: { type: string }) => item.type === 'message.delivered'),
    );
    const queued = timeline.json.items.filter((item: { type: string }) => item.type === 'message.queued');
    expect(queued[1]).toMatchObject({ message: 2, account: second.id, follows: 1, route: 'fallback:failed' });
    const checked = await house.call('POST', `/v1/challenges/${id}/check`, { code: message!.code });
    expect(checked.json).toMatchObject({ status: 'approved', sends: 2 });
  });

  it('follows a receipt that says failed: what the first account accepted went nowhere', async () => {
    await behave(house, {
      faults: [{ match: { phoneNumberId: firstSender }, kind: 'notOnWhatsApp', times: 1 }],
    });
    const receiver = '+525512350002';
    const id = await open(plan, receiver);
    await until(
      () => read(id),
      (found) => states(found).join() === 'failed,delivered',
    );
    const messages = await house.simulated(receiver);
    expect(messages).toHaveLength(2);
    expect(new Set(messages.map((message) => message.code)).size).toBe(1);
  });

  it('follows silence after the time of the step, once, and leaves alone what was delivered in time', async () => {
    const watched = await newPlan(house, second, { fallbackAfterSeconds: 30 });
    // Delivered, but no webhook ever says so.
    const silent = await open(watched, '+12025550162');
    await until(
      () => read(silent),
      (found) => states(found)[0] === 'accepted',
    );
    const heard = await open(watched, '+525512350004');
    await until(
      () => read(heard),
      (found) => states(found)[0] === 'delivered',
    );

    house.moveClock(20_000);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(states(await read(silent))).toEqual(['accepted']);
    house.moveClock(11_000);
    await until(
      () => read(silent),
      (found) => states(found).join() === 'accepted,accepted',
    );
    house.moveClock(60_000);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(states(await read(silent))).toHaveLength(2);
    expect(states(await read(heard))).toEqual(['delivered']);
  });

  it('is undeliverable when the last step was refused too, and not before', async () => {
    await behave(house, { faults: [{ match: {}, kind: 'graphError', code: 131026, times: 2 }] });
    const id = await open(plan, '+525512350005');
    const answer = await until(
      () => read(id),
      (found) => found.json.status !== 'pending',
    );
    expect(answer.json.status).toBe('undeliverable');
    expect(states(answer)).toEqual(['failed', 'failed']);
  });

  it('counts a fallback as a message: a challenge never has more than its generator allows', async () => {
    const key = await house.newKey('live');
    const narrow = await newPlan(house, second, {}, { resend: { maxMessages: 1 } });
    await behave(house, {
      faults: [{ match: { phoneNumberId: firstSender }, kind: 'graphError', code: 131026, times: 1 }],
    });
    const opened = await house.call(
      'POST',
      '/v1/challenges',
      { generator: narrow, receiver: '+525512350006' },
      { authorization: `Bearer ${key}` },
    );
    const answer = await until(
      () => read(opened.json.id),
      (found) => found.json.status !== 'pending',
    );
    expect(answer.json.status).toBe('undeliverable');
    expect(answer.json.messages).toHaveLength(1);
  });

  it('refuses a plan that names one sender twice', async () => {
    const single = await house.call('GET', `/v1/generators/${plan}`);
    const [step] = single.json.channels;
    const created = await house.call('POST', '/v1/generators', { name: 'twice', channels: [step, step] });
    expect(created.status).toBe(422);
    expect(created.json.errors).toMatchObject([{ pointer: '#/channels/1/sender', code: 'not_unique' }]);
  });
});
