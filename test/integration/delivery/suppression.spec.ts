import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Answer, type House, openHouse, until } from '../../support/house.js';
import { behave } from '../../support/second-account.js';

const NOT_ON_WHATSAPP = 131026;
const HOUR_MS = 3_600_000;

/** A receiver that is not on a channel is not sent to there again for hours, as long as there is another way. */
describe('a receiver that a provider could not reach on a channel', () => {
  let house: House;
  let key: string;
  let both: string;
  let single: string;

  beforeAll(async () => {
    house = await openHouse();
    // Receivers of test keys are the simulator's: they are remembered nowhere.
    key = await house.newKey('live');
    single = await house.newGenerator();
    const saved = await house.call('GET', `/v1/generators/${single}`);
    const email = { channel: 'email', sender: house.demo.email!.senderAddress };
    const created = await house.call('POST', '/v1/generators', {
      name: 'both',
      channels: [...saved.json.channels, email],
    });
    expect(created.status, created.text).toBe(201);
    both = created.json.id;
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  const open = async (generator: string, receiver: string): Promise<string> => {
    const fallbackReceiver = generator === both ? `someone${receiver.slice(1)}@example.com` : undefined;
    const body = { generator, receiver, fallbackReceiver };
    const opened = await house.call('POST', '/v1/challenges', body, { authorization: `Bearer ${key}` });
    expect(opened.status, opened.text).toBe(201);
    return opened.json.id;
  };
  const cancel = (id: string): Promise<Answer> => house.call('POST', `/v1/challenges/${id}/cancel`);
  const reached = async (id: string, wanted: string): Promise<Record<string, unknown>[]> => {
    const found = await until(
      () => house.call('GET', `/v1/challenges/${id}`),
      (answer) => answer.json.messages.map((message: { status: string }) => message.status).join() === wanted,
    );
    return found.json.messages;
  };
  /** Fails on WhatsApp once, and is over. */
  const learn = async (receiver: string, kind: 'graphError' | 'notOnWhatsApp'): Promise<void> => {
    const code = kind === 'graphError' ? NOT_ON_WHATSAPP : undefined;
    await behave(house, { faults: [{ match: { to: receiver }, kind, code, times: 1 }] });
    const id = await open(both, receiver);
    await reached(id, 'failed,accepted');
    await cancel(id);
    // The receiver's own limits have forgotten most of it then.
    house.moveClock(2 * HOUR_MS);
  };

  it.each([
    ['at once', 'graphError', '+525512380001'],
    ['by a receipt', 'notOnWhatsApp', '+525512380002'],
  ] as const)('is passed over there when it was refused %s, and the record says why', async (_, kind, to) => {
    await learn(to, kind);
    const before = (await house.simulated(to)).length;
    const id = await open(both, to);
    const [first] = await reached(id, 'failed,accepted');
    expect(first).toMatchObject({ channel: 'whatsapp', reason: 'suppressed' });
    expect(await house.simulated(to)).toHaveLength(before);
    const timeline = await until(
      () => house.call('GET', `/v1/challenges/${id}/timeline`),
      (found) =>
        found.json.items?.filter((item: { type: string }) => item.type === 'message.queued').length === 2,
    );
    const queued = timeline.json.items.filter((item: { type: string }) => item.type === 'message.queued');
    expect(queued[1]).toMatchObject({ channel: 'email', follows: 1, route: 'fallback:suppressed' });
  });

  it('is tried there all the same when that is the only way, and what is delivered is forgotten', async () => {
    const to = '+525512380003';
    await learn(to, 'graphError');
    await reached(await open(single, to), 'delivered');
    house.moveClock(2 * HOUR_MS);
    await reached(await open(both, to), 'delivered');
  });

  it('is tried there again after twelve hours; being passed over does not prolong them', async () => {
    const to = '+525512380004';
    await learn(to, 'graphError');
    house.moveClock(9 * HOUR_MS);
    const id = await open(both, to);
    await reached(id, 'failed,accepted');
    await cancel(id);
    house.moveClock(HOUR_MS);
    await reached(await open(both, to), 'delivered');
  });

  it('is remembered without its address, in its own slot, and not for ever', async () => {
    const to = '+525512380005';
    const known = new Set(await house.redis.keys('{p*}:sup:*'));
    await learn(to, 'graphError');
    const [name, ...others] = (await house.redis.keys('{p*}:sup:*')).filter((found) => !known.has(found));
    expect(others).toEqual([]);
    expect(name).not.toContain(to.slice(1));
    const left = await house.redis.pttl(name!);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(12 * HOUR_MS);
  });
});
