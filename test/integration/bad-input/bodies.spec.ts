import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, openHouse } from '../../support/house.js';
import { answered, lastAnswer, speak } from './raw-socket.js';
import {
  expectRefusal,
  expectUntouched,
  fastest,
  openChallenge,
  type OpenChallenge,
  type Refusal,
  type Route,
  routesWithBody,
} from './refusals.js';

const LIMIT = 16 * 1024;
/** What must never come back: a code, a number, a word of the caller's. */
const CODE = '482913';
const NUMBER = '+525598765432';
const WORD = 'xyzzy-secret';

const invalidJson: Refusal = { status: 400, code: 'request.invalid_json' };
const notAnObject: Refusal = { status: 422, code: 'request.object_required' };
const mediaType: Refusal = { status: 415, code: 'request.unsupported_media_type' };
const tooLarge: Refusal = { status: 413, code: 'request.too_large' };
const tooComplex: Refusal = { status: 422, code: 'request.too_complex' };
const forbiddenKey: Refusal = { status: 422, code: 'request.forbidden_key' };
const forbiddenCharacter: Refusal = { status: 422, code: 'request.forbidden_character' };
const invalidEncoding: Refusal = { status: 400, code: 'request.invalid_encoding' };
const duplicate = (pointer: string): Refusal => ({
  status: 400,
  code: 'request.duplicate_key',
  field: [pointer, 'duplicate_key'],
});
const unknown = (pointer: string): Refusal => ({
  status: 422,
  code: 'request.invalid',
  field: [pointer, 'unknown_field'],
});

interface Row {
  id: string;
  what: string;
  body: string | Buffer;
  headers?: Record<string, string>;
  refusal: Refusal;
}

const sample = `{"receiver":"${NUMBER}","code":"${CODE}","note":"${WORD}"}`;
const many = (count: number): string =>
  `{${Array.from({ length: count }, (_, at) => `"${at}":1`).join(',')}}`;
const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

const ROWS: Row[] = [
  { id: 'BI-02', what: 'half a body', body: '{', refusal: invalidJson },
  { id: 'BI-02', what: 'a body that breaks off in a value', body: sample.slice(0, -2), refusal: invalidJson },
  { id: 'BI-02', what: 'two bodies', body: sample + sample, refusal: invalidJson },
  { id: 'BI-02', what: 'single quotes', body: `{'code':'${CODE}'}`, refusal: invalidJson },
  { id: 'BI-02', what: 'a byte order mark', body: `\uFEFF${sample}`, refusal: invalidJson },
  { id: 'BI-03', what: 'null', body: 'null', refusal: notAnObject },
  { id: 'BI-03', what: 'a list', body: '[]', refusal: notAnObject },
  { id: 'BI-03', what: 'a list of bodies', body: `[${sample}]`, refusal: notAnObject },
  { id: 'BI-03', what: 'a string', body: `"${CODE}"`, refusal: notAnObject },
  { id: 'BI-03', what: 'a number', body: '1', refusal: notAnObject },
  {
    id: 'BI-04',
    what: 'text/plain',
    body: sample,
    headers: { 'content-type': 'text/plain' },
    refusal: mediaType,
  },
  {
    id: 'BI-04',
    what: 'a form',
    body: `code=${CODE}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    refusal: mediaType,
  },
  {
    id: 'BI-04',
    what: 'XML',
    body: '<a/>',
    headers: { 'content-type': 'application/xml' },
    refusal: mediaType,
  },
  {
    id: 'BI-04',
    what: 'a type that only begins like JSON',
    body: sample,
    headers: { 'content-type': 'application/jsonx' },
    refusal: mediaType,
  },
  {
    id: 'BI-04',
    what: 'another charset',
    body: Buffer.from(sample, 'utf16le'),
    headers: { 'content-type': 'application/json;charset=utf-16' },
    refusal: mediaType,
  },
  { id: 'BI-05', what: '16 KB and one byte', body: sample.padEnd(LIMIT + 1), refusal: tooLarge },
  { id: 'BI-05', what: 'a megabyte', body: sample.padEnd(1024 * 1024), refusal: tooLarge },
  {
    id: 'BI-06',
    what: 'a gzip bomb',
    body: gzipSync(Buffer.alloc(10 * 1024 * 1024)),
    headers: { 'content-encoding': 'gzip' },
    refusal: mediaType,
  },
  {
    id: 'BI-06',
    what: 'an unknown encoding',
    body: sample,
    headers: { 'content-encoding': 'x-zip' },
    refusal: mediaType,
  },
  {
    id: 'BI-06',
    what: 'two encodings',
    body: sample,
    headers: { 'content-encoding': 'identity, br' },
    refusal: mediaType,
  },
  {
    id: 'BI-07',
    what: 'objects 1,000 deep',
    body: `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`,
    refusal: tooComplex,
  },
  {
    id: 'BI-07',
    what: 'lists 1,000 deep',
    body: `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`,
    refusal: tooComplex,
  },
  { id: 'BI-07', what: 'brackets that never close', body: '['.repeat(LIMIT), refusal: tooComplex },
  { id: 'BI-07', what: '1,000 keys', body: many(1_000), refusal: tooComplex },
  { id: 'BI-07', what: '100,000 keys, which are too large first', body: many(100_000), refusal: tooLarge },
  {
    id: 'BI-08',
    what: 'bytes that are no UTF-8',
    body: bytes('{"code":"', [0xff, 0xfe], '"}'),
    refusal: invalidEncoding,
  },
  {
    id: 'BI-08',
    what: 'an overlong encoding',
    body: bytes('{"code":"', [0xc0, 0xaf], '"}'),
    refusal: invalidEncoding,
  },
  {
    id: 'BI-08',
    what: 'a surrogate in UTF-8',
    body: bytes('{"code":"', [0xed, 0xa0, 0x80], '"}'),
    refusal: invalidEncoding,
  },
  { id: 'BI-08', what: 'half a pair, escaped', body: '{"note":"\\ud800"}', refusal: forbiddenCharacter },
  { id: 'BI-08', what: 'the other half, in a key', body: '{"a\\udc00":1}', refusal: forbiddenCharacter },
  { id: 'BI-08', what: 'NUL, escaped', body: `{"code":"${CODE}\\u0000"}`, refusal: forbiddenCharacter },
  { id: 'BI-08', what: 'NUL, as it is', body: `{"code":"${CODE}\u0000"}`, refusal: invalidJson },
  {
    id: 'BI-09',
    what: 'a receiver twice',
    body: `{"receiver":"+1","receiver":"${NUMBER}"}`,
    refusal: duplicate('#/receiver'),
  },
  {
    id: 'BI-09',
    what: 'a code twice',
    body: `{"code":"${CODE}","code":"${CODE}"}`,
    refusal: duplicate('#/code'),
  },
  {
    id: 'BI-09',
    what: 'a channel twice, once in escapes',
    body: '{"channel":"a","ch\\u0061nnel":"b"}',
    refusal: duplicate('#/channel'),
  },
  {
    id: 'BI-09',
    what: 'a key twice inside',
    body: `{"metadata":{"a":1,"a":"${CODE}"}}`,
    refusal: { status: 400, code: 'request.duplicate_key' },
  },
  {
    id: 'BI-09',
    what: 'a key with a slash twice',
    body: '{"a/~b":1,"a/~b":2}',
    refusal: duplicate('#/a~1~0b'),
  },
  { id: 'BI-26', what: 'a field nobody knows', body: `{"foo":"${WORD}"}`, refusal: unknown('#/foo') },
  { id: 'BI-26', what: 'a state of one’s own', body: '{"state":"approved"}', refusal: unknown('#/state') },
  {
    id: 'BI-26',
    what: 'a tenant of one’s own',
    body: '{"tenantId":"ten_x"}',
    refusal: unknown('#/tenantId'),
  },
  { id: 'BI-70', what: '__proto__', body: '{"__proto__":{"polluted":true}}', refusal: forbiddenKey },
  {
    id: 'BI-70',
    what: '__proto__ in escapes',
    body: '{"\\u005f_proto__":{"polluted":true}}',
    refusal: forbiddenKey,
  },
  {
    id: 'BI-70',
    what: 'constructor.prototype',
    body: '{"constructor":{"prototype":{"polluted":true}}}',
    refusal: forbiddenKey,
  },
  {
    id: 'BI-70',
    what: '__proto__ inside',
    body: '{"metadata":{"__proto__":{"polluted":true}}}',
    refusal: forbiddenKey,
  },
  ...['toString', 'valueOf', 'hasOwnProperty', 'then', 'toJSON', 'length'].map((name) => ({
    id: 'BI-71',
    what: `a field called ${name}`,
    body: `{"${name}":1}`,
    refusal: unknown(`#/${name}`),
  })),
];

describe('bodies that are refused wherever a body is taken', () => {
  let house: House;
  let open: OpenChallenge;
  let routes: { required: Route[]; optional: Route[] };

  beforeAll(async () => {
    house = await openHouse();
    open = await openChallenge(house, await house.newGenerator());
    routes = routesWithBody(house, open);
  });
  afterAll(() => house.close());

  it.each(ROWS)('$id $what', async ({ body, headers, refusal }) => {
    await expectUntouched(house, async () => {
      for (const { surface, method, path } of [...routes.required, ...routes.optional]) {
        const answer = await house.call(method, path, body, headers);
        expectRefusal(surface, answer, refusal, [CODE, NUMBER, WORD], `${method} ${path}`);
      }
    });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([{ body: undefined }, { body: '' }])(
    'BI-01 no body ($body), where one is needed',
    async ({ body }) => {
      await expectUntouched(house, async () => {
        for (const { surface, method, path } of routes.required)
          expectRefusal(
            surface,
            await house.call(method, path, body),
            { status: 400, code: 'request.body_required' },
            [],
            path,
          );
      });
    },
  );

  it.each([{ body: undefined }, { body: '' }, { body: {} }])(
    'BI-01 no body ($body), where none is needed, is no mistake',
    async ({ body }) => {
      const other = await openChallenge(house, open.generator);
      for (const { method, path } of routesWithBody(house, other).optional)
        expect((await house.call(method, path, body)).status, path).toBe(200);
    },
  );

  it('BI-04 a body without a content type', async () => {
    for (const { surface, method, path } of [...routes.required, ...routes.optional]) {
      const answer = await speakTo(method, path, `Content-Length: ${sample.length}\r\n\r\n${sample}`);
      expectRefusal(surface, answer, mediaType, [CODE, NUMBER, WORD], path);
    }
  });

  it('BI-05 ends the connection of a body that is too large, told by length or found in chunks', async () => {
    const chunk = `${(LIMIT + 1).toString(16)}\r\n${' '.repeat(LIMIT + 1)}\r\n0\r\n\r\n`;
    for (const rest of [
      `Content-Type: application/json\r\nContent-Length: ${LIMIT + 1}\r\n\r\n${' '.repeat(LIMIT + 1)}`,
      `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
    ]) {
      const heard = await speak(house.api.url, head('POST', '/v1/challenges') + rest);
      expectRefusal('native', lastAnswer(heard), tooLarge);
      expect(heard.closed).toBe(true);
    }
  });

  it('BI-05 takes 16 KB exactly', async () => {
    const body = JSON.stringify({ code: open.wrong }).padEnd(LIMIT);
    expect((await house.call('POST', `/v1/challenges/${open.id}/check`, body)).status).toBe(200);
  });

  it('BI-07 judges a body that is too complex in less than 10 ms', async () => {
    for (const { body } of ROWS.filter((row) => row.refusal === tooComplex))
      expect(await fastest(25, () => house.call('POST', '/v1/challenges', body))).toBeLessThan(10);
  });

  const head = (method: string, path: string): string =>
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${house.demo.apiKey}\r\n`;

  async function speakTo(method: string, path: string, rest: string): Promise<ReturnType<typeof lastAnswer>> {
    return lastAnswer(await speak(house.api.url, head(method, path) + rest, { enough: answered }));
  }
});
