// Keys: of the ring, of callers, of repeated requests. What each decides, and what becomes of what an old one made.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, type House, openHouse, until } from '../../support/house.js';
import { newRingEntry } from '../../support/configuration.js';
import { type StartedProcess, startBuilt } from '../../support/processes.js';
import { failuresOf, nextReceiver } from '../bad-input/refusals.js';
import { startApi } from '../../../apps/api/src/api.js';
import { startWorker } from '../../../apps/worker/src/worker.js';
import { loadConfig } from '#platform/config';
import { parseNative } from '#platform/identifiers';
import { TenantsService } from '#tenants';

const DAY_MS = 24 * 3_600_000;
const OLD = newRingEntry('old');
const NEW = newRingEntry('new');
const AT_ONCE = 8;

let house: House;
let generator: string;

beforeAll(async () => {
  house = await openHouse({ worker: false, env: { KEYRING: OLD } });
  generator = await house.newGenerator();
});
afterAll(() => house.close());

interface Open {
  id: string;
  code: string;
  wrong: string;
}

function callerOf(url: string): (method: string, path: string, body?: unknown) => Promise<Answer> {
  return (method, path, body) =>
    ask(method, url + path, body, { authorization: `Bearer ${house.demo.apiKey}` });
}

async function open(call: ReturnType<typeof callerOf>): Promise<Open> {
  const { json } = await call('POST', '/v1/challenges', { generator, receiver: nextReceiver() });
  const { code } = (await call('GET', `/v1/challenges/${json.id}/code`)).json;
  return { id: json.id, code, wrong: code.replace(/\d/g, (digit: string) => String(9 - Number(digit))) };
}

const openMany = (call: ReturnType<typeof callerOf>, count: number): Promise<Open[]> =>
  Promise.all(Array.from({ length: count }, () => open(call)));

describe('a ring that is rotated while codes are alive', () => {
  it('ATK-35 SEC-08 answers no right code wrong, over a restart of every process', async () => {
    let process = await startBuilt('api', house.environment);
    let call = callerOf(process.url);
    const waiting = await openMany(call, AT_ONCE * 2);
    const told: string[] = [];
    /** Always the oldest: each code is checked some rounds after it was made, so many by the next process. */
    const round = async (): Promise<void> => {
      waiting.push(...(await openMany(call, AT_ONCE)));
      const now = waiting.splice(0, AT_ONCE);
      const answers = await Promise.all(
        now.map(({ id, code }) => call('POST', `/v1/challenges/${id}/check`, { code })),
      );
      told.push(...answers.map(({ status, json }) => `${status} ${json.status}`));
    };
    try {
      await round();
      // As a deployment does: the new process is there before the old one goes.
      const starting = startBuilt('api', { ...house.environment, KEYRING: `${NEW},${OLD}` });
      let next: StartedProcess | undefined;
      void starting.then((started) => (next = started));
      while (!next) await round();
      const last = process;
      [process, call] = [await starting, callerOf(next.url)];
      const ending = last.kill('SIGTERM');
      for (let after = 0; after < 5; after++) await round();
      await ending;
      expect(told.length).toBeGreaterThan(AT_ONCE * 8);
      expect(told.filter((answer) => answer !== '200 approved')).toEqual([]);
      expect(await sealedUnder((await open(call)).id)).toBe('new');
    } finally {
      await process.kill();
    }
  });

  it('ATK-35 tells of a key that left too early: clearly, without counting, and in the log', async () => {
    const early = await open(house.call);
    const retired = await startBuilt('api', { ...house.environment, KEYRING: NEW, LOG_LEVEL: 'error' });
    let log = '';
    retired.child.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
    try {
      const call = callerOf(retired.url);
      for (const code of [early.code, early.wrong, early.code]) {
        const answer = await call('POST', `/v1/challenges/${early.id}/check`, { code });
        expect([answer.status, answer.json.code]).toEqual([500, 'challenge.key_retired']);
      }
      expect(await failuresOf(house, early.id)).toBe(0);
      const line = await until(
        () => Promise.resolve(log.split('\n').find((text) => text.includes('key ring'))),
        (found) => found !== undefined,
      );
      expect(JSON.parse(line!)).toMatchObject({
        level: 50,
        error: { type: 'RetiredKey', message: 'key old is not in the key ring' },
      });
      expect(
        (await house.call('POST', `/v1/challenges/${early.id}/check`, { code: early.code })).json,
      ).toEqual(expect.objectContaining({ valid: true, status: 'approved' }));
    } finally {
      await retired.kill();
    }
  });

  it('ATK-35 a worker without the key leaves the message alone, and says why', async () => {
    const api = await startApi(loadConfig({ ...house.environment, KEYRING: `${NEW},${OLD}` }));
    const worker = await startWorker(loadConfig(house.environment));
    try {
      const { id } = await open(callerOf(api.url));
      const ended = await until(
        () => recordOf(id, 's', 'r1'),
        ([state]) => state === 'U',
      );
      expect(ended).toEqual(['U', 'key_retired']);
    } finally {
      await worker.drain();
      await api.drain();
    }
  });

  async function recordOf(id: string, ...fields: string[]): Promise<(string | null)[]> {
    const [key] = await house.redis.keys(`{p*}:ch:${id.slice('chl_'.length)}`);
    return house.redis.hmget(key!, ...fields);
  }

  async function sealedUnder(id: string): Promise<string | undefined> {
    return (await recordOf(id, 'c'))[0]?.split('.')[0];
  }
});

describe('a key of a caller', () => {
  const tenants = (): TenantsService => house.api.app.get(TenantsService, { strict: false });
  const asking = async (key: string, path = '/v1/generators'): Promise<number> =>
    (await house.call('GET', path, undefined, { authorization: `Bearer ${key}` })).status;

  it('STD-25 has an end, from which on it is refused', async () => {
    const { text } = await tenants().createKey({
      tenantId: parseNative('tenant', house.demo.tenantId)!,
      name: 'a day',
      mode: 'test',
      lifeDays: 1,
    });
    expect(await asking(text)).toBe(200);
    house.moveClock(DAY_MS);
    try {
      expect(await asking(text)).toBe(401);
    } finally {
      house.moveClock(-DAY_MS);
    }
  });

  it('STD-25 cannot be made without an end', async () => {
    const { text } = await tenants().createKey({
      tenantId: parseNative('tenant', house.demo.tenantId)!,
      name: 'unsaid',
      mode: 'test',
    });
    house.moveClock(400 * DAY_MS);
    try {
      expect(await asking(text)).toBe(401);
    } finally {
      house.moveClock(-400 * DAY_MS);
    }
  });

  it('STD-21 is limited like anyone: a valid live key sends one receiver three codes in ten minutes', async () => {
    const headers = { authorization: `Bearer ${await house.newKey('live')}` };
    const receiver = nextReceiver();
    const statuses: (number | string)[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const { status, json } = await house.call('POST', '/v1/challenges', { generator, receiver }, headers);
      statuses.push(status === 201 ? status : json.code);
      if (status === 201) await house.call('POST', `/v1/challenges/${json.id}/cancel`, {}, headers);
    }
    expect(statuses).toEqual([201, 201, 201, 'limit.receiver']);
  });
});

describe('an Idempotency-Key', () => {
  it('ATK-37 is its tenant’s own: another one gets a new object, and learns nothing of the first', async () => {
    const mine = { 'idempotency-key': 'shared-text' };
    const other = await house.newTenantKey('neighbour');
    const theirs = { ...mine, authorization: `Bearer ${other.key}` };
    const account = {
      name: 'spec',
      provider: 'meta-cloud',
      config: { wabaId: '1234567', accessToken: 'x'.repeat(20), appSecrets: ['y'.repeat(20)] },
      countries: ['MX'],
      senders: [],
    };
    const first = await house.call('POST', '/v1/accounts', account, mine);
    expect(first.status, first.text).toBe(201);
    const second = await house.call('POST', '/v1/accounts', account, theirs);
    expect([second.status, second.headers['idempotency-replayed']]).toEqual([201, undefined]);
    expect(second.json.id).not.toBe(first.json.id);
    // Another body under the same text is no mismatch to them: that would tell that it is in use.
    const third = await house.call('POST', '/v1/templates', {}, theirs);
    expect(third.json.code).not.toMatch(/^idempotency/);
    expect((await house.call('POST', '/v1/accounts', account, mine)).text).toBe(first.text);
  });

  it('ATK-37 keeps no answer in clear', async () => {
    const receiver = nextReceiver();
    const answer = await house.call(
      'POST',
      '/v1/challenges',
      { generator, receiver, metadata: { order: 'A-17-secret' } },
      { 'idempotency-key': 'kept' },
    );
    expect(answer.status).toBe(201);
    const kept = await Promise.all((await house.redis.keys('{i:*')).map((key) => house.redis.get(key)));
    expect(kept.filter((text) => text?.startsWith('done|')).length).toBeGreaterThan(0);
    for (const text of kept) {
      expect(text).not.toContain(answer.json.id);
      expect(text).not.toContain('chl_');
    }
  });
});
