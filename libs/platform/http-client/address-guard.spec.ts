import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { json, ScriptedServer } from '../../providers/conformance/scripted-server.fixtures.js';
import { isPublicAddress } from './address-guard.js';
import { HttpClient, type HttpClientOptions } from './http-client.js';
import type { OutboundResult } from './outbound.js';

const PUBLIC: LookupAddress = { address: '93.184.215.14', family: 4 };
const PUBLIC_6: LookupAddress = { address: '2606:2800:21f:cb07:6820:80da:af6b:8b2c', family: 6 };
const LOOPBACK: LookupAddress = { address: '127.0.0.1', family: 4 };

let server: ScriptedServer;
let client: HttpClient | undefined;
let asked: string[];

beforeEach(async () => {
  server = await ScriptedServer.start();
  server.will(json(200, {}));
  asked = [];
});
afterEach(async () => {
  await client?.onApplicationShutdown();
  client = undefined;
  await server.stop();
});

/** A client whose names resolve to each of these in turn, then to the last. */
function use(answers: LookupAddress[][], guard?: HttpClientOptions['guard']): HttpClient {
  const lookup: LookupFunction = (name, _options, callback) => {
    asked.push(name);
    const found = answers[Math.min(asked.length, answers.length) - 1]!;
    setImmediate(() => callback(null, found));
  };
  client = new HttpClient({ guard, lookup });
  return client;
}

function send(url: string): Promise<OutboundResult> {
  return client!.send({ method: 'POST', url, body: '{}', deadlineMs: 2_000, guarded: true });
}

/** The port of a server on loopback, which counts who comes through. */
const openPort = (): number => Number(new URL(server.url).port);

describe('ATK-13 a URL that a tenant wrote', () => {
  const inside = [
    'https://127.0.0.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://①②⑦.⓪.⓪.①/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b:1::a00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
    'https://[fc00::1]/',
    'https://[fd12:3456::1]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    'https://[2001:db8::1]/',
    'https://0.0.0.0/',
    'https://10.255.255.255/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://172.31.255.255/',
    'https://192.0.0.1/',
    'https://192.168.0.1/',
    'https://198.19.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
  ];

  it.each(inside)('%s leads inside: refused when it is saved and when it is called', async (url) => {
    const guarded = use([[PUBLIC]]);
    expect(await guarded.whyForbidden(url)).toBe('address_not_allowed');
    expect(await send(url)).toEqual({ kind: 'not_sent', reason: 'address_not_allowed' });
    expect(asked).toEqual([]);
  });

  it.each([
    'http://hooks.example/',
    'ftp://hooks.example/',
    'https://hooks.example:22/',
    'https://hooks.example:6379/',
    'https://user@hooks.example/',
    'https://user:word@hooks.example/',
    'https://hooks.example/#part',
    `https://hooks.example/${'x'.repeat(3_000)}`,
  ])('%s is not one to call', async (url) => {
    const guarded = use([[PUBLIC]]);
    expect(await guarded.whyForbidden(url)).toBe('url_not_allowed');
    expect(await send(url)).toEqual({ kind: 'not_sent', reason: 'url_not_allowed' });
    expect(asked).toEqual([]);
  });

  it.each([
    [[LOOPBACK]],
    [[PUBLIC, LOOPBACK]],
    [[LOOPBACK, PUBLIC]],
    [[PUBLIC_6, { address: '::1', family: 6 }]],
    [[{ address: '::ffff:127.0.0.1', family: 6 }]],
    [[{ address: 'fe80::1%lo', family: 6 }]],
    [[]],
  ])('whose name stands for %j leads inside', async (addresses) => {
    const guarded = use([addresses as LookupAddress[]], { ports: [openPort()] });
    for (const name of ['hooks.example', 'localhost', 'localhost.', 'redis']) {
      expect(await guarded.whyForbidden(`https://${name}:${openPort()}/`)).toBe('address_not_allowed');
      expect(await send(`https://${name}:${openPort()}/`)).toEqual({
        kind: 'not_sent',
        reason: 'address_not_allowed',
      });
    }
    expect(server.connections).toBe(0);
  });

  it('that is public in every address may be saved', async () => {
    const guarded = use([[PUBLIC, PUBLIC_6]]);
    for (const url of [
      'https://hooks.example/a?b=c',
      'https://hooks.example:8443/',
      'https://93.184.215.14/',
      'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
    ])
      expect(await guarded.whyForbidden(url), url).toBeUndefined();
  });

  it('of an origin that the installation trusts is called as it is, and no other of its host', async () => {
    const guarded = use([[LOOPBACK]], { trustedOrigins: [server.url] });
    expect(await guarded.whyForbidden(`${server.url}/hook`)).toBeUndefined();
    expect(await send(`${server.url}/hook`)).toMatchObject({ kind: 'response', status: 200 });
    expect(await send('http://127.0.0.1:1/hook')).toEqual({ kind: 'not_sent', reason: 'url_not_allowed' });
  });

  it('is not left by a redirect', async () => {
    use([[LOOPBACK]], { trustedOrigins: [server.url] });
    server.will((response) => void response.writeHead(302, { location: `${server.url}/inside` }).end());
    expect(await send(`${server.url}/hook`)).toMatchObject({ kind: 'response', status: 302 });
    expect(server.received.map(({ url }) => url)).toEqual(['/hook']);
  });
});

describe('ATK-14 a name that changes its mind', () => {
  it('public when it is saved, ourselves when it is called: no connection is made', async () => {
    const guarded = use([[PUBLIC], [LOOPBACK]], { ports: [openPort()] });
    const url = `https://hooks.example:${openPort()}/`;
    expect(await guarded.whyForbidden(url)).toBeUndefined();
    for (let attempt = 0; attempt < 3; attempt++)
      expect(await send(url)).toEqual({ kind: 'not_sent', reason: 'address_not_allowed' });
    // Asked again for each attempt, and once: what was checked is what would have been connected to.
    expect(asked).toHaveLength(4);
    expect(server.connections).toBe(0);
  });

  it('does not get through on a connection that somebody else has opened without the checks', async () => {
    const open = use([[LOOPBACK]], { ports: [openPort()] });
    const url = `http://hooks.example:${openPort()}/`;
    expect(await open.send({ method: 'GET', url, deadlineMs: 2_000 })).toMatchObject({ kind: 'response' });
    expect(await send(url)).toEqual({ kind: 'not_sent', reason: 'url_not_allowed' });
    expect(server.received).toHaveLength(1);
  });
});

describe('a public address', () => {
  it.each([
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.0',
    '172.32.0.1',
    '192.0.1.1',
    '223.255.255.255',
    '2a00::1',
  ])('%s is one', (address) => expect(isPublicAddress(address)).toBe(true));
  it.each(['', 'localhost', '127.1', '1.1.1.1.1', '::ffff:1.1.1.1', '2a00::1%eth0'])(
    '%s is none',
    (address) => expect(isPublicAddress(address)).toBe(false),
  );
});
