import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OpeningsService } from '#challenges';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { answered, lastAnswer, speak } from './raw-socket.js';
import {
  expectRefusal,
  expectUntouched,
  nextReceiver,
  openChallenge,
  type OpenChallenge,
  type Refusal,
  type Surface,
} from './refusals.js';

const DAY_MS = 24 * 3_600_000;
const invalidKey: Refusal = { status: 400, code: 'idempotency.invalid_key' };
const mismatch: Refusal = { status: 422, code: 'idempotency.mismatch' };
const running: Refusal = { status: 409, code: 'idempotency.running' };

let house: House;
let generator: string;
let known: OpenChallenge;
let keys = 0;

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
  known = await openChallenge(house, generator);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => house.close());

const newKey = (): string => `key-${++keys}`;

/** The same request on both surfaces: it sends a code to `receiver`. */
const SENDERS: [
  surface: Surface,
  send: (receiver: string, key: string) => Promise<Answer>,
  idOf: (answer: Answer) => string,
][] = [
  [
    'native',
    (receiver, key) =>
      house.call('POST', '/v1/challenges', { generator, receiver }, { 'idempotency-key': key }),
    (answer) => answer.json.id,
  ],
  [
    'messangi',
    (receiver, key) =>
      house.call(
        'POST',
        `/eyriesgate/v1/2fa/${known.number}/codes`,
        { channel: 'WHATSAPP', receiver },
        { 'idempotency-key': key },
      ),
    (answer) => answer.json.data.requestId,
  ],
];

describe('keys that are none', () => {
  it.each([
    ['256 characters', 'k'.repeat(256)],
    ['not ASCII', 'clé'],
    ['empty', ''],
    ['spaces', 'a b'],
    ['a tab', 'a\tb'],
  ])('BI-56 %s', async (_what, key) => {
    const receiver = nextReceiver();
    const bodies: [Surface, string, string][] = [
      ['native', '/v1/challenges', JSON.stringify({ generator, receiver })],
      ['native', '/v1/generators', '{}'],
      [
        'messangi',
        `/eyriesgate/v1/2fa/${known.number}/codes`,
        JSON.stringify({ channel: 'WHATSAPP', receiver }),
      ],
    ];
    await expectUntouched(house, async () => {
      for (const [surface, path, body] of bodies) {
        const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${house.demo.apiKey}\r\nIdempotency-Key: ${key}\r\n`;
        const bytes = Buffer.from(
          `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          'latin1',
        );
        const answer = lastAnswer(await speak(house.api.url, bytes, { enough: answered }));
        expectRefusal(surface, answer, invalidKey, [receiver, 'k'.repeat(65), 'clé']);
      }
    });
  });

  it('BI-56 takes 255 visible characters', async () => {
    expect((await SENDERS[0]![1](nextReceiver(), '~'.repeat(255))).status).toBe(201);
  });
});

describe.each(SENDERS)('%s', (surface, send, idOf) => {
  it('repeats an answer as it was, and sends once', async () => {
    const [receiver, key] = [nextReceiver(), newKey()];
    const first = await send(receiver, key);
    const again = await send(receiver, key);
    expect([again.status, again.text, again.headers['content-type']]).toEqual([
      first.status,
      first.text,
      first.headers['content-type'],
    ]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.headers['cache-control']).toBe('no-store');
    await sentOnce(receiver);
  });

  it('BI-57 the same key with another body', async () => {
    const [receiver, other, key] = [nextReceiver(), nextReceiver(), newKey()];
    await send(receiver, key);
    await sentOnce(receiver);
    await expectUntouched(house, async () =>
      expectRefusal(surface, await send(other, key), mismatch, [receiver, other, key]),
    );
    expect((await send(receiver, key)).headers['idempotency-replayed']).toBe('true');
  });

  it('BI-58 the same key while the first call runs', async () => {
    const [receiver, key] = [nextReceiver(), newKey()];
    const { release, held } = holdOpening('before');
    const first = send(receiver, key);
    await held;
    const second = await send(receiver, key);
    expectRefusal(surface, second, running, [receiver, key]);
    expect(second.headers['retry-after']).toMatch(/^[1-5]$/);
    release();
    const opened = await first;
    expect(opened.status).toBe(surface === 'native' ? 201 : 200);
    expect((await send(receiver, key)).text).toBe(opened.text);
    await sentOnce(receiver);
  });

  it.each(['before', 'after'] as const)(
    'BI-58 a call that stops %s its work is taken over after 5 s, under the same id',
    async (when) => {
      const [receiver, key] = [nextReceiver(), newKey()];
      const { release, held } = holdOpening(when);
      const first = send(receiver, key);
      await held;
      house.moveClock(5_000);
      const second = await send(receiver, key);
      release();
      const late = await first;
      house.moveClock(-5_000);
      expect(idOf(late)).toBe(idOf(second));
      expect(idOf(await send(receiver, key))).toBe(idOf(second));
      await sentOnce(receiver);
    },
  );

  it('BI-59 the same key after 24 hours is a new request', async () => {
    const [receiver, key] = [nextReceiver(), newKey()];
    const first = await send(receiver, key);
    house.moveClock(DAY_MS - 60_000);
    expect((await send(receiver, key)).text).toBe(first.text);
    house.moveClock(60_000);
    const next = await send(receiver, key);
    house.moveClock(-DAY_MS);
    expect(next.status).toBe(first.status);
    expect(next.headers).not.toHaveProperty('idempotency-replayed');
    expect(idOf(next)).not.toBe(idOf(first));
  });

  it('BI-60 a call that was refused is not kept: the corrected one may use its key', async () => {
    const [receiver, key] = [nextReceiver(), newKey()];
    expectRefusal(surface, await send('+1415', key), { status: 422, code: 'receiver.invalid_phone' }, [key]);
    const corrected = await send(receiver, key);
    expect(corrected.status).toBe(surface === 'native' ? 201 : 200);
    await sentOnce(receiver);
  });

  it('BI-60 nor is one that was refused by a field, or by the body', async () => {
    const [receiver, key] = [nextReceiver(), newKey()];
    const before = (await house.redis.keys('{i:*')).length;
    expectRefusal(surface, await send(5 as never, key), {
      status: 422,
      code: 'request.invalid',
      field: ['#/receiver', 'string_required'],
    });
    expect((await house.redis.keys('{i:*')).length).toBe(before);
    expect((await send(receiver, key)).status).toBeLessThan(202);
  });
});

describe('what a key belongs to', () => {
  it('BI-57 one key, address and API key: elsewhere the same text is another key', async () => {
    const [receiver, key] = [nextReceiver(), newKey()];
    const [first] = [await SENDERS[0]![1](receiver, key)];
    const another = { authorization: `Bearer ${await house.newKey('test')}`, 'idempotency-key': key };
    const answer = await house.call(
      'POST',
      '/v1/challenges',
      { generator, receiver: nextReceiver() },
      another,
    );
    expect([answer.status, answer.json.id === first.json.id]).toEqual([201, false]);
    expect((await SENDERS[1]![1](nextReceiver(), key)).status).toBe(200);
  });

  it('BI-59 administrative calls too: one generator, and another a day later', async () => {
    const body = {
      name: 'idempotent',
      channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: known.template }],
    };
    const create = (name = body.name): Promise<Answer> =>
      house.call('POST', '/v1/generators', { ...body, name }, { 'idempotency-key': 'generator' });
    const first = await create();
    expect(first.status, first.text).toBe(201);
    expect((await create()).text).toBe(first.text);
    expectRefusal('native', await create('other'), mismatch, ['generator"']);
    house.moveClock(DAY_MS);
    expect((await create('other')).json.id).not.toBe(first.json.id);
    house.moveClock(-DAY_MS);
  });

  it('BI-60 a check: counted once however often it comes', async () => {
    const open = await openChallenge(house, generator);
    const check = (code: string, key: string): Promise<Answer> =>
      house.call('POST', `/v1/challenges/${open.id}/check`, { code }, { 'idempotency-key': key });
    for (let turn = 0; turn < 7; turn++)
      expect((await check(open.wrong, 'wrong')).json).toMatchObject({ valid: false, attemptsRemaining: 4 });
    for (let turn = 0; turn < 3; turn++)
      expect((await check(open.code, 'right')).json).toMatchObject({ valid: true, status: 'approved' });
    expectRefusal('native', await check(open.code, 'late'), { status: 409, code: 'challenge.not_pending' }, [
      open.code,
    ]);
  });
});

/** Stops the next opening, before or after its work, until it is released. */
function holdOpening(when: 'before' | 'after'): { release: () => void; held: Promise<void> } {
  const openings = house.api.app.get(OpeningsService, { strict: false });
  const open = openings.open.bind(openings);
  const [gate, release] = signal();
  const [held, holds] = signal();
  vi.spyOn(openings, 'open').mockImplementationOnce(async (...args) => {
    const early = when === 'after' ? await open(...args) : undefined;
    holds();
    await gate;
    return early ?? open(...args);
  });
  return { release, held };
}

function signal(): [promise: Promise<void>, fire: () => void] {
  let fire = (): void => undefined;
  const promise = new Promise<void>((resolve) => (fire = resolve));
  return [promise, fire];
}

async function sentOnce(receiver: string): Promise<void> {
  await until(
    () => house.simulated(receiver),
    (messages) => messages.length > 0,
  );
  // The sweeper has had its turn by then, had there been a second message.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await house.simulated(receiver)).toHaveLength(1);
}
