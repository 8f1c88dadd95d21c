// Codes that the caller brings: where they are taken, how they are compared, and that they come back nowhere.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type House, openHouse, until } from '../../support/house.js';

let house: House;
let own: string;
let digits: string;
let usual: string;
let numbers = 0;

beforeAll(async () => {
  house = await openHouse();
  usual = await house.newGenerator();
  own = await alike({ callerCodes: true, alphabet: 'alphanumeric' });
  digits = await alike({ callerCodes: true });
});
afterAll(() => house.close());

/** A generator that sends in the same template as the usual one. */
const alike = async (rules: object): Promise<string> => {
  const [{ channel, sender, template }] = (await house.call('GET', `/v1/generators/${usual}`)).json.channels;
  const body = { name: 'alike', channels: [{ channel, sender, template }], ...rules };
  return (await house.call('POST', '/v1/generators', body)).json.id;
};
const newReceiver = (): string => `+5255124${String(70_000 + ++numbers)}`;
const open = (body: object): Promise<Answer> =>
  house.call('POST', '/v1/challenges', { generator: own, receiver: newReceiver(), ...body });
const check = (id: string, code: string): Promise<Answer> =>
  house.call('POST', `/v1/challenges/${id}/check`, { code });
const sentTo = async (receiver: string, count = 1): Promise<string> =>
  (
    await until(
      () => house.simulated(receiver),
      (found) => found.length === count,
    )
  ).at(-1)!.code;

describe('a code of the caller’s own', () => {
  it.each(['J$FpnYnP', '0042', 'abcd', '%@!~', '123456789012345'])(
    '%s arrives as it is, is approved, and is not repeated (BI-29)',
    async (code) => {
      const receiver = newReceiver();
      const opened = await open({ receiver, code });
      expect(opened.status, opened.text).toBe(201);
      expect(opened.text).not.toContain(code);
      expect(await sentTo(receiver)).toBe(code);
      const answer = await check(opened.json.id, code);
      expect(answer.json).toMatchObject({ status: 'approved', valid: true });
      for (const path of ['', '/timeline'])
        expect((await house.call('GET', `/v1/challenges/${opened.json.id}${path}`)).text).not.toContain(code);
    },
  );

  it.each([
    ['three digits', '123'],
    ['64 characters', 'x'.repeat(64)],
    ['full-width digits', '１２３４５６'],
    ['spaces', '12 456'],
    ['an emoji', '1234😀'],
    ['an address', 'bit.ly/3xYz'],
  ])('of %s is refused, and not repeated (BI-29)', async (_what, code) => {
    const answer = await open({ code });
    expect([answer.status, answer.json.code]).toEqual([422, 'request.invalid']);
    expect(answer.json.errors[0]).toMatchObject({ pointer: '#/code', code: 'code_format' });
    expect(answer.text).not.toContain(code);
  });

  it('is digits where the alphabet is, and no code at all where the generator takes none (BI-29)', async () => {
    const letters = await open({ generator: digits, code: '12345a' });
    expect([letters.status, letters.json.errors[0].pointer]).toEqual([422, '#/code']);
    expect((await open({ generator: digits, code: '1234567' })).status).toBe(201);
    for (const code of ['123456', '123', '１２３４５６', 'x'.repeat(64)]) {
      const off = await open({ generator: usual, code });
      expect([off.status, off.json.code]).toEqual([403, 'challenge.caller_code_not_allowed']);
      expect(off.text).not.toContain(code);
    }
  });

  it('keeps the case of its letters, while ours have none', async () => {
    const { json } = await open({ code: 'J$FpnYnP' });
    for (const other of ['j$fpnynp', 'J$FPNYNP', 'J$FpnYnp'])
      expect((await check(json.id, other)).json).toMatchObject({ valid: false, status: 'pending' });
    expect((await check(json.id, ' J$FpnYnP ')).json.valid).toBe(true);

    const letters = (await open({ code: 'ABCD' })).json;
    expect((await check(letters.id, 'abcd')).json.valid).toBe(false);
    expect((await check(letters.id, 'AB-CD')).status).toBe(422);
    expect((await check(letters.id, 'ABCD')).json.valid).toBe(true);

    const ours = (await open({})).json;
    const { code } = (await house.call('GET', `/v1/challenges/${ours.id}/code`)).json;
    expect((await check(ours.id, code.toLowerCase())).json.valid).toBe(true);
  });

  it('is counted like any other: five wrong ones lock it', async () => {
    const { json } = await open({ code: 'J$FpnYnP' });
    for (let turn = 0; turn < 5; turn++) await check(json.id, 'J$FpnYnQ');
    expect((await check(json.id, 'J$FpnYnP')).json).toMatchObject({ state: 'locked' });
  });

  it('takes the place of the one that is live, which is void then', async () => {
    const receiver = newReceiver();
    const first = await open({ receiver, code: 'first#1' });
    const second = await open({ receiver, code: 'second#22' });
    expect(second.json.id).not.toBe(first.json.id);
    expect(await sentTo(receiver, 2)).toBe('second#22');
    expect((await check(first.json.id, 'first#1')).json).toMatchObject({
      state: 'canceled',
      reason: 'superseded',
    });
    expect((await check(second.json.id, 'second#22')).json.valid).toBe(true);
  });

  it('is what every further message carries, under `rotate` too', async () => {
    const rotating = await alike({
      callerCodes: true,
      alphabet: 'alphanumeric',
      resend: { code: 'rotate' },
    });
    const receiver = newReceiver();
    const { json } = await open({ generator: rotating, receiver, code: 'J$FpnYnP' });
    await house.call('POST', `/v1/challenges/${json.id}/resend`);
    expect(await sentTo(receiver, 2)).toBe('J$FpnYnP');
    // Opening again without a code is another message of the same challenge.
    expect((await open({ generator: rotating, receiver })).json.id).toBe(json.id);
    expect(await sentTo(receiver, 3)).toBe('J$FpnYnP');
    const replaced = await open({ generator: rotating, receiver: newReceiver(), code: 'J$FpnYnP' });
    expect((await check(replaced.json.id, 'J$FpnYnP')).json.valid).toBe(true);
    expect((await check(json.id, 'J$FpnYnP')).json.valid).toBe(true);
  });

  it('goes on as it is when the challenge is replaced', async () => {
    const receiver = newReceiver();
    await open({ receiver, code: 'J$FpnYnP' });
    const replaced = await open({ receiver, onLive: 'replace' });
    expect(await sentTo(receiver, 2)).toBe('J$FpnYnP');
    expect((await check(replaced.json.id, 'j$fpnynp')).json.valid).toBe(false);
    expect((await check(replaced.json.id, 'J$FpnYnP')).json.valid).toBe(true);
  });

  it('stands in Redis in no form that could be read or guessed without our keys', async () => {
    const code = 'J$Fp-only';
    const body = { generator: own, receiver: newReceiver(), code };
    const headers = { 'idempotency-key': 'caller-code' };
    const opened = await house.call('POST', '/v1/challenges', body, headers);
    expect(opened.status).toBe(201);
    for (const key of await house.redis.keys('*')) {
      const type = await house.redis.type(key);
      const held =
        type === 'hash'
          ? JSON.stringify(await house.redis.hgetall(key))
          : type === 'string'
            ? (await house.redis.get(key))!
            : type === 'stream'
              ? JSON.stringify(await house.redis.xrange(key, '-', '+'))
              : '';
      expect([key, held.includes(code)]).toEqual([key, false]);
    }
  });
});

it('a rotated code has the length that the generator has by then', async () => {
  const generator = await alike({ resend: { code: 'rotate' } });
  const receiver = newReceiver();
  const { json } = await open({ generator, receiver });
  const saved = (await house.call('GET', `/v1/generators/${generator}`)).json;
  const [{ channel, sender, template }] = saved.channels;
  const changed = {
    name: 'longer',
    codeLength: 8,
    resend: { code: 'rotate' },
    channels: [{ channel, sender, template }],
  };
  expect((await house.call('PUT', `/v1/generators/${generator}`, changed)).status).toBe(200);
  expect((await open({ generator, receiver })).json.id).toBe(json.id);
  const code = await sentTo(receiver, 2);
  expect(code).toHaveLength(8);
  expect((await check(json.id, code)).json.valid).toBe(true);
});
