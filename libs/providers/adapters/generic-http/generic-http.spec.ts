import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  SimulatorUnderTest,
  WebhookReceiver,
} from '../../../../apps/simulator/src/simulator.fixtures.js';
import { HttpClient } from '#platform/http-client';
import { describeProvider } from '../../conformance/describe-provider.fixtures.js';
import {
  json,
  type Play,
  type ReceivedRequest,
  ScriptedServer,
} from '../../conformance/scripted-server.fixtures.js';
import {
  CHANNELS,
  type Notice,
  type OutboundMessage,
  type ProviderContext,
  type SendResult,
} from '../../message-provider.js';
import { GenericHttpConfig } from './generic-http.config.js';
import { configAt, hookCase, hookMessage, item, posted, simulatedConfig } from './generic-http.fixtures.js';
import { genericHttp } from './generic-http.provider.js';

describeProvider(hookCase);

const receipts = genericHttp.receipts!;
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const NEXT_SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

let server: ScriptedServer;
let context: ProviderContext & { http: HttpClient };
beforeAll(async () => {
  server = await ScriptedServer.start();
  const http = new HttpClient({ guard: { trustedOrigins: [server.url] } });
  context = { http, now: () => Date.now() };
});
afterAll(async () => {
  await server.stop();
  await context.http.onApplicationShutdown();
});

async function send(
  play: Play = hookCase.accepted('h-1'),
  changes: Partial<OutboundMessage> = {},
  settings: Partial<GenericHttpConfig> = {},
  more: Partial<ProviderContext> = {},
): Promise<SendResult> {
  server.will(play);
  const message = { ...hookMessage, ...changes };
  return genericHttp.send(message, configAt(server.url, settings), { ...context, ...more });
}

describe('generic-http: what is posted', () => {
  const received = (): ReceivedRequest => server.received.at(-1)!;
  const document = (): Record<string, unknown> => JSON.parse(received().body) as Record<string, unknown>;
  const believed = (secret: string): unknown =>
    new Webhook(secret).verify(received().body, received().headers as Record<string, string>);

  it('ATK-15 the official library of Standard Webhooks believes it', async () => {
    await send(undefined, { content: { text: 'Tu código es 093751 — ünïcode 🔑' } }, { secrets: [SECRET] });
    expect(believed(SECRET)).toEqual(document());
    expect(() => believed(NEXT_SECRET)).toThrow(/No matching signature/);
  });

  it('with either secret, while one replaces the other', async () => {
    await send(undefined, {}, { secrets: [SECRET, NEXT_SECRET] });
    expect(believed(SECRET)).toEqual(document());
    expect(believed(NEXT_SECRET)).toEqual(document());
    expect(String(received().headers['webhook-signature']).split(' ')).toHaveLength(2);
  });

  it('the time is the service’s, and names message and try', async () => {
    await send(undefined, {}, {}, { now: () => 1_750_030_073_900 });
    expect(received().headers).toMatchObject({
      'webhook-id': 'corr-7f3a',
      'webhook-timestamp': '1750030073',
    });
  });

  it.each(CHANNELS)('%s is carried by its name', async (channel) => {
    await send(undefined, { channel });
    expect(document()).toMatchObject({ v: 1, channel });
  });

  it('a mail has subject and HTML, a template its name and values, a hook where to report', async () => {
    await send(
      undefined,
      {
        channel: 'email',
        to: 'ana@example.com',
        content: { subject: 'Your code', text: '093751', html: '<b>093751</b>' },
        template: { name: 'login_code', language: 'es', values: ['Acme'] },
      },
      {},
      { webhookUrl: 'https://a.example/webhooks/generic-http/acc_1' },
    );
    expect(document()).toMatchObject({
      to: 'ana@example.com',
      subject: 'Your code',
      html: '<b>093751</b>',
      language: 'es',
      template: { name: 'login_code', language: 'es', values: ['Acme'] },
      callbackUrl: 'https://a.example/webhooks/generic-http/acc_1',
    });
  });
});

describe('generic-http: what an answer means', () => {
  it.each([
    [200, { id: 'h-1' }, { outcome: 'accepted', providerMessageId: 'h-1' }],
    [204, undefined, { outcome: 'accepted', providerMessageId: 'corr-7f3a' }],
    [422, { refused: 'receiver', reason: 'no_phone' }, { failure: 'receiver', reason: 'hook_no_phone' }],
    [422, { refused: 'account' }, { failure: 'account', reason: 'status_422' }],
    [422, { refused: 'template' }, { failure: 'template' }],
    [422, { refused: 'bug' }, { failure: 'bug' }],
    [422, { refused: 'constructor' }, { failure: 'bug' }],
    [422, {}, { failure: 'bug' }],
    [401, {}, { failure: 'account', reason: 'status_401' }],
    [403, { refused: 'receiver' }, { failure: 'account' }],
    [410, {}, { failure: 'account' }],
    [400, { refused: 'receiver' }, { failure: 'bug' }],
    [404, {}, { failure: 'bug' }],
    [500, { refused: 'receiver' }, { outcome: 'unknown', reason: 'status_500' }],
    [301, {}, { outcome: 'unknown' }],
  ])('%i with %j', async (status, body, expected) => {
    const play: Play =
      body === undefined ? (response) => void response.writeHead(status).end() : json(status, body);
    const result = await send(play);
    expect(result).toMatchObject(expected);
    if ('failure' in expected) expect(result.outcome).toBe('rejected');
  });

  it.each([
    '093751',
    'code_093751',
    'A Sentence.',
    '15551234567',
    'x'.repeat(41),
    '',
    5,
    { a: 1 },
    'no_525512345678',
  ])('a reason such as %j is not repeated', async (reason) => {
    expect(await send(json(422, { refused: 'receiver', reason }))).toMatchObject({ reason: 'status_422' });
  });

  it('a reason that is the code in letters is not repeated either', async () => {
    expect(await send(json(422, { refused: 'bug', reason: 'abcdef' }), { code: 'ABCDEF' })).toMatchObject({
      reason: 'status_422',
    });
  });
});

describe('generic-http: where it may lead', () => {
  const FORBIDDEN = [
    'http://hooks.example.com/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://0.0.0.0/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://hooks.example.com:22/',
    'https://user:pass@hooks.example.com/',
    'https://hooks.example.com/#part',
  ];

  it.each(FORBIDDEN)('ATK-13 nothing is sent to %s, and the account is to blame', async (url) => {
    const result = await send(undefined, {}, { url });
    expect(result).toMatchObject({ outcome: 'rejected', failure: 'account' });
    expect((result as { reason: string }).reason).toMatch(/^(url|address)_not_allowed$/);
    const findings = await genericHttp.diagnose!(configAt('', { url }), [], context);
    expect(findings).toMatchObject([{ check: 'reachable', ok: false }]);
  });

  it.each([['127.0.0.1'], ['93.184.215.14', '10.0.0.7'], ['93.184.215.14', '::1']])(
    'ATK-13 nothing is sent to a name behind which is %s',
    async (...addresses) => {
      const http = new HttpClient({
        lookup: (_host, _options, callback) =>
          callback(
            null,
            addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          ),
      });
      const config = configAt('', { url: 'https://localhost./' });
      expect(await genericHttp.send(hookMessage, config, { ...context, http })).toMatchObject({
        outcome: 'rejected',
        failure: 'account',
        reason: 'address_not_allowed',
      });
      await http.onApplicationShutdown();
    },
  );

  it('ATK-14 a name is believed for one connection only: one that now leads inside gets nothing', async () => {
    const inside = await ScriptedServer.start();
    let asked = 0;
    const http = new HttpClient({
      guard: { ports: [Number(new URL(inside.url).port)] },
      lookup: (_host, _options, callback) => {
        const address = asked++ === 0 ? '93.184.215.14' : '127.0.0.1';
        callback(null, [{ address, family: 4 }]);
      },
    });
    const url = `https://rebinding.example:${new URL(inside.url).port}/`;
    const config = configAt('', { url });
    expect(await genericHttp.diagnose!(config, [], { ...context, http })).toMatchObject([{ ok: true }]);
    expect(await genericHttp.send(hookMessage, config, { ...context, http })).toMatchObject({
      outcome: 'rejected',
      reason: 'address_not_allowed',
    });
    expect(inside.connections).toBe(0);
    await inside.stop();
    await http.onApplicationShutdown();
  });

  const wrong = (changes: object): string[] =>
    validateSync(
      plainToInstance(GenericHttpConfig, {
        url: 'https://hooks.example.com/x',
        secrets: [SECRET],
        ...changes,
      }),
    ).map(({ property }) => property);

  it.each([
    [[], {}],
    [[], { secrets: [SECRET, NEXT_SECRET], headers: { 'X-Api-Key': 'k' } }],
    [['url'], { url: 'https://user:pass@hooks.example.com/' }],
    [['url'], { url: 'https://hooks.example.com/#part' }],
    [['url'], { url: 'ftp://hooks.example.com/' }],
    [['url'], { url: `https://hooks.example.com/${'x'.repeat(3_000)}` }],
    [['secrets'], { secrets: [] }],
    [['secrets'], { secrets: ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] }],
    [['secrets'], { secrets: ['whsec_short'] }],
    [['headers'], { headers: { Host: 'inside.example' } }],
    [['headers'], { headers: { 'Transfer-Encoding': 'chunked' } }],
    [['headers'], { headers: { 'Webhook-Id': 'x' } }],
    [['headers'], { headers: { 'X-Forwarded-For': '127.0.0.1' } }],
    [['headers'], { headers: { 'X-Key': 'a\r\nHost: inside' } }],
    [['headers'], { headers: { 'X Key': 'a' } }],
    [['headers'], { headers: { 'X-Key': 5 } }],
    [['headers'], { headers: ['X-Key: a'] }],
  ])('the settings name %j where they are wrong: %j', (properties, changes) => {
    expect(wrong(changes)).toEqual(properties);
  });
});

describe('generic-http: reports', () => {
  const config = configAt('https://hooks.example', { secrets: [SECRET] });
  const body = Buffer.from(JSON.stringify({ messages: [item('h-1', 'delivered', 'corr-1')] }));
  const NOW = 1_750_030_073_000;
  const at = (offsetSeconds: number): string => String(NOW / 1_000 + offsetSeconds);

  it('what the official library signs is believed', () => {
    const signature = new Webhook(SECRET).sign('msg_1', new Date(NOW), body);
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': at(0), 'webhook-signature': signature };
    const request = { url: '', headers, query: {}, rawBody: body, receivedAt: NOW };
    expect(receipts.verify(request, config)).toBe(true);
    const among = `v1a,AAAA v1,${'A'.repeat(43)}= ${signature}`;
    expect(receipts.verify({ ...request, headers: { ...headers, 'webhook-signature': among } }, config)).toBe(
      true,
    );
    for (const changes of [{ 'webhook-id': 'msg_2' }, { 'webhook-timestamp': at(1) }, { 'webhook-id': '' }])
      expect(receipts.verify({ ...request, headers: { ...headers, ...changes } }, config)).toBe(false);
  });

  it.each([-299, 0, 299])('ATK-16 a report of %i s is believed', (offset) => {
    expect(receipts.verify({ ...posted(body, SECRET, at(offset)), receivedAt: NOW }, config)).toBe(true);
  });

  it.each([at(-360), at(360), at(3_600), 'NaN', '', `${at(0)}.5`, '1e9'])(
    'BI-78 a report whose time is %j is not',
    (timestamp) => {
      expect(receipts.verify({ ...posted(body, SECRET, timestamp), receivedAt: NOW }, config)).toBe(false);
    },
  );

  it('BI-76 one that is malformed is counted, and the others are handed on', () => {
    const messages = Array.from({ length: 1_000 }, (_, index) =>
      item(`h-${index}`, 'delivered', `c-${index}`),
    );
    const found = receipts.parse({ messages: messages.with(500, { status: 'delivered' }) });
    expect([found.notices.length, found.malformed]).toEqual([999, 1]);
  });
});

describe('generic-http: at the simulator', () => {
  it('what it posts back proves itself and tells the way', async () => {
    const simulator = await SimulatorUnderTest.start();
    const receiver = await new WebhookReceiver().start();
    const config = simulatedConfig(simulator);
    const http = new HttpClient({ guard: { trustedOrigins: [simulator.url] } });
    const within = { http, now: () => Date.now(), webhookUrl: receiver.url };
    const sent = await genericHttp.send(hookMessage, config, within);
    await genericHttp.send({ ...hookMessage, to: '+12025550126', correlationId: 'corr-2' }, config, within);
    const told = await eventually(() => {
      const notices: Notice[] = receiver.deliveries.flatMap(
        ({ json: posts }) => receipts.parse(posts).notices,
      );
      return notices.length >= 3 ? notices : undefined;
    });
    const { providerMessageId } = sent as { providerMessageId: string };
    expect(told).toContainEqual(expect.objectContaining({ providerMessageId, status: 'delivered' }));
    expect(told).toContainEqual(
      expect.objectContaining({
        correlationId: 'corr-2',
        status: 'failed',
        reason: 'hook_not_reachable',
        failure: 'receiver',
      }),
    );
    for (const { headers, raw } of receiver.deliveries)
      expect(receipts.verify({ url: '', headers, query: {}, rawBody: raw }, config)).toBe(true);
    await http.onApplicationShutdown();
    await simulator.stop();
    await receiver.stop();
  });
});

describe('generic-http: the page', () => {
  const page = readFileSync(new URL('../../../../docs/providers/generic-http.md', import.meta.url), 'utf8');

  it('shows a server that works as it stands', async () => {
    const source = /```js\n([^]+?)```/.exec(page)![1]!;
    const folder = mkdtempSync(join(tmpdir(), 'hook-'));
    writeFileSync(join(folder, 'hook.mjs'), source);
    const child = spawn(process.execPath, ['hook.mjs'], {
      cwd: folder,
      env: { HOOK_SECRET: SECRET, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const port = await eventually(() => /listening on (\d+)/.exec(said)?.[1]);
    const url = `http://127.0.0.1:${port}`;
    const http = new HttpClient({ guard: { trustedOrigins: [url] } });
    const post = (secret: string): Promise<SendResult> =>
      genericHttp.send(hookMessage, configAt(url, { secrets: [secret] }), { http, now: () => Date.now() });
    expect(await post(SECRET)).toEqual({ outcome: 'accepted', providerMessageId: 'corr-7f3a' });
    expect(await post(NEXT_SECRET)).toMatchObject({ outcome: 'rejected', failure: 'account' });
    await eventually(() => (said.includes('+15551234567') ? true : undefined));
    await http.onApplicationShutdown();
    child.kill();
    await once(child, 'exit');
    rmSync(folder, { recursive: true });
  });

  it('names every member of the document', async () => {
    await send(
      undefined,
      {
        content: { subject: 's', text: 't', html: 'h' },
        template: { name: 'login_code', language: 'es', values: ['Acme'] },
      },
      {},
      { webhookUrl: 'https://a.example/w' },
    );
    const members = Object.keys(JSON.parse(server.received.at(-1)!.body) as object);
    expect(members).toHaveLength(13);
    expect(members.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
  });
});
