import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type LookupFunction, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClient, type HttpClientOptions } from '../../libs/platform/http-client/http-client.js';
import type { OutboundResult } from '../../libs/platform/http-client/outbound.js';
import { type Certificate, certificateFor, daysFromNow } from '../support/certificates.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function clientOf(options?: HttpClientOptions): HttpClient {
  const client = new HttpClient(options);
  cleanUps.push(() => client.onApplicationShutdown());
  return client;
}

async function listen(server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function post(
  client: HttpClient,
  url: string,
  body = '{"a":1}',
  deadlineMs = 5_000,
): Promise<OutboundResult> {
  return client.send({ method: 'POST', url, body, deadlineMs });
}

describe('FI-29 a connection that is reset', () => {
  it('in the middle of the handshake: nothing was sent', async () => {
    const port = await listen(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await post(clientOf(), `https://127.0.0.1:${port}/`)).toEqual({
      kind: 'not_sent',
      reason: 'econnreset',
    });
  });

  it('before the request is written: it goes out on another one', async () => {
    const sockets: Socket[] = [];
    const port = await listen(
      createServer((socket) => {
        sockets.push(socket);
        socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
      }),
    );
    const client = clientOf();
    for (let turn = 0; turn < 20; turn++) {
      expect(await post(client, `http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'response' });
      // In one go, so that the client has had no turn of the event loop to see it.
      sockets.at(-1)!.resetAndDestroy();
      expect(await post(client, `http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'response' });
    }
  });

  it('after the body has left: nobody knows', async () => {
    const port = await listen(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await post(clientOf(), `http://127.0.0.1:${port}/`)).toEqual({
      kind: 'unknown',
      reason: 'econnreset',
    });
  });
});

describe('a deadline that ends before there is a connection', () => {
  it('means that nothing was sent, then or later', async () => {
    let bytes = 0;
    // It takes the connection and never finishes the handshake.
    const port = await listen(createServer((socket) => socket.on('data', () => bytes++)));
    const from = performance.now();
    expect(await post(clientOf(), `https://127.0.0.1:${port}/`, '{}', 300)).toEqual({
      kind: 'not_sent',
      reason: 'timeout',
    });
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(bytes).toBeLessThanOrEqual(1);
  });

  it('holds for a request that waits for one of 64 busy connections, which is not sent afterwards', async () => {
    const heads: string[] = [];
    const port = await listen(
      createServer((socket) => socket.on('data', (data) => void heads.push(data.toString('latin1')))),
    );
    const client = clientOf();
    const busy = Array.from({ length: 64 }, () => post(client, `http://127.0.0.1:${port}/busy`, '{}', 900));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await post(client, `http://127.0.0.1:${port}/late`, '{}', 200)).toEqual({
      kind: 'not_sent',
      reason: 'timeout',
    });
    expect(new Set((await Promise.all(busy)).map(({ kind }) => kind))).toEqual(new Set(['unknown']));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heads.filter((head) => head.includes('/busy'))).toHaveLength(64);
    expect(heads.filter((head) => head.includes('/late'))).toEqual([]);
  });
});

describe('FI-30 a server that cannot prove who it is', () => {
  async function secure(certificate: Certificate): Promise<{ url: string; requests: () => number }> {
    let requests = 0;
    const server = createTlsServer(certificate, (_request, response) => {
      requests++;
      response.end('{}');
    });
    return { url: `https://localhost:${await listen(server)}/`, requests: () => requests };
  }

  it('is refused whatever the environment says, and the right one is not', async () => {
    const expired = certificateFor('localhost', { from: daysFromNow(-9), to: daysFromNow(-1) });
    const stranger = certificateFor('other.example');
    const unsigned = certificateFor('localhost');
    const right = certificateFor('localhost');
    const ca = [expired, stranger, right].map(({ cert }) => cert);
    const cases: [Certificate, string][] = [
      [expired, 'cert_has_expired'],
      [stranger, 'err_tls_cert_altname_invalid'],
      [unsigned, 'depth_zero_self_signed_cert'],
    ];
    const { env } = process;
    env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    cleanUps.push(async () => void delete env['NODE_TLS_REJECT_UNAUTHORIZED']);
    const client = clientOf({ ca });
    for (const [certificate, reason] of cases) {
      const server = await secure(certificate);
      expect(await post(client, server.url)).toEqual({ kind: 'not_sent', reason, distrusted: true });
      expect(server.requests()).toBe(0);
    }
    const server = await secure(right);
    expect(await post(client, server.url)).toMatchObject({ kind: 'response', status: 200 });
  });

  it('is one that does not speak TLS; it is not asked in clear instead', async () => {
    const heads: string[] = [];
    const port = await listen(
      createServer((socket) =>
        socket.once('data', (data) => {
          heads.push(data.toString('latin1'));
          socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
        }),
      ),
    );
    expect(await post(clientOf(), `https://127.0.0.1:${port}/`)).toMatchObject({
      kind: 'not_sent',
      distrusted: true,
    });
    expect(heads).toHaveLength(1);
    expect(heads[0]).not.toContain('POST');
  });
});

describe('FI-31 names', () => {
  it('that do not resolve: nothing was sent', async () => {
    const lookup: LookupFunction = (_name, _options, callback) =>
      setImmediate(() => callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []));
    expect(await post(clientOf({ lookup }), 'http://provider.example/')).toEqual({
      kind: 'not_sent',
      reason: 'enotfound',
    });
  });

  it('that take 5 s to resolve: the deadline holds, and everything else goes on', async () => {
    const port = await listen(createServer((socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n')));
    let asked = 0;
    let timer: NodeJS.Timeout | undefined;
    const lookup: LookupFunction = (name, _options, callback) => {
      if (name === 'localhost') return callback(null, [{ address: '127.0.0.1', family: 4 }]);
      asked++;
      timer = setTimeout(() => callback(null, [{ address: '127.0.0.1', family: 4 }]), 5_000);
    };
    cleanUps.push(async () => clearTimeout(timer));
    const client = clientOf({ lookup });
    const from = performance.now();
    const slow = post(client, `http://slow.example:${port}/`, '{}', 400);
    expect(await post(client, `http://localhost:${port}/`)).toMatchObject({ kind: 'response', status: 204 });
    expect(await slow).toEqual({ kind: 'not_sent', reason: 'timeout' });
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(asked).toBe(1);
  });
});
