import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type House, openHouse } from '../../support/house.js';
import { lastAnswer, speak } from './raw-socket.js';
import {
  expectRefusal,
  expectUntouched,
  failuresOf,
  fastest,
  openChallenge,
  type OpenChallenge,
  readLedger,
  type Refusal,
} from './refusals.js';

const field = (code: string): Refusal => ({ status: 422, code: 'request.invalid', field: ['#/code', code] });
const codeFormat = field('code_format');
/** Of the right alphabet, but not as long as this challenge's codes: only its record can tell. */
const otherLength: Refusal = { status: 422, code: 'challenge.code_format', field: ['#/code', 'code_format'] };
const notFound: Refusal = { status: 404, code: 'challenge.not_found' };
const MALFORMED_PER_MINUTE = 20;

let house: House;
let generator: string;

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
});
afterAll(() => house.close());

const check = (open: Pick<OpenChallenge, 'id'>, body: unknown): Promise<Answer> =>
  house.call('POST', `/v1/challenges/${open.id}/check`, body);
const verify = (open: OpenChallenge, body: object): Promise<Answer> =>
  house.call('PATCH', `/eyriesgate/v1/2fa/${open.number}/codes`, {
    action: 'verify',
    requestId: open.requestId,
    ...body,
  });

describe('answers that are malformed, and not counted', () => {
  let open: OpenChallenge;
  beforeAll(async () => {
    open = await openChallenge(house, generator);
  });

  // In the dialect a malformed code is 422 CODE_INVALID, anything that is no text is 400 like every other field.
  const rows: [id: string, what: string, code: unknown, refusal: Refusal, inMessangi?: Refusal][] = [
    ['BI-30', 'none', undefined, field('required')],
    ['BI-30', 'empty', '', field('length')],
    ['BI-31', 'true', true, field('string_required')],
    ['BI-31', 'false', false, field('string_required')],
    ['BI-31', '0', 0, field('string_required')],
    ['BI-31', 'an empty list', [], field('string_required')],
    ['BI-31', 'an empty object', {}, field('string_required')],
    ['BI-31', 'null', null, field('null_not_allowed')],
    ['BI-32', 'a number, which would lose its zeros', 123456, field('string_required')],
    ['BI-33', 'five digits', '12345', otherLength],
    ['BI-33', 'seven digits', '1234567', otherLength],
    ['BI-33', 'three digits', '123', codeFormat, otherLength],
    ['BI-33', 'sixteen digits', '1234567890123456', codeFormat, otherLength],
    ['BI-35', 'NUL behind', '123456\u0000', { status: 422, code: 'request.forbidden_character' }],
    ['BI-36', 'Arabic-Indic digits', '١٢٣٤٥٦', codeFormat, otherLength],
    ['BI-36', 'full-width digits', '１２３４５６', codeFormat, otherLength],
    ['BI-36', 'a space that does not break', '123\u00a0456', codeFormat, otherLength],
    ['BI-36', 'a space without width', '123\u200b456', codeFormat, otherLength],
    ['BI-37', 'hexadecimal', '0x1E240', otherLength],
    ['BI-37', 'an exponent', '1e5', codeFormat, otherLength],
    ['BI-37', 'a sign', '+12345', codeFormat, otherLength],
    ['BI-37', 'a point', '12345.', codeFormat, otherLength],
    ['BI-38', '10 KB', '1'.repeat(10_000), field('length')],
    ['BI-39', 'an operator', '$ne', codeFormat, otherLength],
    ['BI-39', 'an operator as an object', { $ne: '' }, field('string_required')],
    ['BI-39', 'SQL', "' OR 1=1--", codeFormat, otherLength],
    ['BI-39', 'a star', '*', codeFormat, otherLength],
    ['BI-39', 'a per cent sign', '%%%%%%', codeFormat, otherLength],
    ['BI-39', 'a script', '";redis.call("FLUSHALL")--', codeFormat, otherLength],
  ];

  it.each(rows)('%s %s', async (_id, _what, code, refusal, inMessangi = refusal) => {
    const sent = typeof code === 'string' && code.length > 4 ? [code.slice(0, 64)] : [];
    await expectUnchanged(async () => {
      expectRefusal('native', await check(open, { code }), refusal, [...sent, open.code]);
      expectRefusal('messangi', await verify(open, { code }), inMessangi, [...sent, open.code]);
    });
  });

  it('BI-31 a list that holds the right code', async () => {
    await expectUnchanged(async () => {
      expectRefusal('native', await check(open, { code: [open.code] }), field('string_required'), [
        open.code,
      ]);
      expectRefusal('messangi', await verify(open, { code: [open.code] }), field('string_required'), [
        open.code,
      ]);
    });
  });

  it('BI-38 a code of 1 MB is too large, and costs less than 5 ms when it is 10 KB', async () => {
    const tooLarge = { status: 413, code: 'request.too_large' };
    await expectUnchanged(async () => {
      expectRefusal('native', await check(open, { code: '1'.repeat(1024 * 1024) }), tooLarge);
      expectRefusal('messangi', await verify(open, { code: '1'.repeat(1024 * 1024) }), tooLarge);
      expect(await fastest(25, () => check(open, { code: '1'.repeat(10_000) }))).toBeLessThan(5);
    });
  });

  it('BI-33 are limited to twenty a minute, which delays a right code by nothing', async () => {
    const limited = await openChallenge(house, generator);
    const limit = { status: 429, code: 'limit.check' };
    for (let turn = 0; turn < MALFORMED_PER_MINUTE; turn++)
      expectRefusal('native', await check(limited, { code: '12345' }), otherLength);
    const native = await check(limited, { code: '12345' });
    expectRefusal('native', native, limit);
    expect(Number(native.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const messangi = await verify(limited, { code: '1234567' });
    expectRefusal('messangi', messangi, limit);
    expect(Number(messangi.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(await failuresOf(house, limited.id)).toBe(0);
    expect((await check(limited, { code: limited.code })).json).toMatchObject({
      status: 'approved',
      valid: true,
    });
  });

  /** Nothing moved but the count of malformed answers, which is not the count of guesses. */
  async function expectUnchanged(work: () => Promise<void>): Promise<void> {
    const before = await readLedger(house);
    await work();
    const after = await readLedger(house);
    for (const ledger of [before, after])
      for (const record of Object.values(ledger.records)) delete record['cf'];
    expect(after).toEqual(before);
    expect(await failuresOf(house, open.id)).toBe(0);
  }
});

describe('codes as people type them', () => {
  it.each([
    ['BI-34', 'spaces around', (code: string) => ` ${code} `],
    ['BI-34', 'a space between', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['BI-34', 'a dash between', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
    ['BI-35', 'a newline behind', (code: string) => `${code}\n`],
    ['BI-35', 'a carriage return too', (code: string) => `${code}\r\n`],
  ])('%s %s', async (_id, _what, type) => {
    const native = await openChallenge(house, generator);
    expect((await check(native, { code: type(native.wrong) })).json).toMatchObject({
      valid: false,
      attemptsRemaining: 4,
    });
    expect((await check(native, { code: type(native.code) })).json).toMatchObject({
      status: 'approved',
      valid: true,
    });
    const messangi = await openChallenge(house, generator);
    const verified = await verify(messangi, { code: type(messangi.code) });
    expect([verified.status, verified.json.meta.explain]).toEqual([200, 'valid code']);
  });
});

describe('ids that name nothing', () => {
  it('BI-40 an unknown, a malformed and another tenant’s id are told in the same bytes', async () => {
    const open = await openChallenge(house, generator);
    const other = await house.newTenantKey('checking-other');
    const foreign = { authorization: `Bearer ${other.key}` };
    const unknown = open.id.replace(/.(?=..$)/, (sign) => (sign === '4' ? '8' : '4'));
    const body = { code: open.code };
    await expectUntouched(house, async () => {
      for (const action of ['/check', '/resend', '/cancel', '', '/code']) {
        const method = action === '' || action === '/code' ? 'GET' : 'POST';
        const ask = (id: string, headers = {}): Promise<Answer> =>
          house.call(
            method,
            `/v1/challenges/${id}${action}`,
            action === '/check' ? body : undefined,
            headers,
          );
        const answers = [await ask(unknown), await ask('chl_x'), await ask(open.id, foreign)];
        for (const answer of answers)
          expectRefusal('native', answer, notFound, [open.id, unknown, open.code]);
        expect(new Set(answers.map(masked)).size, action).toBe(1);
      }
    });
  });

  it('BI-40 likewise in the dialect', async () => {
    const open = await openChallenge(house, generator);
    const otherGenerator = await openChallenge(house, await house.newGenerator());
    const unknown = open.requestId.replace(/^../, (pair) => (pair === '00' ? '01' : '00'));
    await expectUntouched(house, async () => {
      for (const action of ['verify', 'status', 'cancel']) {
        const answers: Answer[] = [];
        for (const requestId of [unknown, 'x', otherGenerator.requestId])
          answers.push(await verify({ ...open, requestId }, { action, code: otherGenerator.code }));
        for (const answer of answers)
          expectRefusal('messangi', answer, notFound, [unknown, otherGenerator.requestId]);
        expect(new Set(answers.map(masked)).size, action).toBe(1);
      }
    });
  });

  it.each([
    '../challenges',
    '..%2f..%2fchallenges',
    '%2e%2e%2fx',
    'chl_%00',
    'chl_x%00/check',
    'a:b',
    '{p01}:ch:x',
    '*',
    'chl_x%0d%0aSET%20a%201',
    'chl_' + '0'.repeat(10_240),
    '%',
    '%zz',
    '%c0%ae',
  ])('BI-41 %s', async (id) => {
    const body = '{"code":"123456"}';
    await expectUntouched(house, async () => {
      const keys = await keyNames();
      const heard = await speak(
        house.api.url,
        `POST /v1/challenges/${id}/check HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${house.demo.apiKey}\r\nConnection: close\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      const answer = lastAnswer(heard);
      expectRefusal('native', answer, { status: 404, code: answer.json?.code }, [
        '123456',
        '%c0',
        'FLUSH',
        '{p01}',
      ]);
      expect(['challenge.not_found', 'route.not_found']).toContain(answer.json.code);
      expect(await keyNames()).toEqual(keys);
    });
  });

  it('BI-41 likewise as a requestId', async () => {
    const open = await openChallenge(house, generator);
    await expectUntouched(house, async () => {
      for (const requestId of [
        '../x',
        'a:b',
        '{p01}:ch:x',
        '*',
        open.requestId.replaceAll('-', ''),
        `{${open.requestId}}`,
      ])
        expectRefusal('messangi', await verify({ ...open, requestId }, { code: open.code }), notFound, [
          requestId,
        ]);
      expectRefusal(
        'messangi',
        await verify({ ...open, requestId: '0'.repeat(10_240) }, { code: open.code }),
        {
          status: 400,
          code: 'request.invalid',
          field: ['#/requestId', 'too_long'],
        },
      );
    });
  });

  it('BI-40 a generator’s number that is none', async () => {
    const open = await openChallenge(house, generator);
    for (const number of ['0', '-1', '1.5', '999999', '1e3', 'x', '9'.repeat(20)]) {
      const answer = await house.call('PATCH', `/eyriesgate/v1/2fa/${number}/codes`, {
        action: 'verify',
        requestId: open.requestId,
        code: open.code,
      });
      expectRefusal('messangi', answer, { status: 404, code: 'generator.not_found' }, [open.code, '999999']);
    }
  });

  /** Less the ones that come and go by themselves: readiness, leases, the queues' own. */
  async function keyNames(): Promise<string[]> {
    return (await house.redis.keys('*'))
      .filter((key) => !/^\{(ready|q-|lease|p\d+\}:lease)|journal$/.test(key))
      .sort();
  }
});

describe('challenges that have ended', () => {
  const ends: [
    state: string,
    reason: string | undefined,
    end: (open: OpenChallenge) => Promise<unknown>,
    messangi: [number, string],
  ][] = [
    ['approved', undefined, (open) => check(open, { code: open.code }), [409, 'CODE_ALREADY_VALIDATED']],
    [
      'canceled',
      'by_caller',
      (open) => house.call('POST', `/v1/challenges/${open.id}/cancel`),
      [410, 'CODE_CANCELED'],
    ],
    ['expired', undefined, () => Promise.resolve(house.moveClock(601_000)), [410, 'CODE_EXPIRED']],
    ['locked', undefined, (open) => lock(open), [429, 'ATTEMPTS_EXHAUSTED']],
  ];

  it.each(ends)(
    'BI-42 %s: told with its state, right code or wrong',
    async (state, reason, end, [status, code]) => {
      const open = await openChallenge(house, generator);
      await end(open);
      const failures = await failuresOf(house, open.id);
      for (const answer of [open.code, open.wrong]) {
        const native = await check(open, { code: answer });
        expectRefusal('native', native, { status: 409, code: 'challenge.not_pending' }, [
          open.code,
          open.wrong,
          open.receiver,
        ]);
        expect([native.json.state, native.json.reason]).toEqual([state, reason]);
        const messangi = await verify(open, { code: answer });
        expect([messangi.status, messangi.json.errors.details.code], messangi.text).toEqual([status, code]);
        expect(messangi.headers['cache-control']).toBe('no-store');
        expect(messangi.text).not.toContain(open.code);
        if (status === 429) expect(Number(messangi.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      }
      expect(await failuresOf(house, open.id)).toBe(failures);
      if (state === 'expired') house.moveClock(-601_000);
    },
  );

  it('BI-43 the fifth wrong code locks, and the right one comes too late', async () => {
    const open = await openChallenge(house, generator);
    const last = await lock(open);
    expect([last.status, last.json]).toMatchObject([
      200,
      { status: 'locked', valid: false, attemptsRemaining: 0 },
    ]);
    for (const code of [open.wrong, open.code, open.code]) {
      const answer = await check(open, { code });
      expectRefusal('native', answer, { status: 409, code: 'challenge.not_pending' }, [code]);
      expect(answer.json.state).toBe('locked');
    }
    expect(await failuresOf(house, open.id)).toBe(5);
  });

  it.each([
    ['missing', undefined],
    ['changed by one character', { amount: '120.01', payee: 'ACME' }],
    ['with a field too many', { amount: '120.00', payee: 'ACME', note: 'x' }],
    ['with a field too few', { amount: '120.00' }],
  ])('BI-44 a context that is %s voids the code', async (_what, context) => {
    const agreed = { amount: '120.00', payee: 'ACME' };
    const open = await openChallenge(house, generator, { context: agreed, purpose: 'transaction' });
    const mismatch = { status: 409, code: 'challenge.context_mismatch' };
    for (const tried of [context, agreed]) {
      const answer = await check(open, { code: open.code, context: tried });
      expectRefusal('native', answer, mismatch, [open.code, '120.0', 'ACME']);
      expect(answer.json.state).toBe('canceled');
    }
    expect(await failuresOf(house, open.id)).toBe(0);
  });

  it('BI-44 the same context in another order is the same', async () => {
    const open = await openChallenge(house, generator, { context: { amount: '120.00', payee: 'ACME' } });
    const answer = await check(open, { code: open.code, context: { payee: 'ACME', amount: '120.00' } });
    expect(answer.json).toMatchObject({ status: 'approved', valid: true });
  });

  async function lock(open: OpenChallenge): Promise<Answer> {
    for (let turn = 0; turn < 4; turn++) await check(open, { code: open.wrong });
    return check(open, { code: open.wrong });
  }
});

const masked = ({ text }: Answer): string =>
  text.replace(/"requestId":"[^"]+"/, '').replace(/"timestamp":\d+,"transactionId":"[^"]+"/, '');
