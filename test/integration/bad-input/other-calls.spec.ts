import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import {
  expectRefusal,
  expectUntouched,
  openChallenge,
  type OpenChallenge,
  type Refusal,
} from './refusals.js';

const notPending: Refusal = { status: 409, code: 'challenge.not_pending' };
const parameter = (name: string, code: string): Refusal => ({
  status: 400,
  code: 'request.invalid_parameter',
  field: [name, code],
});
const unknownParameter = (name: string): Refusal => ({
  status: 400,
  code: 'request.unknown_parameter',
  field: [name, 'unknown_field'],
});

let house: House;
let generator: string;

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
});
afterAll(() => house.close());

const post = (open: OpenChallenge, action: string, body?: unknown, headers = {}): Promise<Answer> =>
  house.call('POST', `/v1/challenges/${open.id}/${action}`, body, headers);

describe('sending again', () => {
  it('BI-45 before the cool-down is over, with a live key', async () => {
    const live = { authorization: `Bearer ${await house.newKey('live')}` };
    const receiver = '+525512349001';
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver }, live);
    expect(opened.status, opened.text).toBe(201);
    await until(
      () => house.simulated(receiver),
      (messages) => messages.length === 1,
    );
    const number = (await house.call('GET', `/v1/generators/${generator}`)).json.number;
    await expectUntouched(house, async () => {
      const tooSoon = { status: 429, code: 'limit.cool_down' };
      const answers = [
        ['native', await house.call('POST', `/v1/challenges/${opened.json.id}/resend`, undefined, live)],
        ['native', await house.call('POST', '/v1/challenges', { generator, receiver }, live)],
        [
          'messangi',
          await house.call(
            'POST',
            `/eyriesgate/v1/2fa/${number}/codes`,
            { channel: 'WHATSAPP', receiver },
            live,
          ),
        ],
      ] as const;
      for (const [surface, answer] of answers) {
        expectRefusal(surface, answer, tooSoon, [receiver]);
        expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
        expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(30);
      }
    });
    house.moveClock(31_000);
    const later = await house.call('POST', `/v1/challenges/${opened.json.id}/resend`, undefined, live);
    house.moveClock(-31_000);
    expect([later.status, later.json.sends]).toEqual([200, 2]);
  });

  it.each([
    ['approved', (open: OpenChallenge) => post(open, 'check', { code: open.code })],
    ['canceled', (open: OpenChallenge) => post(open, 'cancel')],
  ])('BI-46 after it was %s', async (state, end) => {
    const open = await openChallenge(house, generator);
    await end(open);
    await delivered(open);
    await expectUntouched(house, async () => {
      const answer = await post(open, 'resend');
      expectRefusal('native', answer, notPending, [open.receiver]);
      expect(answer.json.state).toBe(state);
    });
  });

  it.each([
    [
      'fax',
      { channel: 'fax' },
      { status: 422, code: 'request.invalid', field: ['#/channel', 'not_allowed'] },
    ],
    [
      'sms, which the plan has not and this build does not carry',
      { channel: 'sms' },
      { status: 409, code: 'channel.not_configured' },
    ],
    [
      'a list',
      { channel: ['whatsapp'] },
      { status: 422, code: 'request.invalid', field: ['#/channel', 'string_required'] },
    ],
    [
      'a receiver instead',
      { receiver: '+525512340000' },
      { status: 422, code: 'request.invalid', field: ['#/receiver', 'unknown_field'] },
    ],
  ] as [string, object, Refusal][])('BI-47 over %s', async (_what, body, refusal) => {
    const open = await openChallenge(house, generator);
    await delivered(open);
    await expectUntouched(house, async () =>
      expectRefusal('native', await post(open, 'resend', body), refusal, ['+525512340000', open.receiver]),
    );
  });
});

describe('canceling', () => {
  it('BI-48 twice is one answer; after it was approved it is none', async () => {
    const open = await openChallenge(house, generator);
    for (let turn = 0; turn < 2; turn++)
      expect(await post(open, 'cancel')).toMatchObject({
        status: 200,
        json: { status: 'canceled', attemptsRemaining: 5, sends: 1 },
      });
    const approved = await openChallenge(house, generator);
    await post(approved, 'check', { code: approved.code });
    const answer = await post(approved, 'cancel');
    expectRefusal('native', answer, notPending, [approved.code]);
    expect(answer.json.state).toBe('approved');
  });

  it('BI-48 likewise in the dialect', async () => {
    const open = await openChallenge(house, generator);
    const act = (on: OpenChallenge, action: string, code?: string): Promise<Answer> =>
      house.call('PATCH', `/eyriesgate/v1/2fa/${on.number}/codes`, { action, requestId: on.requestId, code });
    for (let turn = 0; turn < 2; turn++) {
      const { status, json } = await act(open, 'cancel');
      expect([status, json.meta.explain]).toEqual([200, 'canceled code']);
    }
    const approved = await openChallenge(house, generator);
    expect((await act(approved, 'verify', approved.code)).status).toBe(200);
    const answer = await act(approved, 'cancel');
    expect([answer.status, answer.json.errors.details.code]).toEqual([409, 'CODE_ALREADY_VALIDATED']);
    const unknown = await act(approved, 'resend');
    expectRefusal('messangi', unknown, {
      status: 422,
      code: 'request.invalid',
      field: ['#/action', 'not_allowed'],
    });
  });
});

describe('reading', () => {
  it('BI-49 an id in another case, a slash behind, a field that is asked for', async () => {
    const open = await openChallenge(house, generator);
    const path = `/v1/challenges/${open.id}`;
    for (const id of [
      open.id.toUpperCase(),
      open.id.replace('chl_', 'CHL_'),
      `chl_${open.id.slice(4).toUpperCase()}`,
    ]) {
      // An id whose signs happen to be digits alone has no other case.
      if (id !== open.id)
        expectRefusal(
          'native',
          await house.call('GET', `/v1/challenges/${id}`),
          { status: 404, code: 'challenge.not_found' },
          [id],
        );
    }
    expect((await house.call('GET', `${path}/`)).json.id).toBe(open.id);
    const fields = await house.call('GET', `${path}?fields=code`);
    expectRefusal('native', fields, unknownParameter('fields'), [open.code, open.id]);
  });

  it.each([
    ['limit=0', parameter('limit', 'too_small')],
    ['limit=-1', parameter('limit', 'too_small')],
    ['limit=1e9', parameter('limit', 'too_large')],
    ['limit=101', parameter('limit', 'too_large')],
    ['limit=ten', parameter('limit', 'integer_required')],
    ['limit=1.5', parameter('limit', 'integer_required')],
    ['limit=', parameter('limit', 'too_small')],
    ['cursor=xyzzy', parameter('cursor', 'format')],
    ['cursor=', parameter('cursor', 'length')],
    ['status=xyzzy', parameter('status', 'not_allowed')],
    ['since=yesterday', parameter('since', 'date_required')],
    ['receiver=xyzzy', parameter('receiver', 'invalid_phone')],
  ])('BI-50 a list with ?%s', async (query, refusal) => {
    expectRefusal('native', await house.call('GET', `/v1/challenges?${query}`), refusal, [
      'xyzzy',
      'yesterday',
      '1e9',
    ]);
  });

  it('BI-50 a cursor of another tenant, or one that was touched', async () => {
    for (let opened = 0; opened < 2; opened++) await openChallenge(house, generator);
    const first = await until(
      () => house.call('GET', '/v1/challenges?limit=1'),
      (answer) => answer.json.nextCursor !== undefined,
    );
    const cursor: string = first.json.nextCursor;
    expect((await house.call('GET', `/v1/challenges?limit=1&cursor=${cursor}`)).status).toBe(200);
    const other = await house.newTenantKey('list-other');
    const foreign = await house.call('GET', `/v1/challenges?cursor=${cursor}`, undefined, {
      authorization: `Bearer ${other.key}`,
    });
    const touched = await house.call(
      'GET',
      `/v1/challenges?cursor=${cursor.replace(/^./, (digit) => (digit === '1' ? '2' : '1'))}`,
    );
    for (const answer of [foreign, touched])
      expectRefusal('native', answer, parameter('cursor', 'format'), [cursor]);
  });
});

describe('BI-72 queries', () => {
  const queries: [what: string, query: string, name: string][] = [
    ['a path through a prototype', 'a[__proto__][x]=1', 'a[__proto__][x]'],
    ['a path from a prototype', '__proto__[polluted]=1', '__proto__[polluted]'],
    ['__proto__', '__proto__=1', '__proto__'],
    ['constructor', 'constructor=1', 'constructor'],
    ['toString', 'toString=1', 'toString'],
    ['an unknown one twice', 'a=1&a=2', 'a'],
    ['1,001 of them', Array.from({ length: 1_001 }, (_, at) => `a${at}=1`).join('&'), 'a0'],
  ];

  it.each(queries)('%s', async (_what, query, name) => {
    for (const path of ['/v1/challenges', '/v1/generators', '/v1/templates', '/v1/accounts', '/health/live'])
      expectRefusal('native', await house.call('GET', `${path}?${query}`), unknownParameter(name), [], path);
    expectRefusal('messangi', await house.call('GET', `/eyriesgate/v1/2fa?${query}`), unknownParameter(name));
    expectRefusal(
      'messangi',
      await house.call('GET', `/balerion/v2/whatsapp/templates?wabaId=${house.demo.wabaId}&${query}`),
      unknownParameter(name),
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('a known parameter twice', async () => {
    expectRefusal(
      'native',
      await house.call('GET', '/v1/challenges?limit=1&limit=2'),
      parameter('limit', 'integer_required'),
    );
    expectRefusal(
      'native',
      await house.call('GET', '/v1/challenges?status=pending&status=locked'),
      parameter('status', 'not_allowed'),
    );
    expectRefusal(
      'native',
      await house.call('GET', '/v1/templates?name=a&name=b'),
      parameter('name', 'string_required'),
    );
    const twice = `/balerion/v2/whatsapp/templates?wabaId=${house.demo.wabaId}&wabaId=${house.demo.wabaId}`;
    expectRefusal('messangi', await house.call('GET', twice), parameter('wabaId', 'string_required'), [
      house.demo.wabaId,
    ]);
  });

  it('on calls that take none, which then do nothing', async () => {
    const open = await openChallenge(house, generator);
    await delivered(open);
    await expectUntouched(house, async () => {
      for (const path of [
        '/v1/challenges',
        `/v1/challenges/${open.id}/check`,
        `/v1/challenges/${open.id}/cancel`,
      ])
        expectRefusal(
          'native',
          await house.call('POST', `${path}?dry=1`, { code: open.code }),
          unknownParameter('dry'),
          [open.code],
        );
      const send = await house.call('POST', `/eyriesgate/v1/2fa/${open.number}/codes?dry=1`, {
        channel: 'WHATSAPP',
        receiver: open.receiver,
      });
      expectRefusal('messangi', send, unknownParameter('dry'), [open.receiver]);
    });
  });

  it('both, or neither, of wabaId and senderId', async () => {
    const path = '/balerion/v2/whatsapp/templates';
    const both = await house.call(
      'GET',
      `${path}?wabaId=${house.demo.wabaId}&senderId=${house.demo.senderAddress}`,
    );
    expectRefusal('messangi', both, parameter('wabaId', 'exactly_one_of'), [house.demo.wabaId]);
    expectRefusal('messangi', await house.call('GET', path), parameter('senderId', 'exactly_one_of'));
  });
});

/** Its message has gone out, so that nothing moves any more. */
async function delivered(open: OpenChallenge): Promise<void> {
  await until(
    () => house.simulated(open.receiver),
    (messages) => messages.length > 0,
  );
}
