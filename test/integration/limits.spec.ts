// Protects the limits where they matter: between a caller's request and a provider, over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningWorker, startWorker } from '../../apps/worker/src/worker.js';
import { loadConfig } from '#platform/config';
import { type Answer, type House, openHouse, until } from '../support/house.js';

let house: House;
let generator: string;
let live: string;
let settings: string;

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
  live = await house.newKey('live');
  settings = await house.newKey('test', ['limits:read', 'limits:write', 'switches:write']);
});
afterAll(() => house.close());

const as = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

function open(receiver: string, more: object = {}, key = live): Promise<Answer> {
  return house.call('POST', '/v1/challenges', { generator, receiver, ...more }, as(key));
}

async function change(body: object): Promise<Answer> {
  return house.call('PUT', '/v1/limits', body, as(settings));
}

interface Event {
  type: string;
  times: number;
  data: Record<string, string>;
}
async function events(type: string): Promise<Event[]> {
  const answer = await house.call('GET', '/v1/limits/events?limit=100', undefined, as(settings));
  return (answer.json.items as Event[]).filter((event) => event.type === type);
}

let receivers = 0;
/** Mexican mobiles of different prefixes. */
const someone = (): string => `+5255${String(10_000_000 + ++receivers * 10_007).slice(0, 8)}`;

describe('a refusal', () => {
  it('FR-04, FR-18: is told with its reason and when to come again; nothing is sent, and it is written down', async () => {
    await change({ limits: [{ limit: 'sends.ip', most: [1, 30] }] });
    const endUser = { ip: '203.0.113.50' };
    expect((await open(someone(), { endUser })).status).toBe(201);
    const receiver = someone();
    const refused = await open(receiver, { endUser });
    expect(refused).toMatchObject({ status: 429, json: { code: 'limit.ip' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(590);
    expect(refused.text).not.toContain('203.0.113');
    const found = await until(
      () => events('limit.refused'),
      (list) => list.length > 0,
    );
    expect(found).toMatchObject([{ data: { limit: 'sends.ip', channel: 'whatsapp', country: 'MX' } }]);
    const listed = await until(
      () => house.call('GET', `/v1/challenges?receiver=${encodeURIComponent(receiver)}`),
      (answer) => answer.json.items.length > 0,
    );
    expect(listed.json.items).toMatchObject([{ status: 'refused', reason: 'ip', messages: [] }]);
    expect(await house.simulated(receiver)).toEqual([]);
    await change({});
  });

  it('FR-10: of the challenge’s own limits gives the budget back', async () => {
    await change({ budgets: [{ period: 'day', unit: 'messages', most: 5 }] });
    const receiver = someone();
    for (let message = 0; message < 3; message++) {
      const answer = await open(receiver, { context: { order: String(message) } });
      expect(answer.status).toBe(201);
    }
    for (let more = 0; more < 4; more++)
      expect((await open(receiver, { context: { order: `x${more}` } })).json.code).toBe('limit.receiver');
    expect((await open(someone())).status).toBe(201);
    expect((await open(someone())).status).toBe(201);
    expect((await open(someone())).json.code).toBe('limit.budget');
    await change({});
  });

  it('FR-04: does not count what is repeated under one Idempotency-Key twice', async () => {
    await change({ limits: [{ limit: 'sends.ip', most: [1, 30] }] });
    const body = { generator, receiver: someone(), endUser: { ip: '203.0.113.60' } };
    const headers = { ...as(live), 'idempotency-key': 'limits-once' };
    const first = await house.call('POST', '/v1/challenges', body, headers);
    const again = await house.call('POST', '/v1/challenges', body, headers);
    expect([first.status, again.status, again.json.id]).toEqual([201, 201, first.json.id]);
    await change({});
  });

  it('FR-01: a resend is a send: it falls under the same limits', async () => {
    await change({
      limits: [{ limit: 'sends.cool_down', mode: 'off' }],
      budgets: [{ period: 'day', unit: 'messages', most: 1_000 }],
    });
    const opened = await open(someone());
    await change({ budgets: [{ channel: 'whatsapp', period: 'day', unit: 'messages', most: 1 }] });
    expect((await open(someone())).status).toBe(201);
    house.moveClock(31_000);
    const resent = await house.call('POST', `/v1/challenges/${opened.json.id}/resend`, {}, as(live));
    house.moveClock(-31_000);
    expect(resent.json.code).toBe('limit.budget');
    await change({});
  });

  it('meets no test key', async () => {
    await change({ budgets: [{ period: 'day', unit: 'messages', most: 1 }] });
    await open(someone());
    const key = await house.newKey('test');
    for (let message = 0; message < 3; message++) expect((await open(someone(), {}, key)).status).toBe(201);
    await change({});
  });
});

it('FR-10: of 60 parallel requests at a budget of 30, exactly 30 are sent', async () => {
  await change({
    limits: [{ limit: 'sends.prefix', mode: 'off' }],
    budgets: [{ period: 'month', unit: 'messages', most: 30 }],
  });
  const to = Array.from({ length: 60 }, someone);
  const answers = await Promise.all(to.map((receiver) => open(receiver)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(30);
  expect(answers.filter(({ status, json }) => status === 429 && json.code === 'limit.budget')).toHaveLength(
    30,
  );
  await until(
    async () => (await Promise.all(to.map((receiver) => house.simulated(receiver)))).flat(),
    (messages) => messages.length === 30,
  );
  await change({});
});

describe('FR-16: a switch', () => {
  it('stops sends with 503, those of test keys too, until it is lifted', async () => {
    const put = await house.call(
      'PUT',
      '/v1/switches',
      { scope: 'country', target: 'MX', reason: 'spec' },
      as(settings),
    );
    const refused = await until(
      () => open(someone()),
      ({ status }) => status !== 201,
      5_000,
    );
    expect(refused).toMatchObject({ status: 503, json: { code: 'switch.off' } });
    expect(refused.headers['retry-after']).toBe('60');
    expect((await open(someone(), {}, await house.newKey('test'))).status).toBe(503);
    expect((await open('+4915112345678')).status).toBe(201);
    await house.call('DELETE', `/v1/switches/${put.json.id}`, undefined, as(settings));
    await until(
      () => open(someone()),
      ({ status }) => status === 201,
      5_000,
    );
  });

  it('stops what was queued before it', async () => {
    const idle = await openHouse({ worker: false });
    let worker: RunningWorker | undefined;
    try {
      const key = await idle.newKey('test', ['switches:write']);
      const receiver = someone();
      const opened = await idle.call('POST', '/v1/challenges', {
        generator: await idle.newGenerator(),
        receiver,
      });
      const body = { scope: 'channel', target: 'whatsapp', reason: 'spec' };
      expect((await idle.call('PUT', '/v1/switches', body, as(key))).status).toBe(200);
      worker = await startWorker(loadConfig(idle.environment));
      const ended = await until(
        () => idle.call('GET', `/v1/challenges/${opened.json.id}`),
        ({ json }) => json.status === 'undeliverable',
      );
      expect(ended.json.messages).toMatchObject([{ status: 'failed', reason: 'switched_off' }]);
      expect(await idle.simulated(receiver)).toEqual([]);
    } finally {
      await worker?.drain();
      await idle.close();
    }
  });
});

describe('PUT /v1/limits', () => {
  it('answers every limit as it holds, as does GET', async () => {
    const body = {
      limits: [{ limit: 'sends.ip', mode: 'shadow', most: [20, 60] }],
      voiceCountries: ['MX'],
      budgets: [{ period: 'day', unit: 'money', currency: 'USD', most: 5_000_000, assumedMicros: 40_000 }],
      score: {
        denyAt: 50,
        rules: [{ name: 'no_device', points: 10, when: [{ signal: 'deviceId', is: 'missing' }] }],
      },
    };
    const put = await change(body);
    expect(put.status).toBe(200);
    const { limits, ...rest } = put.json;
    expect(rest).toEqual({ voiceCountries: ['MX'], budgets: body.budgets, score: body.score });
    expect(limits.find(({ limit }: { limit: string }) => limit === 'sends.ip')).toMatchObject({
      mode: 'shadow',
      windows: [
        { most: 20, seconds: 600, maximum: 1_000 },
        { most: 60, seconds: 3_600 },
      ],
    });
    expect((await house.call('GET', '/v1/limits', undefined, as(settings))).json).toEqual(put.json);
    const other = await house.newTenantKey('elsewhere');
    const theirs = await house.call('GET', '/v1/limits', undefined, as(other.key));
    expect(theirs.json).toMatchObject({ budgets: [], voiceCountries: [] });
    expect((await change({})).json.budgets).toEqual([]);
  });

  it.each([
    [{ limits: [{ limit: 'sends.ip', most: [1_001, 30] }] }, '#/limits/0/most/0', 'too_large'],
    [{ limits: [{ limit: 'sends.ip', most: [0, 30] }] }, '#/limits/0/most', 'too_small'],
    [{ limits: [{ limit: 'sends.ip', most: [5] }] }, '#/limits/0/most', 'length'],
    [{ limits: [{ limit: 'sends.moon' }] }, '#/limits/0/limit', 'not_allowed'],
    [{ limits: [{ limit: 'sends.ip', mode: 'maybe' }] }, '#/limits/0/mode', 'not_allowed'],
    [{ limits: [{ limit: 'sends.ip' }, { limit: 'sends.ip' }] }, '#/limits/1/limit', 'not_unique'],
    [{ limits: [{ limit: 'budget.platform', mode: 'off' }] }, '#/limits/0/limit', 'not_allowed'],
    [
      { budgets: [{ period: 'day', unit: 'money', most: 1, assumedMicros: 1 }] },
      '#/budgets/0/currency',
      'required',
    ],
    [
      { budgets: [{ period: 'day', unit: 'money', most: 1, currency: 'USD' }] },
      '#/budgets/0/assumedMicros',
      'required',
    ],
    [{ budgets: [{ period: 'week', unit: 'messages', most: 1 }] }, '#/budgets/0/period', 'not_allowed'],
    [{ voiceCountries: ['Mexico'] }, '#/voiceCountries', 'format'],
    [{ score: { denyAt: 0, rules: [] } }, '#/score/denyAt', 'too_small'],
  ])('refuses %j and names field and rule', async (body, pointer, code) => {
    expect(await change(body)).toMatchObject({
      status: 422,
      json: { code: 'request.invalid', errors: [{ pointer, code }] },
    });
  });

  it('is not for a key that sends: none has the scope unasked', async () => {
    expect((await house.call('PUT', '/v1/limits', {}, as(live))).json.code).toBe('auth.insufficient_scope');
    expect((await house.call('PUT', '/v1/switches', {}, as(live))).json.code).toBe('auth.insufficient_scope');
  });
});

it.each([
  [{ ip: 'somewhere' }, '#/endUser/ip', 'format'],
  [{ ip: '203.0.113.1, 10.0.0.1' }, '#/endUser/ip', 'format'],
  [{ trusted: 'yes' }, '#/endUser/trusted', 'boolean_required'],
  [{ deviceId: 'x'.repeat(129) }, '#/endUser/deviceId', 'too_long'],
  [{ name: 'x' }, '#/endUser/name', 'unknown_field'],
])('endUser %j is refused', async (endUser, pointer, code) => {
  expect(await open(someone(), { endUser })).toMatchObject({
    status: 422,
    json: { errors: [{ pointer, code }] },
  });
});
