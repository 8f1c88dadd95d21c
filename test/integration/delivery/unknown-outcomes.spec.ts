import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Answer, type House, openHouse, until } from '../../support/house.js';
import { addSecondAccount, behave, newPlan, type SecondAccount } from '../../support/second-account.js';

/** §4.3: an answer that was lost is resolved by a receipt, or as the step says. Never guessed, never sent a third time. */
describe('a message whose outcome nobody knows', () => {
  let house: House;
  let second: SecondAccount;
  const firstSender = '200000000000001';

  beforeAll(async () => {
    house = await openHouse();
    second = await addSecondAccount(house);
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  const openLost = async (generator: string, receiver: string, mute: boolean): Promise<string> => {
    await behave(house, {
      webhooks: { mute },
      faults: [{ match: { phoneNumberId: firstSender }, kind: 'resetAfterAccept', times: 1 }],
    });
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver });
    expect(opened.status).toBe(201);
    return opened.json.id;
  };
  const read = (id: string): Promise<Answer> => house.call('GET', `/v1/challenges/${id}`);
  const states = (answer: Answer): string[] =>
    answer.json.messages.map((message: { status: string }) => message.status);

  it('FI-02: is resolved by its receipt, without a second send', async () => {
    const receiver = '+525512360001';
    const id = await openLost(await newPlan(house, second), receiver, false);
    await until(
      () => read(id),
      (found) => states(found)[0] === 'delivered',
    );
    house.moveClock(10_000);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await house.simulated(receiver)).toHaveLength(1);
    expect((await read(id)).json.messages[0]).toMatchObject({ attempts: 1, duplicatePossible: false });
  });

  it('FI-03: without a receipt is sent once more with the same code, and tagged', async () => {
    const receiver = '+525512360002';
    const id = await openLost(await newPlan(house, second), receiver, true);
    await until(
      () => read(id),
      (found) => states(found)[0] === 'unknown',
    );
    house.moveClock(6_000);
    await until(
      () => read(id),
      (found) => states(found)[0] === 'accepted',
    );
    const messages = await house.simulated(receiver);
    expect(messages.map((message) => message.correlation.endsWith('.d'))).toEqual([false, true]);
    expect(new Set(messages.map((message) => message.code)).size).toBe(1);
    expect((await read(id)).json.messages).toMatchObject([{ attempts: 2, duplicatePossible: true }]);
  });

  it('goes to the next step where the step says failover, and is not sent again itself', async () => {
    const receiver = '+525512360003';
    const id = await openLost(await newPlan(house, second, { onUnknown: 'failover' }), receiver, true);
    await until(
      () => read(id),
      (found) => states(found)[0] === 'unknown',
    );
    house.moveClock(6_000);
    await until(
      () => read(id),
      (found) => states(found).join() === 'unknown,accepted',
    );
    const messages = await house.simulated(receiver);
    expect(messages).toHaveLength(2);
    expect(new Set(messages.map((message) => message.code)).size).toBe(1);
  });

  it('waits for a receipt only where the step says hold, and believes one that comes late', async () => {
    const receiver = '+525512360004';
    const id = await openLost(await newPlan(house, second, { onUnknown: 'hold' }), receiver, true);
    await until(
      () => read(id),
      (found) => states(found)[0] === 'unknown',
    );
    house.moveClock(6_000);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    house.moveClock(60_000);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await house.simulated(receiver)).toHaveLength(1);
    const [message] = await house.simulated(receiver);
    const checked = await house.call('POST', `/v1/challenges/${id}/check`, { code: message!.code });
    expect(checked.json.status).toBe('approved');
  });
});
