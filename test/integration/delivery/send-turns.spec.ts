import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SendTurns, type Turn } from '#providers';
import { parseNative } from '#platform/identifiers';
import { type House, openHouse, until } from '../../support/house.js';
import { behave } from '../../support/second-account.js';

const PER_SECOND = 5;
const PAIR_AT_ONCE = 44;

/** A limit of the provider's is kept, not hit: no message of ours is refused for having come too soon. */
describe('the turns of a sender', () => {
  let house: House;
  let turns: SendTurns;

  beforeAll(async () => {
    house = await openHouse();
    turns = house.worker!.app.get(SendTurns, { strict: false });
  });
  afterAll(() => house.close());

  it('keep the rate that the provider told, and every message goes out at its first try', async () => {
    const generator = await house.newGenerator();
    const account = parseNative('account', house.demo.accountId)!;
    const { json } = await house.call('GET', `/v1/accounts/${house.demo.accountId}`);
    const sender = parseNative('sender', json.senders[0].id)!;
    await turns.setRate(account, sender, PER_SECOND);
    await behave(house, { rates: { perSenderPerSecond: PER_SECOND, pair: true } });
    const receivers = Array.from({ length: 3 * PER_SECOND }, (_, at) => `+5255123900${10 + at}`);
    const ids = await Promise.all(
      receivers.map(async (receiver) => {
        const opened = await house.call('POST', '/v1/challenges', { generator, receiver });
        expect(opened.status, opened.text).toBe(201);
        return opened.json.id as string;
      }),
    );
    for (const id of ids) {
      const found = await until(
        () => house.call('GET', `/v1/challenges/${id}`),
        (answer) => ['delivered', 'read', 'failed'].includes(answer.json.messages[0].status),
        30_000,
      );
      expect(found.json.messages[0]).toMatchObject({ status: 'delivered', attempts: 1 });
    }
  });

  it('let a receiver have so many at once and then one in six seconds, each receiver for itself', async () => {
    const [account, sender] = ['a'.repeat(26), 'b'.repeat(26)];
    await turns.setRate(account, sender, 1_000_000);
    const take = async (pair: string): Promise<boolean> =>
      (await turns.take(account, { senderId: sender, pair, limited: true })).taken;
    for (let count = 0; count < PAIR_AT_ONCE; count++) expect(await take('one')).toBe(true);
    expect(await take('one')).toBe(false);
    expect(await take('two')).toBe(true);
    house.moveClock(6_000);
    expect(await take('one')).toBe(true);
    expect(await take('one')).toBe(false);
  });

  it('are waited for when they are near, one after the other, and not limited where nobody limits', async () => {
    const [account, senderId] = ['c'.repeat(26), 'd'.repeat(26)];
    const take = (limited: boolean): Promise<Turn> =>
      turns.take(account, { senderId, pair: undefined, limited });
    const taken = await Promise.all(Array.from({ length: 30 }, () => take(true)));
    const waits = taken.map(({ waitMs }) => waitMs);
    expect(taken.every((turn) => turn.taken)).toBe(true);
    expect(waits).toEqual(waits.toSorted((left, right) => left - right));
    expect(waits[0]).toBe(0);
    expect(waits.at(-1)).toBeGreaterThan(100);
    expect(await take(false)).toEqual({ waitMs: 0, taken: true });
  });
});
