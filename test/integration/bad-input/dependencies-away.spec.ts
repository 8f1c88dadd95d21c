import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChallengesService, OpeningsService } from '#challenges';
import { GeneratorsService } from '#generators';
import { type Answer, ask, type House, openHouse, until } from '../../support/house.js';
import { type PrivateService, privatePostgres } from '../../support/services.js';
import {
  expectRefusal,
  failuresOf,
  nextReceiver,
  openChallenge,
  type OpenChallenge,
  type Refusal,
  type Surface,
} from './refusals.js';

const WITHIN_MS = 1_200;
const unavailable: Refusal = { status: 503, code: 'dependency.unavailable' };

let postgres: PrivateService;
let house: House;
let generator: string;
let open: OpenChallenge;

beforeAll(async () => {
  postgres = await privatePostgres();
  house = await openHouse({ postgres });
  generator = await house.newGenerator();
  open = await openChallenge(house, generator);
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await house.close();
  await postgres.dispose();
});

type Call = [surface: Surface, method: string, path: string, body?: object, headers?: Record<string, string>];

/** What needs Redis alone. */
function hotCalls(): Call[] {
  const path = `/v1/challenges/${open.id}`;
  const codes = `/eyriesgate/v1/2fa/${open.number}/codes`;
  const receiver = open.receiver;
  return [
    ['native', 'POST', '/v1/challenges', { generator, receiver }],
    ['native', 'POST', '/v1/challenges', { generator, receiver }, { 'idempotency-key': 'away' }],
    ['native', 'POST', `${path}/check`, { code: open.code }],
    ['native', 'POST', `${path}/resend`],
    ['native', 'POST', `${path}/cancel`],
    ['native', 'GET', path],
    ['native', 'GET', `${path}/code`],
    ['messangi', 'POST', codes, { channel: 'WHATSAPP', receiver }],
    ['messangi', 'PATCH', codes, { action: 'verify', requestId: open.requestId, code: open.code }],
    ['messangi', 'PATCH', codes, { action: 'status', requestId: open.requestId }],
    ['messangi', 'PATCH', codes, { action: 'cancel', requestId: open.requestId }],
  ];
}

/** What needs PostgreSQL. */
function administrativeCalls(): Call[] {
  const account = `/v1/accounts/${house.demo.accountId}`;
  const plan = [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: open.template }];
  const theirs = {
    type: 'WHATSAPP',
    address: house.demo.senderAddress,
    templateId: '1',
    placeholder: 'code',
  };
  const template = {
    account: house.demo.accountId,
    name: 'away',
    category: 'AUTHENTICATION',
    languages: [{ language: 'en' }],
  };
  return [
    ['native', 'GET', '/v1/challenges'],
    ['native', 'GET', '/v1/generators'],
    ['native', 'POST', '/v1/generators', { name: 'away', channels: plan }],
    ['native', 'GET', `/v1/generators/${generator}`],
    ['native', 'PUT', `/v1/generators/${generator}`, { name: 'away', channels: plan }],
    ['native', 'DELETE', `/v1/generators/${generator}`],
    ['native', 'GET', '/v1/templates'],
    ['native', 'POST', '/v1/templates', template],
    ['native', 'POST', `/v1/templates/${open.template}/sync`],
    ['native', 'DELETE', `/v1/templates/${open.template}`],
    ['native', 'GET', '/v1/accounts'],
    ['native', 'PATCH', account, { name: 'away' }],
    ['native', 'DELETE', account],
    ['native', 'POST', `${account}/test`],
    ['messangi', 'GET', '/eyriesgate/v1/2fa'],
    ['messangi', 'POST', '/eyriesgate/v1/2fa', { codeLength: 6, expirationMinutes: 10, channels: [theirs] }],
    ['messangi', 'DELETE', `/eyriesgate/v1/2fa/${open.number}`],
    ['messangi', 'GET', `/balerion/v2/whatsapp/templates?wabaId=${house.demo.wabaId}`],
  ];
}

async function expectAway(calls: readonly Call[], dependency: 'redis' | 'postgres'): Promise<void> {
  const ask = async ([surface, method, path, body, headers]: Call): Promise<void> => {
    const from = performance.now();
    const answer = await house.call(method, path, body, headers);
    const where = `${method} ${path}`;
    expect(performance.now() - from, where).toBeLessThan(WITHIN_MS);
    expectRefusal(
      surface,
      answer,
      unavailable,
      [open.code, open.receiver, 'ECONN', 'timed out', '127.0.0.1'],
      where,
    );
    expect(answer.headers['retry-after'], where).toMatch(/^[1-9]\d*$/);
    const told = surface === 'native' ? answer.json : answer.json.errors.details;
    expect(told.dependency, where).toBe(dependency);
  };
  await Promise.all(calls.map(ask));
}

const ready = (): Promise<Answer> => ask('GET', `${house.api.url}/health/ready`);

describe('BI-86 Redis away', () => {
  it.each([
    ['gone', 'SIGKILL'],
    ['silent', 'SIGSTOP'],
  ] as const)('%s: 503 within 1.2 s, nothing lost or counted', async (_what, signal) => {
    const neverSeen = await house.newKey('test');
    await house.redisServer.kill(signal);
    try {
      await expectAway(hotCalls(), 'redis');
      const unknown: Call = [
        'native',
        'GET',
        '/v1/generators',
        undefined,
        { authorization: `Bearer ${neverSeen}` },
      ];
      await expectAway([unknown], 'redis');
      expect((await ready()).status).toBe(503);
      expect((await ask('GET', `${house.api.url}/health/live`)).status).toBe(200);
    } finally {
      if (signal === 'SIGSTOP') await house.redisServer.kill('SIGCONT');
      else await house.redisServer.restart();
    }
    await until(ready, (answer) => answer.status === 200);
    // What reached a silent Redis was done there, late: a time-out never says "not done". Nothing was compared twice.
    expect(await failuresOf(house, open.id)).toBeLessThanOrEqual(signal === 'SIGSTOP' ? 2 : 0);
    if (signal === 'SIGKILL') {
      const read = await house.call('GET', `/v1/challenges/${open.id}`);
      expect(read.json).toMatchObject({ status: 'pending', attemptsRemaining: 5, sends: 1 });
    }
    const after = await openChallenge(house, generator);
    expect(
      (await house.call('POST', `/v1/challenges/${after.id}/check`, { code: after.code })).json.valid,
    ).toBe(true);
    open = await openChallenge(house, generator);
  });

  it('a generator saved meanwhile is not lost: it is published when Redis is back', async () => {
    await house.redisServer.kill('SIGKILL');
    const body = {
      name: 'outbox',
      channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: open.template }],
    };
    const saved = await house.call('POST', '/v1/generators', body).finally(() => house.redisServer.restart());
    expect([201, 503]).toContain(saved.status);
    await until(ready, (answer) => answer.status === 200);
    const listed = await house.call('GET', '/v1/generators');
    const id = listed.json.items.find((item: { name: string }) => item.name === 'outbox')?.id;
    expect(id).toBeDefined();
    await until(
      () => house.call('POST', '/v1/challenges', { generator: id, receiver: nextReceiver() }),
      (answer) => answer.status === 201,
    );
  });
});

describe('BI-86 PostgreSQL away', () => {
  it('503 for administrative calls only; codes go out and are checked', async () => {
    await postgres.kill('SIGKILL');
    try {
      await expectAway(administrativeCalls(), 'postgres');
      const fresh = nextReceiver();
      const opened = await house.call('POST', '/v1/challenges', { generator, receiver: fresh });
      expect(opened.status, opened.text).toBe(201);
      await until(
        () => house.simulated(fresh),
        (messages) => messages.length === 1,
      );
      const statuses: [string, number][] = [];
      for (const [surface, method, path, body, headers] of hotCalls().filter(
        ([, method, path]) => method === 'GET' || path.endsWith('/codes') || path.endsWith('/resend'),
      ))
        statuses.push([`${surface} ${method}`, (await house.call(method, path, body, headers)).status]);
      expect(statuses.filter(([, status]) => status >= 500)).toEqual([]);
      const { json } = await house.call('GET', `/v1/challenges/${opened.json.id}/code`);
      const checked = await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: json.code });
      expect([checked.status, checked.json.valid]).toEqual([200, true]);
      expect((await ready()).json.details.postgres).toMatchObject({ degraded: true });
    } finally {
      await postgres.restart();
    }
    await until(
      () => house.call('GET', '/v1/generators'),
      (answer) => answer.status === 200,
    );
    const { json } = await house.call('GET', '/v1/accounts');
    expect(json.items.map((account: { provider: string }) => account.provider)).toContain('meta-cloud');
  });
});

describe('BI-87 SEC-13 an exception nobody expected', () => {
  const words = 'secret 482913 +525512345678 at /srv/app/file.js:1:1';
  const thrown: [what: string, error: unknown][] = [
    ['an error', new Error(words)],
    ['a TypeError', new TypeError(words)],
    ['an error that says it is a client’s', Object.assign(new Error(words), { status: 400 })],
    ['a string', words],
    ['nothing', undefined],
    ['null', null],
    ['an object', { message: words, code: 'X', statusCode: 500 }],
  ];

  it.each(thrown)('%s: 500 in general words, and the process lives', async (_what, error) => {
    const challenge = await openChallenge(house, generator);
    const app = house.api.app;
    const throwing = (): never => {
      throw error;
    };
    vi.spyOn(app.get(OpeningsService, { strict: false }), 'open').mockImplementation(throwing);
    vi.spyOn(app.get(ChallengesService, { strict: false }), 'check').mockImplementation(() =>
      Promise.reject(error as Error),
    );
    vi.spyOn(app.get(GeneratorsService, { strict: false }), 'list').mockImplementation(throwing);
    const codes = `/eyriesgate/v1/2fa/${challenge.number}/codes`;
    const calls: Call[] = [
      ['native', 'POST', '/v1/challenges', { generator, receiver: challenge.receiver }],
      ['native', 'POST', `/v1/challenges/${challenge.id}/check`, { code: challenge.code }],
      ['native', 'GET', '/v1/generators'],
      ['messangi', 'POST', codes, { channel: 'WHATSAPP', receiver: challenge.receiver }],
      [
        'messangi',
        'PATCH',
        codes,
        { action: 'verify', requestId: challenge.requestId, code: challenge.code },
      ],
    ];
    for (const [surface, method, path, body] of calls) {
      const answer = await house.call(method, path, body);
      expectRefusal(
        surface,
        answer,
        { status: 500, code: 'internal.error' },
        ['secret', '482913', '5512345678', '.js', '.ts', 'at ', 'Error'],
        path,
      );
      if (surface === 'native')
        expect(Object.keys(answer.json).sort()).toEqual(['code', 'requestId', 'status', 'title', 'type']);
    }
    vi.restoreAllMocks();
    expect(await failuresOf(house, challenge.id)).toBe(0);
    expect(
      (await house.call('POST', `/v1/challenges/${challenge.id}/check`, { code: challenge.code })).json.valid,
    ).toBe(true);
  });

  it('under an Idempotency-Key is not kept: the next call does the work', async () => {
    const receiver = nextReceiver();
    const send = (): Promise<Answer> =>
      house.call('POST', '/v1/challenges', { generator, receiver }, { 'idempotency-key': 'exception' });
    vi.spyOn(house.api.app.get(OpeningsService, { strict: false }), 'open').mockRejectedValueOnce(
      new Error(words),
    );
    expectRefusal('native', await send(), { status: 500, code: 'internal.error' }, ['secret']);
    expect((await send()).status).toBe(201);
  });
});
