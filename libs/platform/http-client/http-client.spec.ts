import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  closedAddress,
  cutShort,
  dripBody,
  dripHeaders,
  hangUp,
  json,
  type Play,
  raw,
  reset,
  ScriptedServer,
  silence,
  text,
} from '../../providers/conformance/scripted-server.fixtures.js';
import { HttpClient } from './http-client.js';
import type { OutboundRequest, OutboundResult } from './outbound.js';

let server: ScriptedServer;
let client: HttpClient;

beforeEach(async () => {
  server = await ScriptedServer.start();
  client = new HttpClient();
});
afterEach(async () => {
  await server.stop();
  await client.onApplicationShutdown();
});

function send(request: Partial<OutboundRequest> = {}): Promise<OutboundResult> {
  return client.send({
    method: 'POST',
    url: `${server.url}/send`,
    body: '{"a":1}',
    deadlineMs: 5_000,
    ...request,
  });
}

/** The result and how long it took, ms. */
async function timed(request: Partial<OutboundRequest> = {}): Promise<[OutboundResult, number]> {
  const from = performance.now();
  return [await send(request), performance.now() - from];
}

describe('an answer', () => {
  it('is handed on with its status, headers and text, whatever the status says', async () => {
    for (const status of [200, 201, 204, 302, 400, 401, 404, 429, 500, 503]) {
      server.will(text(status, status === 204 ? '' : `é ${status}`, { 'retry-after': '2' }));
      expect(await send()).toMatchObject({
        kind: 'response',
        status,
        body: status === 204 ? '' : `é ${status}`,
        headers: { 'retry-after': '2' },
      });
    }
  });

  it('is asked for with exactly what was given', async () => {
    server.will(json(200, {}));
    await send({
      method: 'PUT',
      url: `${server.url}/a%20b?c=%2F`,
      headers: { authorization: 'Bearer t', 'x-a': 'b' },
      body: '{"é":"😀"}',
    });
    expect(server.received).toMatchObject([
      {
        method: 'PUT',
        url: '/a%20b?c=%2F',
        headers: { authorization: 'Bearer t', 'x-a': 'b', 'content-length': '13' },
        body: '{"é":"😀"}',
      },
    ]);
  });

  it('that points elsewhere is not followed (STD-29)', async () => {
    server.will(text(307, '', { location: `${server.url}/elsewhere` }));
    expect(await send()).toMatchObject({ kind: 'response', status: 307 });
    expect(server.received).toHaveLength(1);
  });

  it('of 256 KB is read, of one byte more it is not', async () => {
    server.will(text(200, 'x'.repeat(256 * 1024)));
    expect(await send()).toMatchObject({ kind: 'response', status: 200 });
    server.will(text(200, 'x'.repeat(256 * 1024 + 1)));
    expect(await send()).toEqual({ kind: 'unknown', reason: 'answer_too_large' });
  });

  it('is cut off where its reader wants no more of it', async () => {
    server.will(text(200, 'x'.repeat(300 * 1024)));
    expect(await send({ answerBytes: 16 })).toMatchObject({
      kind: 'response',
      status: 200,
      body: 'x'.repeat(16),
    });
    server.will(text(200, 'short'));
    expect(await send({ answerBytes: 16 })).toMatchObject({ kind: 'response', body: 'short' });
  });

  it('comes back to its own request, two hundred at once', async () => {
    server.will((response, request) => void response.end(request.body));
    const bodies = Array.from({ length: 200 }, (_, at) => `{"n":${at}}`);
    const results = await Promise.all(bodies.map((body) => send({ body })));
    expect(results.map((result) => result.kind === 'response' && result.body)).toEqual(bodies);
  });
});

describe('a request that certainly was not sent', () => {
  it('is one that nobody listened to', async () => {
    expect(await send({ url: await closedAddress() })).toEqual({ kind: 'not_sent', reason: 'econnrefused' });
  });

  it('is one to a name with several addresses, none of which listens', async () => {
    const url = (await closedAddress()).replace('127.0.0.1', 'localhost');
    expect(await send({ url })).toEqual({ kind: 'not_sent', reason: 'econnrefused' });
  });

  it('is one to a name that does not exist', async () => {
    expect(await send({ url: 'http://nowhere.invalid/' })).toEqual({
      kind: 'not_sent',
      reason: expect.stringMatching(/^(enotfound|eai_again)$/),
    });
  });

  it.each([
    ['no address', { url: 'not an address' }],
    ['an address of another kind', { url: 'file:///etc/passwd' }],
    ['a header with a line break', { headers: { authorization: 'Bearer a\r\nx-injected: 1' } }],
  ])('is one with %s', async (_what, request) => {
    const result = await send(request);
    expect(result).toMatchObject({ kind: 'not_sent' });
    expect(JSON.stringify(result)).not.toContain('injected');
    expect(server.received).toHaveLength(0);
  });
});

describe('a request of which nobody knows', () => {
  const plays: [what: string, play: Play, reason: RegExp][] = [
    ['was cut off after it had been read', reset, /^(econnreset|und_err_socket)$/],
    ['was hung up on', hangUp, /^und_err_socket$/],
    [
      'was answered with half an answer',
      cutShort(200, '{"messages":[{"id":"1"}]}'),
      /^(econnreset|und_err_socket|und_err_aborted)$/,
    ],
    [
      'was answered with something that is no HTTP',
      raw('SSH-2.0-OpenSSH_9.9\r\n'),
      /^(hpe_.*|connection_lost)$/,
    ],
    [
      'was answered with headers beyond measure',
      raw(`HTTP/1.1 200 OK\r\n${`X: ${'a'.repeat(1_000)}\r\n`.repeat(80)}\r\n`),
      /^(und_err_headers_overflow|hpe_)/,
    ],
  ];

  it.each(plays)('%s', async (_what, play, reason) => {
    server.will(play);
    expect(await send()).toEqual({ kind: 'unknown', reason: expect.stringMatching(reason) });
    expect(server.received).toHaveLength(1);
    // Nothing of the broken connection is left for the next one.
    server.will(json(200, {}));
    expect(await send()).toMatchObject({ kind: 'response', status: 200 });
  });

  it.each([
    ['no answer at all', silence],
    ['headers that come byte by byte', dripHeaders],
    ['a body that comes byte by byte', dripBody],
  ] as [string, Play][])('met its total deadline: %s', async (_what, play) => {
    server.will(play);
    const [result, ms] = await timed({ deadlineMs: 300 });
    expect(result).toEqual({ kind: 'unknown', reason: 'timeout' });
    expect(ms).toBeGreaterThan(280);
    expect(ms).toBeLessThan(900);
  });

  it.each([
    ['while waiting', silence],
    ['while reading', dripBody],
  ] as [string, Play][])('was given up by its caller %s', async (_what, play) => {
    server.will(play);
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(), 150);
    const [result, ms] = await timed({ signal: giveUp.signal });
    expect(result).toEqual({ kind: 'unknown', reason: 'aborted' });
    expect(ms).toBeLessThan(800);
  });

  it('was answered with a flood, which is stopped at once and not kept', async () => {
    server.will(server.flood());
    const [result, ms] = await timed();
    expect(result).toEqual({ kind: 'unknown', reason: 'answer_too_large' });
    expect(ms).toBeLessThan(2_000);
    // What the kernel's buffers took, and no more: nobody reads on to keep the connection.
    const taken = server.floodedBytes;
    expect(taken).toBeLessThan(12 * 1024 * 1024);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.floodedBytes).toBe(taken);
  });
});

describe('kept connections', () => {
  it('that the server has closed meanwhile are not used again', async () => {
    for (let turn = 0; turn < 5; turn++) {
      server.will((response) => {
        response.end('{}', () => response.socket?.end());
      });
      expect(await send()).toMatchObject({ kind: 'response', status: 200 });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(server.received).toHaveLength(5);
  });

  it('are used again by requests in a row', async () => {
    const ports = new Set<number>();
    server.will((response) => {
      ports.add(response.socket!.remotePort!);
      response.end('{}');
    });
    for (let turn = 0; turn < 20; turn++) await send();
    expect(ports.size).toBeLessThanOrEqual(3);
  });
});
