// Every route of the OpenAPI document with the ids of another tenant. A new route joins by being documented.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, TenantsService } from '#tenants';
import { type Answer, type House, openHouse } from '../../support/house.js';
import type { Document, Operation } from '../../support/openapi.js';
import { sampleBody } from '../../support/request-samples.js';
import { expectUntouched, failuresOf, openChallenge, type OpenChallenge } from '../bad-input/refusals.js';

interface Route {
  method: string;
  path: string;
  operation: Operation;
}

let house: House;
let document: Document;
/** What the other tenant owns. */
let theirs: OpenChallenge &
  Record<'switch' | 'testNumber' | 'sender' | 'endpoint' | 'delivery' | 'erasure' | 'key', string>;
let headers: { authorization: string };
let ownSender: string;

beforeAll(async () => {
  house = await openHouse({ worker: false });
  document = (await house.call('GET', '/openapi.json')).json;
  const { items: senders } = (await house.call('GET', '/v1/senders')).json;
  theirs = {
    ...(await openChallenge(house, await house.newGenerator())),
    sender: senders.find(({ channel }: { channel: string }) => channel === 'whatsapp').id,
    switch: await make('PUT', '/v1/switches', { scope: 'country', target: 'AQ', reason: 'spec' }),
    endpoint: '',
    delivery: '',
    erasure: await make('POST', '/v1/receivers/erase', { receiver: '+525512340099' }),
    key: await make('POST', '/v1/keys', { name: 'theirs', mode: 'test', scopes: ['keys:read'] }),
    testNumber: await make('POST', '/v1/test-numbers', {
      receiver: '+1202555****',
      code: '424242',
      endsAt: new Date(Date.now() + 86_400_000).toISOString(),
    }),
  };
  const hook = { url: `${house.simulator.url}/inbox/theirs`, events: ['*'] };
  theirs.endpoint = await make('POST', '/v1/webhook-endpoints', hook);
  theirs.delivery = await make('POST', `/v1/webhook-endpoints/${theirs.endpoint}/test`, {});
  const tenants = house.api.app.get(TenantsService, { strict: false });
  const { id: tenantId } = await tenants.createTenant('neighbour');
  // With every scope: what refuses here must be that it is another's.
  const key = await tenants.createKey({ tenantId, name: 'spec', mode: 'test', scopes: SCOPES });
  headers = { authorization: `Bearer ${key.text}` };
  ownSender = '584222222222';
  const account = await house.call(
    'POST',
    '/v1/accounts',
    {
      name: 'own',
      provider: 'meta-cloud',
      config: {
        baseUrl: house.simulator.url,
        wabaId: '1234567',
        accessToken: 'x'.repeat(20),
        appSecrets: ['y'.repeat(20)],
      },
      countries: ['*'],
      senders: [{ channel: 'whatsapp', address: ownSender, externalId: '1234' }],
    },
    headers,
  );
  expect(account.status, account.text).toBe(201);
});
afterAll(() => house.close());

/** The other tenant's, with a key that may do everything. */
async function make(method: string, path: string, body: object): Promise<string> {
  const headers = { authorization: `Bearer ${await house.newKey('test', SCOPES)}` };
  const { status, text, json } = await house.call(method, path, body, headers);
  expect(status, text).toBeLessThan(300);
  return json.id;
}

function routes(): Route[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** The id in a path that belongs to the other tenant, and one of the same shape that is nobody's. */
function idsFor(path: string): [foreign: string, unknown: string] {
  const owned: [prefix: string, id: string | number][] = [
    ['/v1/challenges/', theirs.id],
    ['/v1/generators/', theirs.generator],
    ['/v1/templates/', theirs.template],
    ['/v1/accounts/', house.demo.accountId],
    ['/v1/senders/', theirs.sender],
    ['/v1/switches/', theirs.switch],
    ['/v1/test-numbers/', theirs.testNumber],
    ['/v1/receivers/erasures/', theirs.erasure],
    ['/v1/webhook-endpoints/', theirs.endpoint],
    ['/v1/webhook-deliveries/', theirs.delivery],
    ['/v1/keys/', theirs.key],
    ['/eyriesgate/v1/2fa/', theirs.number],
  ];
  const id = owned.find(([prefix]) => path.startsWith(prefix))?.[1];
  if (id === undefined) throw new Error(`say here which id of another tenant fills ${path}`);
  return typeof id === 'number' ? [String(id), String(id + 1_000_000)] : [id, nobodys(id)];
}

/** References in bodies, by field. */
const foreign = (): Record<string, unknown> => ({
  generator: theirs.generator,
  template: theirs.template,
  account: house.demo.accountId,
  code: theirs.code,
  receiver: '+525512340000',
  sender: ownSender,
  action: 'verify',
  requestId: theirs.requestId,
});

const masked = ({ status, text }: Answer): string =>
  `${status} ${text.replace(/"requestId":"[^"]+"/, '').replace(/"(timestamp|transactionId)":("[^"]*"|\d+)/g, '')}`;

describe('STD-22 ATK-10 SEC-14 another tenant’s ids', () => {
  it('in an address are unknown ids, on every route that takes one, and change nothing', async () => {
    const withId = routes().filter(({ path }) => path.includes('{'));
    expect(withId.length).toBeGreaterThan(15);
    await expectUntouched(house, async () => {
      for (const { method, path, operation } of withId) {
        const body = sampleBody(document, operation, foreign());
        const [known, unknown] = idsFor(path);
        const fill = (id: string): Promise<Answer> =>
          house.call(method, path.replace(/\{[^}]+\}/g, id), body, headers);
        const answer = await fill(known);
        expect([`${method} ${path}`, answer.status]).toEqual([`${method} ${path}`, 404]);
        expect(masked(answer), `${method} ${path}`).toBe(masked(await fill(unknown)));
      }
    });
  });

  it('in a body are unknown ids, on every route that takes one there, and make nothing', async () => {
    const before = await owned();
    const names = new Set<string>();
    for (const { method, path, operation } of routes().filter(({ path }) => !path.includes('{'))) {
      const body = sampleBody(document, operation, foreign());
      for (const [name, id] of referencesIn(body)) {
        names.add(name);
        const [known, nobody] = [body, JSON.parse(JSON.stringify(body).replaceAll(id, nobodys(id)))];
        const answer = await house.call(method, path, known, headers);
        expect([`${method} ${path}`, answer.status, answer.text]).toEqual([
          `${method} ${path}`,
          // A token tells nobody whether it ever stood for something.
          path === '/v1/exchanges' ? 403 : 404,
          expect.not.stringContaining(id),
        ]);
        expect(masked(answer)).toBe(masked(await house.call(method, path, nobody, headers)));
      }
    }
    expect([...names].sort()).toEqual(['account', 'generator', 'template', 'token']);
    expect(await owned()).toBe(before);
  });

  it('in a list do not appear, whatever is asked for', async () => {
    const lists = routes().filter(({ method, path }) => method === 'GET' && path.startsWith('/v1/'));
    const secrets = [
      theirs.id,
      theirs.generator,
      theirs.template,
      house.demo.accountId,
      theirs.receiver,
      theirs.sender,
      theirs.switch,
      theirs.testNumber,
      theirs.endpoint,
      theirs.delivery,
      theirs.key,
    ];
    for (const { path } of lists.filter(({ path }) => !path.includes('{'))) {
      const receiver = path === '/v1/challenges' ? `?receiver=${encodeURIComponent(theirs.receiver)}` : '';
      for (const query of ['', receiver]) {
        const answer = await house.call('GET', path + query, undefined, headers);
        expect(answer.status, path).toBe(200);
        for (const secret of secrets) expect(answer.text, path).not.toContain(secret);
      }
    }
    const templates = `/balerion/v2/whatsapp/templates?wabaId=${house.demo.wabaId}`;
    expect((await house.call('GET', templates, undefined, headers)).status).toBe(404);
  });

  it('under one’s own generator name no challenge: status, verify and cancel find nothing', async () => {
    const own = await house.call('GET', `/v1/generators/${theirs.generator}`);
    const body = { name: 'a second', channels: own.json.channels };
    const other = (await house.call('POST', '/v1/generators', body)).json;
    await expectUntouched(house, async () => {
      for (const action of ['status', 'verify', 'cancel']) {
        const answer = await house.call('PATCH', `/eyriesgate/v1/2fa/${other.number}/codes`, {
          action,
          requestId: theirs.requestId,
          ...(action === 'verify' && { code: theirs.code }),
        });
        expect([action, answer.status]).toEqual([action, 404]);
      }
    });
  });

  it('are untouched by all of that: the code is still right, and no answer was counted', async () => {
    expect(await failuresOf(house, theirs.id)).toBe(0);
    const { json } = await house.call('POST', `/v1/challenges/${theirs.id}/check`, { code: theirs.code });
    expect(json).toMatchObject({ valid: true, status: 'approved', attemptsRemaining: 4 });
    for (const [path, id] of [
      ['/v1/switches', theirs.switch],
      ['/v1/test-numbers', theirs.testNumber],
    ])
      expect((await house.call('GET', path!)).json.items).toMatchObject([{ id }]);
  });

  it('are not reached by naming the tenant: neither a header nor a field decides who asks', async () => {
    const named = { ...headers, 'x-tenant-id': house.demo.tenantId, 'x-tenant': house.demo.tenantId };
    const answer = await house.call('GET', `/v1/generators/${theirs.generator}`, undefined, named);
    expect(answer.status).toBe(404);
    const body = { generator: theirs.generator, receiver: '+525512340000', tenant: house.demo.tenantId };
    expect((await house.call('POST', '/v1/challenges', body, headers)).json.errors).toContainEqual(
      expect.objectContaining({ pointer: '#/tenant', code: 'unknown_field' }),
    );
  });
});

async function owned(): Promise<string> {
  const lists = await Promise.all(
    ['/v1/generators', '/v1/templates', '/v1/accounts'].map((path) =>
      house.call('GET', path, undefined, headers),
    ),
  );
  return lists.map(({ text }) => text).join();
}

const nobodys = (id: string): string => id.slice(0, -4) + (id.endsWith('0000') ? '1111' : '0000');

/** Native ids anywhere in a body, by the field they stand in. */
function referencesIn(value: unknown, name = ''): [name: string, id: string][] {
  if (typeof value === 'string') return /^(gen|tpl|acc|snd|chl|key|ten)_/.test(value) ? [[name, value]] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    referencesIn(item, Array.isArray(value) ? name : key),
  );
}
