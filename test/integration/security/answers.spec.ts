// What an attacker with many guesses, many connections or an old code gets out of one challenge: nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { journalBacklog, journalRows } from '../../support/journal.js';
import { openSocket } from '../bad-input/raw-socket.js';
import { failuresOf, openChallenge } from '../bad-input/refusals.js';

const LIFE_SECONDS = 600;
const MAX_ATTEMPTS = 5;
const PARALLEL = 500;
const SOCKETS = 50;

let house: House;
let same: string;
let rotating: string;

beforeAll(async () => {
  house = await openHouse();
  const rules = { codeLength: 10, maxAttempts: MAX_ATTEMPTS, lifeSeconds: LIFE_SECONDS };
  same = await house.newGenerator(rules);
  rotating = await house.newGenerator({ ...rules, resend: { code: 'rotate' } });
});
afterAll(() => house.close());

const check = ({ id }: { id: string }, code: string): Promise<Answer> =>
  house.call('POST', `/v1/challenges/${id}/check`, { code });
const codeOf = async (id: string): Promise<string> =>
  (await house.call('GET', `/v1/challenges/${id}/code`)).json.code;
const keyOf = async (id: string): Promise<string> =>
  (await house.redis.keys(`{p*}:ch:${id.slice('chl_'.length)}`))[0]!;

/** How often a challenge has this event, once the journal is drained. */
async function eventsOf({ id }: { id: string }, type: string): Promise<number> {
  await until(
    () => journalBacklog(house.redis),
    (backlog) => backlog === 0,
  );
  const rows = await journalRows(house.databaseUrl);
  return rows.filter((row) => row.type === type && row.event_id.startsWith(id.slice('chl_'.length))).length;
}

describe('many answers at once', () => {
  it('ATK-01 500 guesses over 50 sockets, let go together by their last byte: five are compared', async () => {
    const open = await openChallenge(house, same);
    const body = JSON.stringify({ code: open.wrong });
    const bytes = Buffer.from(
      `POST /v1/challenges/${open.id}/check HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${house.demo.apiKey}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => openSocket(house.api.url)));
    const perSocket = PARALLEL / SOCKETS;
    const heard = sockets.map(
      (socket) =>
        new Promise<string>((resolve) => {
          let text = '';
          socket.setEncoding('latin1').on('data', (chunk: string) => {
            text += chunk;
            if (text.split('"requestId"').length + text.split('"valid"').length - 2 >= perSocket)
              resolve(text);
          });
        }),
    );
    // Each socket lacks the last byte of its first request; the others wait behind it.
    for (const socket of sockets) socket.write(bytes.subarray(0, -1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const rest = Buffer.concat([bytes.subarray(-1), ...Array<Buffer>(perSocket - 1).fill(bytes)]);
    for (const socket of sockets) socket.write(rest);
    const told = (await Promise.all(heard)).join('');
    for (const socket of sockets) socket.destroy();

    expect(told.split('"valid":false')).toHaveLength(MAX_ATTEMPTS + 1);
    expect(told.split('"code":"challenge.not_pending"')).toHaveLength(PARALLEL - MAX_ATTEMPTS + 1);
    expect(told).not.toContain('"valid":true');
    expect(await eventsOf(open, 'challenge.answer_refused')).toBe(MAX_ATTEMPTS);
    expect(await failuresOf(house, open.id)).toBe(MAX_ATTEMPTS);
    expect((await check(open, open.code)).json).toMatchObject({ state: 'locked' });
  });

  it('STD-04 500 right answers at once: one success', async () => {
    const open = await openChallenge(house, same);
    const answers = await Promise.all(Array.from({ length: PARALLEL }, () => check(open, open.code)));
    expect(answers.filter(({ json }) => json.valid === true)).toHaveLength(1);
    expect(answers.filter(({ json }) => json.state === 'approved')).toHaveLength(PARALLEL - 1);
    expect(await eventsOf(open, 'challenge.approved')).toBe(1);
  });
});

describe('failures', () => {
  // What is left after the resend tells whether the two failures before it still count: 2, not 4.
  it.each([
    ['STD-05', 'rotate', () => rotating],
    ['ATK-03', 'same', () => same],
  ] as const)('%s are kept when a message is sent again (%s)', async (_id, policy, generator) => {
    const open = await openChallenge(house, generator());
    for (const left of [4, 3])
      expect((await check(open, open.wrong)).json).toMatchObject({ valid: false, attemptsRemaining: left });
    const resent = await house.call('POST', `/v1/challenges/${open.id}/resend`, {});
    expect(resent.json).toMatchObject({ attemptsRemaining: 3, sends: 2 });
    expect((await codeOf(open.id)) === open.code).toBe(policy === 'same');
    for (const left of [2, 1])
      expect((await check(open, open.wrong)).json).toMatchObject({ valid: false, attemptsRemaining: left });
    expect((await check(open, open.wrong)).json).toMatchObject({ status: 'locked', attemptsRemaining: 0 });
    expect(await failuresOf(house, open.id)).toBe(MAX_ATTEMPTS);
  });

  it('STD-05 ATK-03 are kept when the challenge is replaced by a new one', async () => {
    const open = await openChallenge(house, same);
    await check(open, open.wrong);
    await check(open, open.wrong);
    const { json } = await house.call('POST', '/v1/challenges', {
      generator: same,
      receiver: open.receiver,
      onLive: 'replace',
    });
    expect(json.id).not.toBe(open.id);
    expect(json.attemptsRemaining).toBe(3);
    for (const left of [2, 1, 0])
      expect((await check(json, open.wrong)).json).toMatchObject({ valid: false, attemptsRemaining: left });
    expect((await check(json, open.code)).json).toMatchObject({ state: 'locked' });
  });

  it.each([['0'], ['null'], ['11'], ['-1'], ['1e999'], ['"5"'], ['true'], ['1.5']])(
    'ATK-02 cannot be unlimited: maxAttempts %s',
    async (maxAttempts) => {
      const { json } = await house.call('GET', `/v1/generators/${same}`);
      const { channels } = json;
      const body = JSON.stringify({ name: 'unlimited', channels }).replace(
        '{',
        `{"maxAttempts":${maxAttempts},`,
      );
      const answer = await house.call('POST', '/v1/generators', body);
      expect([answer.status, answer.json.errors]).toEqual([
        422,
        [expect.objectContaining({ pointer: '#/maxAttempts' })],
      ]);
    },
  );
});

describe('a code', () => {
  it('STD-11 of one challenge is wrong on another of the same number, and counts there only', async () => {
    const one = await openChallenge(house, same);
    const opened = await house.call('POST', '/v1/challenges', {
      generator: rotating,
      receiver: one.receiver,
    });
    const other = { id: opened.json.id as string, code: await codeOf(opened.json.id) };
    expect((await check(other, one.code)).json).toMatchObject({ valid: false, attemptsRemaining: 4 });
    expect(await failuresOf(house, one.id)).toBe(0);
    expect((await check(one, one.code)).json).toMatchObject({ valid: true, status: 'approved' });
    expect((await check(other, other.code)).json).toMatchObject({ valid: true, status: 'approved' });
  });

  it('ATK-05 that was rotated away is wrong, and the new one is right', async () => {
    const open = await openChallenge(house, rotating);
    await house.call('POST', `/v1/challenges/${open.id}/resend`, {});
    const next = await codeOf(open.id);
    expect(next).not.toBe(open.code);
    expect((await check(open, open.code)).json).toMatchObject({ valid: false, attemptsRemaining: 4 });
    expect((await check(open, next)).json).toMatchObject({ valid: true, status: 'approved' });
  });

  it('ATK-06 is expired by the clock, not by Redis removing its record', async () => {
    const [late, just] = [await openChallenge(house, same), await openChallenge(house, same)];
    await house.redis.persist(await keyOf(late.id));
    house.moveClock((LIFE_SECONDS - 5) * 1_000);
    try {
      expect((await check(just, just.code)).json).toMatchObject({ status: 'approved' });
      house.moveClock(5_000);
      expect((await check(late, late.code)).json).toMatchObject({
        code: 'challenge.not_pending',
        state: 'expired',
      });
    } finally {
      house.moveClock(-LIFE_SECONDS * 1_000);
    }
    // Ended is ended, even when a clock goes back.
    expect((await check(late, late.code)).json).toMatchObject({ state: 'expired' });
  });

  it.each([
    ['without a MAC', ['h'], []],
    ['without MAC and key id', ['h', 'hk'], []],
    ['with an empty MAC', [], ['h', '']],
  ])('ATK-07 meets no record %s, whatever it says', async (_what, removed, set) => {
    const open = await openChallenge(house, same);
    const key = await keyOf(open.id);
    if (removed.length > 0) await house.redis.hdel(key, ...removed);
    if (set.length > 0) await house.redis.hset(key, ...set);
    for (const code of [open.code, open.wrong, '0000000000', '']) {
      const answer = await check(open, code);
      expect(answer.json.valid ?? false).toBe(false);
      expect(answer.json.status).not.toBe('approved');
    }
    expect(await house.redis.hget(key, 's')).toBe('P');
  });
});

describe('a dependency that fails', () => {
  it('ATK-04 STD-31 approves nothing while Redis is away, and nothing twice when it is back', async () => {
    const [used, unused] = [await openChallenge(house, same), await openChallenge(house, same)];
    expect((await check(used, used.code)).json).toMatchObject({ status: 'approved' });
    await house.redisServer.kill('SIGKILL');
    const away = await Promise.all([used, unused].map((open) => check(open, open.code)));
    expect(away.map(({ status }) => status)).toEqual([503, 503]);
    await house.redisServer.restart();
    await until(
      () => check(used, used.code),
      ({ status }) => status !== 503,
    );
    expect((await check(used, used.code)).json).toMatchObject({ state: 'approved' });
    expect((await check(unused, unused.code)).json).toMatchObject({ valid: true, status: 'approved' });
    expect(await eventsOf(used, 'challenge.approved')).toBe(1);
    expect(await eventsOf(unused, 'challenge.approved')).toBe(1);
  });
});
