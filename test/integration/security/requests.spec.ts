// What a request may carry, what every answer carries, and what neither tells.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newChallengeId, parseNative, parseUuid } from '#platform/identifiers';
import { maskReceiver, parsePhone } from '#platform/phone';
import { SCOPES } from '#tenants';
import { ApiKeyGuard } from '../../../libs/tenants/api-key.guard.js';
import { normaliseCode } from '../../../libs/challenges/code-text.js';
import { type Answer, ask, type House, openHouse, until } from '../../support/house.js';
import { type Document, type Operation, resolve, type Schema } from '../../support/openapi.js';
import { bodySchema, sampleBody } from '../../support/request-samples.js';
import {
  expectUntouched,
  fastest,
  nextReceiver,
  openChallenge,
  type OpenChallenge,
} from '../bad-input/refusals.js';
import { mannWhitneyP, median } from './rank-test.js';

let house: House;
let document: Document;
let open: OpenChallenge;
/** Of a key with every scope: a body is read only of who may send it. */
let allowed: { authorization: string };

beforeAll(async () => {
  house = await openHouse({ env: { PUBLIC_URL: 'https://codes.example.com' } });
  document = (await house.call('GET', '/openapi.json')).json;
  open = await openChallenge(house, await house.newGenerator());
  allowed = { authorization: `Bearer ${await house.newKey('test', SCOPES)}` };
});
afterAll(() => house.close());

interface BodyRoute {
  method: string;
  /** With ids that exist. */
  path: string;
  operation: Operation;
  schema: Schema;
}

function routesWithBody(): BodyRoute[] {
  const ids: [prefix: string, id: string | number][] = [
    ['/v1/challenges/', open.id],
    ['/v1/generators/', open.generator],
    ['/v1/templates/', open.template],
    ['/v1/accounts/', house.demo.accountId],
    ['/eyriesgate/v1/2fa/', open.number],
  ];
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const schema = bodySchema(document, operation);
      const id = String(ids.find(([prefix]) => path.startsWith(prefix))?.[1]);
      return schema
        ? [{ method: method.toUpperCase(), path: path.replace(/\{[^}]+\}/g, id), operation, schema }]
        : [];
    }),
  );
}

/** A body that is right but for what a test adds to it. */
function bodyFor(operation: Operation): Record<string, unknown> {
  return sampleBody(document, operation, {
    generator: open.generator,
    template: open.template,
    account: house.demo.accountId,
    receiver: open.receiver,
    code: open.wrong,
    sender: house.demo.senderAddress,
    action: 'status',
    requestId: open.requestId,
  })!;
}

describe('STD-27 the headers of an answer', () => {
  const guarded = {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
  };
  const json = 'application/json; charset=utf-8';
  const problem = 'application/problem+json; charset=utf-8';

  it.each<[string, string, string, number, Record<string, string>]>([
    ['a list', 'GET', '/v1/generators', 200, { 'content-type': json }],
    ['a refusal', 'POST', '/v1/challenges', 400, { 'content-type': problem }],
    ['a dialect', 'GET', '/eyriesgate/v1/2fa', 200, { 'content-type': json }],
    ['a dialect’s refusal', 'GET', '/eyriesgate/v1/2fa/0', 404, { 'content-type': json }],
    ['a provider’s webhook', 'POST', '/webhooks/meta-cloud/acc_0', 404, { 'content-type': problem }],
    ['nothing there', 'GET', '/admin', 404, { 'content-type': problem }],
    [
      'a method that is not',
      'PUT',
      '/v1/challenges',
      405,
      { 'content-type': problem, allow: 'GET, HEAD, POST' },
    ],
    ['a path that resembles one', 'GET', '/v1/%67enerators', 404, { 'content-type': problem }],
    ['the document', 'GET', '/openapi.json', 200, { 'content-type': json }],
    [
      'a probe',
      'GET',
      '/health/live',
      200,
      { 'content-type': json, 'cache-control': 'no-cache, no-store, must-revalidate' },
    ],
  ])('of %s', async (_what, method, path, status, own) => {
    const answer = await house.call(method, path);
    expect([answer.status, stable(answer)]).toEqual([status, { ...guarded, ...own }]);
  });

  it('of the page that describes the API let it run its own scripts, and nobody frame it', async () => {
    const answer = await house.call('GET', '/docs');
    expect(answer.status).toBe(200);
    expect(stable(answer)).toMatchObject({
      ...guarded,
      'content-security-policy':
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    });
    expect(answer.text).not.toMatch(/<script>(?!\s*<)/);
  });

  /** Without what differs from answer to answer. */
  function stable({ headers }: Answer): Record<string, unknown> {
    const changing = ['x-request-id', 'content-length', 'date', 'connection', 'keep-alive'];
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !changing.includes(name)));
  }
});

describe('STD-28 a caller cannot say who it is by a header', () => {
  it('its address, host and scheme are those of the connection', async () => {
    const seen: unknown[] = [];
    const original = ApiKeyGuard.prototype.canActivate;
    const spy = vi.spyOn(ApiKeyGuard.prototype, 'canActivate').mockImplementation(function (
      this: ApiKeyGuard,
      context,
    ) {
      const { url, ip, ips, protocol, hostname } = context.switchToHttp().getRequest();
      // Webhooks of the simulator come in meanwhile.
      if (url === '/v1/generators') seen.push({ ip, ips, protocol, hostname });
      return original.call(this, context);
    });
    try {
      const spoofed = await house.call('GET', '/v1/generators', undefined, {
        'x-forwarded-for': '1.2.3.4, 5.6.7.8',
        'x-forwarded-host': 'evil.example.com',
        'x-forwarded-proto': 'https',
        'x-real-ip': '1.2.3.4',
        forwarded: 'for=1.2.3.4;host=evil.example.com',
      });
      expect(spoofed.status).toBe(200);
      expect(spoofed.text + JSON.stringify(spoofed.headers)).not.toMatch(/1\.2\.3\.4|evil/);
    } finally {
      spy.mockRestore();
    }
    expect(seen).toEqual([
      { ip: '127.0.0.1', ips: undefined, protocol: 'http', hostname: new URL(house.api.url).hostname },
    ]);
  });
});

describe('ATK-28 a field of an answer', () => {
  it('is no field of a request: each one, sent to each route, is refused as unknown and changes nothing', async () => {
    const told = new Set(
      Object.values(document.paths).flatMap((item) => Object.values(item).flatMap(toldBy)),
    );
    for (const name of [
      'tenant',
      'tenantId',
      'tenant_id',
      'state',
      'failures',
      'approved',
      'admin',
      'scopes',
      'version',
    ])
      told.add(name);
    expect(told.size).toBeGreaterThan(40);
    await expectUntouched(house, async () => {
      for (const { method, path, operation, schema } of routesWithBody()) {
        for (const name of told) {
          if (schema.properties?.[name]) continue;
          const body = { ...bodyFor(operation), [name]: 'approved' };
          const answer = await house.call(method, path, body, allowed);
          const fields = answer.json?.errors?.details?.fields ?? answer.json?.errors;
          expect([method, path, name, answer.status >= 400 && answer.status < 500]).toEqual([
            method,
            path,
            name,
            true,
          ]);
          // What looks like a credential in a body is refused before the body is read.
          if (name === 'secret' && answer.text.includes('Credentials belong')) continue;
          expect(fields ?? [], `${method} ${path} ${name} ${answer.text}`).toContainEqual(
            expect.objectContaining({ pointer: `#/${name}`, code: 'unknown_field' }),
          );
        }
      }
    });
  }, 60_000);

  /** The names of everything an operation answers with, at every depth. */
  function toldBy(operation: Operation): string[] {
    return Object.entries(operation.responses)
      .filter(([status]) => status.startsWith('2'))
      .flatMap(([, response]) => Object.values(resolve(document, response).content ?? {}))
      .flatMap(({ schema }) => namesIn(schema));
  }

  function namesIn(schemaOrRef: Schema): string[] {
    const schema = resolve(document, schemaOrRef);
    return [
      ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [name, ...namesIn(property)]),
      ...(schema.items ? namesIn(schema.items) : []),
      ...(schema.oneOf ?? []).flatMap(namesIn),
    ];
  }
});

describe('ATK-31 texts that make patterns slow', () => {
  const WITHIN_MS = 10;
  /** What a pattern with nested or neighbouring repetition tries again and again, and then does not match. */
  const worst = (length: number): string[] =>
    [
      '0',
      ' ',
      '-',
      'a',
      'A1',
      '+',
      '.',
      '_',
      '%41',
      'a ',
      '1-',
      '((',
      '\t',
      'é',
      '९',
      'csk_',
      '@a.',
      '{{',
    ].map((part) => part.repeat(Math.ceil(length / part.length)).slice(0, length) + '!');

  it('of 100 KB are read in no time by everything that reads one', async () => {
    const readers: [string, (text: string) => unknown][] = [
      ['code', normaliseCode],
      ['phone', parsePhone],
      ['masked phone', maskReceiver],
      ['native id', (text) => parseNative('challenge', text)],
      ['native id behind its prefix', (text) => parseNative('challenge', `chl_${text}`)],
      ['UUID', parseUuid],
    ];
    for (const [name, read] of readers) {
      for (const text of worst(100_000)) {
        const ms = await fastest(3, () => Promise.resolve(read(text)));
        expect([name, text.slice(0, 6), ms < WITHIN_MS]).toEqual([name, text.slice(0, 6), true]);
      }
    }
  });

  it('as long as a body may be are refused in no time, in every field of every route', async () => {
    await expectUntouched(house, async () => {
      for (const { method, path, operation, schema } of routesWithBody()) {
        const body = bodyFor(operation);
        for (const name of Object.keys(schema.properties ?? {})) {
          for (const text of worst(5_000).slice(0, 8)) {
            const from = performance.now();
            const answer = await house.call(method, path, { ...body, [name]: text }, allowed);
            const where = `${method} ${path} ${name} ${text.slice(0, 6)}`;
            expect([where, answer.status >= 400 && answer.status < 500]).toEqual([where, true]);
            if (performance.now() - from < WITHIN_MS) continue;
            // Slow once is the machine; slower every time than a harmless text of that length is the pattern.
            const send = (value: string): Promise<Answer> =>
              house.call(method, path, { ...body, [name]: value }, allowed);
            const ms =
              (await fastest(8, () => send(text))) - (await fastest(8, () => send('~'.repeat(5_001))));
            expect([where, ms < WITHIN_MS]).toEqual([where, true]);
          }
        }
      }
    });
  }, 60_000);
});

describe('STD-18 ATK-08 a challenge that is somebody else’s and one that is nobody’s', () => {
  const PAIRS = 2_000;
  /** One run in a hundred fails by chance, and a loaded machine adds its own: a real difference fails three. */
  const RUNS = 3;
  let headers: { authorization: string };
  beforeAll(async () => {
    headers = { authorization: `Bearer ${(await house.newTenantKey('curious')).key}` };
  });

  const nobodys = (): string => `chl_${newChallengeId(3)}`;
  const masked = ({ status, text }: Answer): string => `${status} ${text.replace(/"requestId":"[^"]+"/, '')}`;

  it('are answered alike, byte for byte', async () => {
    const ask = (id: string): Promise<Answer[]> =>
      Promise.all([
        house.call('GET', `/v1/challenges/${id}`, undefined, headers),
        house.call('GET', `/v1/challenges/${id}/code`, undefined, headers),
        house.call('GET', `/v1/challenges/${id}/timeline`, undefined, headers),
        house.call('POST', `/v1/challenges/${id}/check`, { code: open.code }, headers),
        house.call('POST', `/v1/challenges/${id}/resend`, {}, headers),
        house.call('POST', `/v1/challenges/${id}/cancel`, {}, headers),
      ]);
    const [foreign, unknown] = [await ask(open.id), await ask(nobodys())];
    expect(foreign.map(masked)).toEqual(unknown.map(masked));
    const names = ({ headers: told }: Answer): string => Object.keys(told).sort().join();
    expect(foreign.map(names)).toEqual(unknown.map(names));
  });

  it('are answered in the same time: 2,000 pairs, told apart by no rank test', async () => {
    let told: { p: number; gap: number } | undefined;
    for (let run = 0; run < RUNS && !(told && told.p > 0.01 && told.gap < 2); run++) told = await measure();
    expect(told!.p).toBeGreaterThan(0.01);
    expect(told!.gap).toBeLessThan(2);
  }, 120_000);

  it('would be told apart by 50 µs of 500', () => {
    const noise = (): number => 500 + 200 * (Math.random() + Math.random() + Math.random() - 1.5);
    const [left, right] = [Array.from({ length: PAIRS }, noise), Array.from({ length: PAIRS }, noise)];
    expect(mannWhitneyP(left, right)).toBeGreaterThan(0.000_1);
    expect(
      mannWhitneyP(
        left,
        right.map((value) => value + 50),
      ),
    ).toBeLessThan(0.000_1);
  });

  async function measure(): Promise<{ p: number; gap: number }> {
    const times: Record<'foreign' | 'unknown', number[]> = { foreign: [], unknown: [] };
    const check = async (id: string): Promise<number> => {
      const from = performance.now();
      await house.call('POST', `/v1/challenges/${id}/check`, { code: '123456' }, headers);
      return performance.now() - from;
    };
    const ids = Array.from({ length: PAIRS }, nobodys);
    for (const [at, id] of ids.entries()) {
      // Either may come first, so that what the machine does meanwhile falls on both.
      const order = at % 2 === 0 ? (['foreign', 'unknown'] as const) : (['unknown', 'foreign'] as const);
      for (const which of order) times[which].push(await check(which === 'foreign' ? open.id : id));
    }
    const gap = Math.abs(median(times.foreign) - median(times.unknown));
    return { p: mannWhitneyP(times.foreign, times.unknown), gap };
  }
});

describe('STD-02 a code', () => {
  it('is made and sent without Math.random: what calls it from our own sources fails', async () => {
    const random = Math.random;
    const callers: string[] = [];
    const spy = vi.spyOn(Math, 'random').mockImplementation(() => {
      // Frame 0 is this function; libraries may shuffle as they like.
      const caller = new Error().stack
        ?.split('\n')
        .find((line) => /\/(libs|apps\/(api|worker))\//.test(line) && !line.includes('node_modules'));
      const direct = new Error().stack?.split('\n')[2] ?? '';
      if (caller && direct.includes(caller.trim())) {
        callers.push(direct);
        throw new Error('Math.random is predictable');
      }
      return random();
    });
    try {
      const receiver = nextReceiver();
      const { status, json } = await house.call('POST', '/v1/challenges', {
        generator: open.generator,
        receiver,
      });
      expect(status).toBe(201);
      const [message] = await until(
        () => house.simulated(receiver),
        (messages) => messages.length > 0,
      );
      const checked = await house.call('POST', `/v1/challenges/${json.id}/check`, { code: message!.code });
      expect(checked.json).toMatchObject({ valid: true });
    } finally {
      spy.mockRestore();
    }
    expect(callers).toEqual([]);
  });
});

describe('ATK-11 the id of a challenge', () => {
  it('is nothing without a key: every way to it is 401', async () => {
    for (const [method, end] of [
      ['GET', ''],
      ['GET', '/code'],
      ['GET', '/timeline'],
      ['POST', '/check'],
      ['POST', '/cancel'],
    ])
      expect((await ask(method!, `${house.api.url}/v1/challenges/${open.id}${end}`)).status).toBe(401);
  });
});
