import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, type Scope, TenantsService } from '#tenants';
import { parseNative } from '#platform/identifiers';
import { makeKey } from '../../../libs/tenants/api-key.js';
import { type Answer, ask, type House, openHouse } from '../../support/house.js';
import { answered, lastAnswer, speak } from './raw-socket.js';
import {
  expectRefusal,
  expectUntouched,
  openChallenge,
  type OpenChallenge,
  type Refusal,
  type Route,
} from './refusals.js';

const unauthenticated: Refusal = { status: 401, code: 'auth.unauthenticated' };
const inUrl: Refusal = { status: 400, code: 'request.credentials_in_url' };

let house: House;
let open: OpenChallenge;
let routes: (Route & { scope: Scope; body?: object })[];

beforeAll(async () => {
  house = await openHouse();
  open = await openChallenge(house, await house.newGenerator());
  routes = everyRoute();
});
afterAll(() => house.close());

function everyRoute(): typeof routes {
  const challenge = `/v1/challenges/${open.id}`;
  const native: [string, string, Scope, object?][] = [
    ['POST', '/v1/challenges', 'challenges:create', { generator: open.generator, receiver: open.receiver }],
    ['GET', '/v1/challenges', 'challenges:read'],
    ['GET', challenge, 'challenges:read'],
    ['GET', `${challenge}/code`, 'challenges:read'],
    ['POST', `${challenge}/check`, 'challenges:check', { code: open.code }],
    ['POST', `${challenge}/resend`, 'challenges:create'],
    ['POST', `${challenge}/cancel`, 'challenges:cancel'],
    ['GET', '/v1/generators', 'generators:read'],
    ['POST', '/v1/generators', 'generators:write', {}],
    ['GET', `/v1/generators/${open.generator}`, 'generators:read'],
    ['PUT', `/v1/generators/${open.generator}`, 'generators:write', {}],
    ['DELETE', `/v1/generators/${open.generator}`, 'generators:write'],
    ['GET', '/v1/templates', 'templates:read'],
    ['POST', '/v1/templates', 'templates:write', {}],
    ['GET', `/v1/templates/${open.template}`, 'templates:read'],
    ['POST', `/v1/templates/${open.template}/sync`, 'templates:write'],
    ['DELETE', `/v1/templates/${open.template}`, 'templates:write'],
    ['GET', '/v1/accounts', 'accounts:read'],
    ['POST', '/v1/accounts', 'accounts:write', {}],
    ['GET', `/v1/accounts/${house.demo.accountId}`, 'accounts:read'],
    ['PATCH', `/v1/accounts/${house.demo.accountId}`, 'accounts:write', {}],
    ['DELETE', `/v1/accounts/${house.demo.accountId}`, 'accounts:write'],
    ['POST', `/v1/accounts/${house.demo.accountId}/test`, 'accounts:write'],
    ['GET', `/v1/accounts/${house.demo.accountId}/events`, 'accounts:read'],
  ];
  const codes = `/eyriesgate/v1/2fa/${open.number}/codes`;
  const templates = `/balerion/v2/whatsapp/templates?wabaId=${house.demo.wabaId}`;
  const messangi: [string, string, Scope, object?][] = [
    ['POST', '/eyriesgate/v1/2fa', 'generators:write', {}],
    ['GET', '/eyriesgate/v1/2fa', 'generators:read'],
    ['GET', `/eyriesgate/v1/2fa/${open.number}`, 'generators:read'],
    ['PUT', `/eyriesgate/v1/2fa/${open.number}`, 'generators:write', {}],
    ['DELETE', `/eyriesgate/v1/2fa/${open.number}`, 'generators:write'],
    ['POST', codes, 'challenges:create', { channel: 'WHATSAPP', receiver: open.receiver }],
    ['PATCH', codes, 'challenges:check', { action: 'verify', requestId: open.requestId, code: open.code }],
    ['GET', templates, 'templates:read'],
    ['POST', templates, 'templates:write', {}],
  ];
  const toRoute = (surface: Route['surface'], list: typeof native): typeof routes =>
    list.map(([method, path, scope, body]) => ({ surface, method, path, scope, body }));
  return [...toRoute('native', native), ...toRoute('messangi', messangi)];
}

const tenants = (): TenantsService => house.api.app.get(TenantsService, { strict: false });

describe('no valid key', () => {
  it.each([
    ['no header', undefined],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['a scheme alone', 'Bearer'],
    ['a scheme and nothing', 'Bearer '],
    ['no scheme', 'csk_test_x'],
    ['two keys in one header', 'Bearer a, Bearer b'],
    ['a key with a space in it', 'Bearer csk_test x'],
  ])('BI-51 %s', async (_what, authorization) => {
    await expectUntouched(house, async () => {
      for (const { surface, method, path, body } of routes) {
        const answer = await ask(
          method,
          house.api.url + path,
          body,
          authorization === undefined ? {} : { authorization },
        );
        expectRefusal(
          surface,
          answer,
          unauthenticated,
          ['Basic', 'csk_', 'Bearer a', 'dXNlcjpwYXNz'],
          `${method} ${path}`,
        );
        expect(answer.headers['www-authenticate']).toBe('Bearer realm="countersign"');
      }
    });
  });

  it('BI-51 and ATK-38 two headers, though each alone would do', async () => {
    const header = `authorization: Bearer ${house.demo.apiKey}\r\n`;
    for (const { surface, method, path } of routes) {
      const bytes = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${header}${header.replace('a', 'A')}\r\n`;
      const answer = lastAnswer(await speak(house.api.url, bytes, { enough: answered }));
      // A route that needs a body is told so only after the key.
      expectRefusal(surface, answer, unauthenticated, [house.demo.apiKey], `${method} ${path}`);
      expect(answer.headers['www-authenticate']).toBeDefined();
    }
  });

  it('BI-52 a wrong checksum, an unknown, a revoked, an expired and a guessed key: same bytes, same time', async () => {
    const keys = await badKeys();
    const times = new Map<string, number[]>();
    const answers = new Map<string, Answer>();
    for (let turn = 0; turn < 30; turn++) {
      for (const [what, key] of Object.entries(keys)) {
        const from = performance.now();
        const answer = await house.call('GET', `/v1/challenges/${open.id}`, undefined, {
          authorization: `Bearer ${key}`,
        });
        times.set(what, [...(times.get(what) ?? []), performance.now() - from]);
        expectRefusal('native', answer, unauthenticated, [key, key.slice(-49)], what);
        answers.set(what, answer);
      }
    }
    expect(
      new Set([...answers.values()].map(({ text }) => text.replace(/"requestId":"[^"]+"/, ''))).size,
    ).toBe(1);
    expect(new Set([...answers.values()].map(({ headers }) => Object.keys(headers).sort().join())).size).toBe(
      1,
    );
    // The best time of each: what else the machine does says nothing about a key.
    const best = [...times.values()].map((list) => Math.min(...list));
    expect(Math.max(...best) - Math.min(...best)).toBeLessThan(3);
    for (const key of Object.values(keys)) {
      const path = `/eyriesgate/v1/2fa/${open.number}`;
      expectRefusal(
        'messangi',
        await house.call('GET', path, undefined, { authorization: `Bearer ${key}` }),
        unauthenticated,
        [key],
      );
    }
  });

  async function badKeys(): Promise<Record<string, string>> {
    const tenantId = parseNative('tenant', house.demo.tenantId)!;
    const good = house.demo.apiKey;
    const revoked = await tenants().createKey({ tenantId, name: 'revoked', mode: 'test' });
    const worked = await house.call('GET', '/v1/generators', undefined, {
      authorization: `Bearer ${revoked.text}`,
    });
    expect(worked.status).toBe(200);
    await tenants().revokeKey(revoked.id);
    const expired = await tenants().createKey({ tenantId, name: 'expired', mode: 'test', lifeDays: -1 });
    const guessed = good.slice(0, -49) + makeKey('test').text.slice(-49, -6);
    const otherMode = good.slice(0, -6).replace('csk_test_', 'csk_live_');
    return {
      checksum: good.replace(/.$/, (sign) => (sign === 'A' ? 'B' : 'A')),
      unknown: makeKey('test').text,
      revoked: revoked.text,
      expired: expired.text,
      guessed: guessed + checksum(guessed),
      'other mode': otherMode + checksum(otherMode),
    };
  }

  /** As a forger would compute it, from the published format. */
  function checksum(body: string): string {
    const signs = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    let text = '';
    for (let rest = crc32(body); text.length < 6; rest = Math.floor(rest / 62))
      text = signs[rest % 62]! + text;
    return text;
  }

  it('BI-52 the forged checksum is the right one, so that it is the secret that is refused', () => {
    expect(checksum(house.demo.apiKey.slice(0, -6))).toBe(house.demo.apiKey.slice(-6));
  });
});

describe('a valid key that may not', () => {
  it('BI-53 SEC-03 do what its scopes do not say', async () => {
    const denied = { status: 403, code: 'auth.insufficient_scope' };
    await expectUntouched(house, async () => {
      for (const scope of new Set(routes.map((route) => route.scope))) {
        const key = await house.newKey(
          'test',
          SCOPES.filter((other) => other !== scope),
        );
        for (const { surface, method, path, body } of routes.filter((route) => route.scope === scope)) {
          const answer = await house.call(method, path, body, { authorization: `Bearer ${key}` });
          expectRefusal(surface, answer, denied, [key, open.code, open.receiver], `${method} ${path}`);
        }
      }
    });
  });

  it('BI-53 reach people with a test key', async () => {
    const account = `/v1/accounts/${house.demo.accountId}`;
    // Not the simulator's origin any more, so no simulator account: it is computed at each use.
    const elsewhere = house.simulator.url.replace('127.0.0.1', 'localhost');
    expect((await house.call('PATCH', account, { config: { baseUrl: elsewhere } })).status).toBe(200);
    const refusal = { status: 403, code: 'auth.test_key_live_account' };
    const receiver = '+525512349100';
    await expectUntouched(house, async () => {
      expectRefusal(
        'native',
        await house.call('POST', '/v1/challenges', { generator: open.generator, receiver }),
        refusal,
        [receiver],
      );
      const body = { channel: 'WHATSAPP', receiver };
      expectRefusal(
        'messangi',
        await house.call('POST', `/eyriesgate/v1/2fa/${open.number}/codes`, body),
        refusal,
        [receiver],
      );
    });
    const live = { authorization: `Bearer ${await house.newKey('live')}` };
    expect(
      (await house.call('POST', '/v1/challenges', { generator: open.generator, receiver }, live)).status,
    ).toBe(201);
    expect((await house.call('PATCH', account, { config: { baseUrl: house.simulator.url } })).status).toBe(
      200,
    );
  });
});

describe('BI-54 a key where it is logged', () => {
  const withAndWithoutKey = (): Record<string, string>[] => [
    {},
    { authorization: `Bearer ${house.demo.apiKey}` },
  ];

  it.each(['api_key', 'apiKey', 'access_token', 'authorization', 'bearer', 'secret'])(
    'in the query, as %s',
    async (name) => {
      for (const { surface, method, path, body } of routes)
        for (const headers of withAndWithoutKey()) {
          const url = `${house.api.url}${path}${path.includes('?') ? '&' : '?'}${name}=${house.demo.apiKey}`;
          expectRefusal(
            surface,
            await ask(method, url, body, headers),
            inUrl,
            [house.demo.apiKey],
            `${method} ${path}`,
          );
        }
    },
  );

  it('in the query, under any name', async () => {
    const url = `${house.api.url}/v1/challenges?q=${house.demo.apiKey}`;
    expectRefusal('native', await ask('GET', url), inUrl, [house.demo.apiKey]);
  });

  it('in the body, with or without the header', async () => {
    await expectUntouched(house, async () => {
      for (const { surface, method, path, body } of routes.filter((route) => route.body)) {
        for (const headers of withAndWithoutKey()) {
          const answer = await ask(
            method,
            house.api.url + path,
            { ...body, api_key: house.demo.apiKey },
            headers,
          );
          expectRefusal(surface, answer, inUrl, [house.demo.apiKey], `${method} ${path}`);
        }
      }
    });
  });
});
