// Keys over HTTP: what may be made of them, who may, how they end, and from where they are accepted.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../apps/cli/src/commands.js';
import { KeyUses } from '../../../libs/tenants/key-uses.js';
import { startApi } from '../../../apps/api/src/api.js';
import { SCOPES } from '#tenants';
import { loadConfig } from '#platform/config';
import { type Answer, ask, type House, openHouse } from '../../support/house.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let house: House;
let database: pg.Client;
let admin: { authorization: string };

beforeAll(async () => {
  house = await openHouse({ worker: false });
  database = new pg.Client({ connectionString: house.databaseUrl });
  await database.connect();
  admin = bearer(await house.newKey('live', SCOPES));
});
afterAll(async () => {
  await database.end();
  await house.close();
});

const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });
const call = (method: string, path: string, body?: unknown, headers = admin): Promise<Answer> =>
  house.call(method, path, body, headers);
const fields = (change: object = {}): object => ({
  name: 'spec',
  mode: 'test',
  scopes: ['keys:read', 'generators:read'],
  ...change,
});
async function make(change: object = {}): Promise<Answer['json']> {
  const { status, text, json } = await call('POST', '/v1/keys', fields(change));
  expect(status, text).toBe(201);
  return json;
}
const works = async (key: string, url = house.api.url): Promise<number> =>
  (await ask('GET', `${url}/v1/generators`, undefined, bearer(key))).status;
const count = async (): Promise<number> =>
  (await database.query<{ n: number }>('SELECT count(*)::int AS n FROM api_keys')).rows[0]!.n;

describe('a key that is made', () => {
  it('shows its text once, works at once, has what was asked for, and ends in 180 days', async () => {
    const made = await make();
    expect(made).toMatchObject({ name: 'spec', mode: 'test', scopes: ['keys:read', 'generators:read'] });
    expect(made.key).toMatch(/^csk_test_/);
    expect(await works(made.key)).toBe(200);
    expect(Date.parse(made.expiresAt) - Date.parse(made.createdAt)).toBeGreaterThan(180 * DAY_MS - HOUR_MS);
    expect(Date.parse(made.expiresAt) - Date.parse(made.createdAt)).toBeLessThan(180 * DAY_MS + HOUR_MS);
    const { key, ...shown } = made;
    expect((await call('GET', `/v1/keys/${made.id}`)).json).toMatchObject(shown);
    const { text, json } = await call('GET', '/v1/keys');
    expect(json.items).toContainEqual(expect.objectContaining({ id: made.id }));
    expect(text).not.toContain(key.slice(-49));
  });

  it('SEC-02 is in the database as a hash: nothing there can be used', async () => {
    const { key } = await make();
    const { rows } = await database.query('SELECT * FROM api_keys');
    expect(JSON.stringify(rows)).not.toContain(key.slice(-49, -6));
  });

  it('ends when it was told to', async () => {
    const { key } = await make({ expiresAt: new Date(Date.now() + DAY_MS).toISOString() });
    house.moveClock(DAY_MS);
    try {
      expect(await works(key)).toBe(401);
    } finally {
      house.moveClock(-DAY_MS);
    }
  });

  it.each<[string, object, string, string]>([
    ['every scope as a star', { scopes: ['*'] }, '#/scopes', 'not_allowed'],
    ['a scope that is none', { scopes: ['keys:read', 'keys:own'] }, '#/scopes', 'not_allowed'],
    ['no scope', { scopes: [] }, '#/scopes', 'too_few'],
    ['a scope twice', { scopes: ['keys:read', 'keys:read'] }, '#/scopes', 'not_unique'],
    ['another mode', { mode: 'prod' }, '#/mode', 'not_allowed'],
    ['an end in the past', { expiresAt: new Date(Date.now() - 1).toISOString() }, '#/expiresAt', 'too_small'],
    ['an end that is none', { expiresAt: 'never' }, '#/expiresAt', 'date_required'],
    ['an end in 20 years', { expiresAt: '2046-11-27T00:00:00Z' }, '#/expiresAt', 'too_large'],
    ['no name', { name: '' }, '#/name', 'length'],
    ['a network without a length', { networks: ['10.0.0.1'] }, '#/networks/0', 'format'],
    ['a network too long', { networks: ['::/0', '10.0.0.0/33'] }, '#/networks/1', 'format'],
    ['a tenant', { tenant: 'ten_00000000000000000000000000' }, '#/tenant', 'unknown_field'],
  ])('BI-82 is refused with %s, and nothing is made', async (_what, change, pointer, code) => {
    const before = await count();
    const { status, json, text } = await call('POST', '/v1/keys', fields(change));
    expect([status, json.code, json.errors], text).toEqual([
      422,
      'request.invalid',
      [expect.objectContaining({ pointer, code })],
    ]);
    expect(await count()).toBe(before);
  });

  it('BI-82 is refused as the 101st that works, also when many are asked for at once; one that has ended makes room', async () => {
    const other = await house.newTenantKey('many', 'live');
    const tenant = `ten_${other.tenantId}`;
    await database.query(
      `INSERT INTO api_keys (id, tenant_id, name, mode, secret_hash, scopes, expires_at, revision)
       SELECT gen_random_uuid(), tenant_id, 'filler', 'test', 'x', scopes, now() + interval '9 days', 1
       FROM api_keys, generate_series(1, 96) WHERE tenant_id = (SELECT id FROM tenants WHERE name = 'many')`,
    );
    const { key } = (await COMMANDS['keys create']!.run(house.api.app, [], {
      tenant,
      name: 'admin',
      mode: 'test',
      scopes: 'keys:write,keys:read,generators:read',
    })) as { key: string };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call('POST', '/v1/keys', fields(), bearer(key))),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 201, 409, 409, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)!.json.code).toBe('key.limit');
    const { id } = answers.find(({ status }) => status === 201)!.json;
    expect((await call('DELETE', `/v1/keys/${id}`, undefined, bearer(key))).status).toBe(204);
    expect((await call('POST', '/v1/keys', fields(), bearer(key))).status).toBe(201);
    expect((await call('POST', '/v1/keys', fields(), bearer(key))).status).toBe(409);
  });

  it('SEC-03 has no right that the key that asks has not, and a test key makes no live one', async () => {
    const scopes = ['keys:write', 'keys:read'];
    const small = await make({ scopes });
    const tryIt = (change: object): Promise<Answer> =>
      call('POST', '/v1/keys', fields({ scopes, ...change }), bearer(small.key));
    expect((await tryIt({})).status).toBe(201);
    for (const change of [{ scopes: [...scopes, 'codes:reveal'] }, { mode: 'live' }])
      expect((await tryIt(change)).json).toMatchObject({ status: 403, code: 'auth.insufficient_scope' });
    const large = await make({ scopes: ['codes:reveal'] });
    const rotated = await call('POST', `/v1/keys/${large.id}/rotate`, {}, bearer(small.key));
    expect([rotated.status, rotated.json.code]).toEqual([403, 'auth.insufficient_scope']);
  });
});

describe('SEC-04 a key that is replaced', () => {
  it('works on beside the new one for 24 hours, and no longer', async () => {
    const old = await make({ networks: ['127.0.0.0/8', '::1/128'] });
    const { status, json: next } = await call('POST', `/v1/keys/${old.id}/rotate`, {});
    expect([status, next.id === old.id]).toEqual([200, false]);
    expect(next).toMatchObject({ name: old.name, scopes: old.scopes, networks: old.networks });
    expect([await works(old.key), await works(next.key)]).toEqual([200, 200]);
    house.moveClock(DAY_MS);
    try {
      expect([await works(old.key), await works(next.key)]).toEqual([401, 200]);
      const again = await call('POST', `/v1/keys/${old.id}/rotate`, {}, admin);
      expect([again.status, again.json.code]).toEqual([409, 'key.ended']);
    } finally {
      house.moveClock(-DAY_MS);
    }
  });

  it('ends at once without an overlap, and never later than it would have', async () => {
    const short = await make({ expiresAt: new Date(Date.now() + HOUR_MS).toISOString() });
    await call('POST', `/v1/keys/${short.id}/rotate`, { overlapHours: 168 });
    expect((await call('GET', `/v1/keys/${short.id}`)).json.expiresAt).toBe(short.expiresAt);
    const old = await make();
    await call('POST', `/v1/keys/${old.id}/rotate`, { overlapHours: 0 });
    expect(await works(old.key)).toBe(401);
    expect((await call('POST', `/v1/keys/${old.id}/rotate`, { overlapHours: 169 })).status).toBe(422);
  });

  it('is refused by every process within 5 s of its revocation, under load all the while', async () => {
    const second = await startApi(loadConfig(house.environment));
    try {
      const { id, key } = await make();
      const urls = [house.api.url, second.url];
      for (const url of urls) expect(await works(key, url)).toBe(200);
      let revokedAt = Infinity;
      let lastGood = 0;
      let refused = 0;
      const asking = urls.map(async (url) => {
        while (performance.now() < revokedAt + 6_000 && refused < 200) {
          if ((await works(key, url)) === 200) lastGood = performance.now();
          else refused++;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      });
      expect((await call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
      revokedAt = performance.now();
      await Promise.all(asking);
      expect(lastGood - revokedAt).toBeLessThan(5_000);
      for (const url of urls) expect(await works(key, url)).toBe(401);
      expect((await call('GET', `/v1/keys/${id}`)).json).toHaveProperty('revokedAt');
    } finally {
      await second.drain();
    }
  });

  it('tells when it was last used, to the hour', async () => {
    const uses = house.api.app.get(KeyUses, { strict: false });
    const { id, key } = await make();
    const lastUsed = async (): Promise<string | undefined> => {
      await uses.write();
      return (await call('GET', `/v1/keys/${id}`)).json.lastUsedAt;
    };
    expect(await lastUsed()).toBeUndefined();
    await works(key);
    const first = Date.parse((await lastUsed())!);
    expect([first % HOUR_MS, Date.now() - first < 2 * HOUR_MS]).toEqual([0, true]);
    house.moveClock(HOUR_MS);
    await works(key);
    house.moveClock(-HOUR_MS);
    expect(Date.parse((await lastUsed())!)).toBe(first + HOUR_MS);
  });
});

describe('SEC-05 a key with networks', () => {
  it.each([
    [['127.0.0.0/8'], 200],
    [['203.0.113.0/24', '127.0.0.1/32'], 200],
    [['203.0.113.0/24'], 403],
    [['::1/128', '2001:db8::/32'], 403],
    [['0.0.0.0/0'], 200],
    [[], 200],
  ])('%j is accepted from there alone: %i here', async (networks, expected) => {
    const { key } = await make({ networks });
    expect(await works(key)).toBe(expected);
    // The second time it is remembered.
    const { status, json } = await call('GET', '/v1/generators', undefined, bearer(key));
    expect([status, json.code]).toEqual([
      expected,
      expected === 403 ? 'auth.address_not_allowed' : undefined,
    ]);
  });

  it('is told by the socket, and by no header', async () => {
    const { key } = await make({ networks: ['203.0.113.0/24'] });
    for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded']) {
      const headers = { ...bearer(key), [name]: '203.0.113.7' };
      expect((await ask('GET', `${house.api.url}/v1/generators`, undefined, headers)).status).toBe(403);
    }
  });
});

describe('BI-84 a tenant with open challenges', () => {
  it('cannot be deleted: there is no such call, and the database does not let it go', async () => {
    for (const method of ['DELETE', 'POST', 'PATCH'])
      expect((await call(method, `/v1/tenants/${house.demo.tenantId}`)).json.code).toBe('route.not_found');
    expect(Object.keys(COMMANDS).filter((words) => words.startsWith('tenants '))).toEqual([
      'tenants create',
      'tenants list',
    ]);
    await expect(database.query('DELETE FROM tenants')).rejects.toThrow(/foreign key/);
  });
});
