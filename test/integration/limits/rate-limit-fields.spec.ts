// The standard header fields, and the four members that every answer about a challenge has.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type House, openHouse } from '../../support/house.js';
import { LiveCaller, MINUTE } from './live-caller.js';

const ITEM = /^"(?<name>[a-z0-9-]+)"(?<parameters>(;[a-z]=\d+)+)$/;

describe('an answer that opens or sends again', () => {
  let house: House;
  let caller: LiveCaller;

  beforeAll(async () => {
    house = await openHouse({ worker: false });
    caller = await LiveCaller.of(house);
  });
  afterAll(() => house.close());

  it('tells policies and what is left of each, as structured fields', async () => {
    const opened = await caller.open(caller.newReceiver(), 'a');
    expect(read(opened, 'ratelimit-policy')).toEqual({
      'receiver-600': { q: 3, w: 600 },
      'receiver-3600': { q: 5, w: 3_600 },
      'receiver-86400': { q: 10, w: 86_400 },
      challenge: { q: 5 },
    });
    expect(read(opened, 'ratelimit')).toMatchObject({
      'receiver-600': { r: 2 },
      'receiver-3600': { r: 4 },
      'receiver-86400': { r: 9 },
      challenge: { r: 4 },
    });
    house.moveClock(MINUTE);
    const left = read(await caller.resend(opened), 'ratelimit');
    expect(left).toMatchObject({ 'receiver-600': { r: 1 }, challenge: { r: 3 } });
    // The first message leaves the window nine minutes from now.
    expect(left['receiver-600']!['t']).toBeGreaterThan(530);
    expect(left['receiver-600']!['t']).toBeLessThanOrEqual(540);
  });

  it('tells them with a 429 as well, beside Retry-After', async () => {
    const receiver = caller.newReceiver();
    for (const about of ['a', 'b', 'c']) await caller.open(receiver, about);
    const refused = await caller.open(receiver, 'd');
    expect(refused.status).toBe(429);
    const left = read(refused, 'ratelimit');
    expect(left['receiver-600']).toMatchObject({ r: 0 });
    expect(Number(refused.headers['retry-after'])).toBe(left['receiver-600']!['t']);
    expect(refused.headers['ratelimit-policy']).toContain('"receiver-600";q=3;w=600');
  });

  it('tells none to a test key, which nothing limits', async () => {
    const body = { generator: caller.generator, receiver: caller.newReceiver() };
    expect((await house.call('POST', '/v1/challenges', body)).headers).not.toHaveProperty('ratelimit');
  });

  it.each(['open', 'get', 'check', 'resend', 'cancel'])(
    'expiresAt, resendAfter, attemptsRemaining and sends stand in the answer to %s',
    async (call) => {
      const opened = await caller.open(caller.newReceiver(), 'a');
      const path = `/v1/challenges/${opened.json.id}`;
      house.moveClock(MINUTE);
      const answers: Record<string, () => Promise<Answer>> = {
        open: () => Promise.resolve(opened),
        get: () => caller.call('GET', path),
        check: () => caller.guess(opened, 'a'),
        resend: () => caller.resend(opened),
        cancel: () => caller.call('POST', `${path}/cancel`),
      };
      const { json } = await answers[call]!();
      expect(Date.parse(json.expiresAt)).toBe(Date.parse(opened.json.expiresAt));
      expect(Date.parse(json.resendAfter)).toBeGreaterThan(0);
      expect(json.attemptsRemaining).toBe(call === 'check' ? 4 : 5);
      expect(json.sends).toBe(call === 'resend' ? 2 : 1);
    },
  );
});

/** Reads a list of strings with integer parameters, which is all of RFC 9651 that these fields use. */
function read({ headers }: Answer, field: string): Record<string, Record<string, number>> {
  const found: Record<string, Record<string, number>> = {};
  for (const item of String(headers[field]).split(', ')) {
    const { name, parameters } = ITEM.exec(item)!.groups!;
    found[name!] = Object.fromEntries(
      parameters!
        .split(';')
        .filter(Boolean)
        .map((text) => text.split('='))
        .map(([key, value]) => [key!, Number(value)]),
    );
  }
  return found;
}
