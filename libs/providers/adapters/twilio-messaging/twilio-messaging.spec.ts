import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import { HttpClient } from '#platform/http-client';
import { describeProvider } from '../../conformance/describe-provider.fixtures.js';
import { json, ScriptedServer, text } from '../../conformance/scripted-server.fixtures.js';
import type {
  InboundNotice,
  Notice,
  OutboundMessage,
  ProviderContext,
  WebhookRequest,
} from '../../message-provider.js';
import { judgeTwilioError } from './twilio-errors.js';
import { TwilioMessagingConfig } from './twilio-messaging.config.js';
import {
  ACCOUNT,
  callback,
  configAt,
  signatureOf,
  simulatedConfig,
  smsMessage,
  statusNotice,
  twilioError,
  twilioSmsCase,
  twilioWhatsappCase,
  whatsappMessage,
} from './twilio-messaging.fixtures.js';
import { twilioMessaging } from './twilio-messaging.provider.js';

describeProvider(twilioSmsCase);
describeProvider(twilioWhatsappCase);

const receipts = twilioMessaging.receipts!;
const http = new HttpClient();
const context: ProviderContext = { http, now: () => Date.now() };
afterAll(() => http.onApplicationShutdown());

describe('twilio-messaging: what is sent', () => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await ScriptedServer.start();
    server.will(twilioSmsCase.accepted('SM1'));
  });
  afterAll(() => server.stop());

  async function sent(
    changes: Partial<OutboundMessage>,
    settings: Partial<TwilioMessagingConfig> = {},
    more: Partial<ProviderContext> = {},
  ): Promise<Record<string, string>> {
    const message = { ...smsMessage, ...changes };
    await twilioMessaging.send(message, configAt(server.url, settings), { ...context, ...more });
    return Object.fromEntries(new URLSearchParams(server.received.at(-1)!.body));
  }

  it.each([
    ['a number, with its +', { address: '15550783881' }, { From: '+15550783881' }],
    ['a short code, without one', { address: '12345' }, { From: '12345' }],
    ['a name', { address: 'Example' }, { From: 'Example' }],
    [
      'a messaging service, which chooses the number',
      { address: 'main', externalId: `MG${'0a'.repeat(16)}` },
      { MessagingServiceSid: `MG${'0a'.repeat(16)}` },
    ],
  ])('the sender is %s', async (_what, from, expected) => {
    const { From, MessagingServiceSid } = await sent({ from });
    expect({ From, MessagingServiceSid }).toEqual({
      From: undefined,
      MessagingServiceSid: undefined,
      ...expected,
    });
  });

  it('the callback names message and try, whatever is in the id', async () => {
    const fields = await sent(
      { correlationId: 'msg_é/1&m=2' },
      {},
      { webhookUrl: 'https://a.example/w/acc_1' },
    );
    const url = new URL(fields['StatusCallback']!);
    expect(url.origin + url.pathname).toBe('https://a.example/w/acc_1');
    expect([...url.searchParams]).toEqual([['m', 'msg_é/1&m=2']]);
  });

  it.each([
    [undefined, undefined],
    [500, '1'],
    [90_000, '90'],
    [86_400_000, '14400'],
  ])('a life of %s ms is a validity of %s s', async (lifeMs, seconds) => {
    expect((await sent({ lifeMs }))['ValidityPeriod']).toBe(seconds);
  });

  it('the code stands in the variable that the template has for it', async () => {
    const fields = await sent(whatsappMessage, { whatsappCodeVariable: 'otp' });
    expect(JSON.parse(fields['ContentVariables']!)).toEqual({ otp: '093751' });
  });

  it('an API key goes before the token', async () => {
    await sent({}, { apiKeySid: `SK${'0b'.repeat(16)}`, apiKeySecret: 'key-secret-1' });
    const { url, headers } = server.received.at(-1)!;
    expect(url).toBe(`/2010-04-01/Accounts/${ACCOUNT}/Messages.json`);
    const [, encoded] = headers.authorization!.split(' ');
    expect(Buffer.from(encoded!, 'base64').toString()).toBe(`SK${'0b'.repeat(16)}:key-secret-1`);
  });

  it.each([
    ['WhatsApp without a content template', whatsappMessage, { whatsappContentSid: undefined }, 'account'],
    ['an SMS without a text', { ...smsMessage, content: undefined }, {}, 'bug'],
  ])('%s is refused before anything is sent', async (_what, message, settings, failure) => {
    const before = server.received.length;
    const result = await twilioMessaging.send(message, configAt(server.url, settings), context);
    expect(result).toMatchObject({ outcome: 'rejected', failure });
    expect(server.received).toHaveLength(before);
  });
});

describe('twilio-messaging: what each code means', () => {
  /** Rows of the page: the class, and the codes it holds. */
  const page = readFileSync(
    new URL('../../../../docs/providers/twilio-messaging.md', import.meta.url),
    'utf8',
  );
  const told = new Map<number, string>();
  for (const [, name, codes] of page.matchAll(
    /^\| (?:`)?(try again|receiver|account|template|bug|unknown)(?:`)? +\| ([\d, ]+?) +\|/gm,
  ))
    for (const [code] of codes!.matchAll(/\d{5}/g)) told.set(Number(code), name!);
  const wordOf = (code: number): string => {
    const verdict = judgeTwilioError(code);
    if (verdict === 'unknown') return verdict;
    return 'failure' in verdict ? verdict.failure : 'try again';
  };

  it('is what the page says', () => {
    expect(told.size).toBeGreaterThan(80);
    for (let code = 10_000; code < 100_000; code++)
      if (wordOf(code) !== (told.get(code) ?? 'bug'))
        expect([code, wordOf(code)]).toEqual([code, told.get(code)]);
  });

  it.each([
    [20003, 401, { outcome: 'rejected', failure: 'account' }],
    [20429, 429, { outcome: 'retry', throttled: true }],
    [21211, 400, { outcome: 'rejected', failure: 'receiver' }],
    [21212, 400, { outcome: 'rejected', failure: 'account' }],
    [21408, 400, { outcome: 'rejected', failure: 'receiver' }],
    [21610, 400, { outcome: 'rejected', failure: 'receiver' }],
    [21612, 400, { outcome: 'rejected', failure: 'receiver' }],
    [21614, 400, { outcome: 'rejected', failure: 'receiver' }],
    [21606, 400, { outcome: 'rejected', failure: 'account' }],
    [21656, 400, { outcome: 'rejected', failure: 'template' }],
    [63016, 400, { outcome: 'rejected', failure: 'template' }],
    [99_998, 400, { outcome: 'rejected', failure: 'bug' }],
    [99_998, 403, { outcome: 'rejected', failure: 'account' }],
    [99_998, 429, { outcome: 'retry', throttled: true }],
    [99_998, 500, { outcome: 'unknown' }],
  ])('%i with %i', async (code, status, expected) => {
    const server = await ScriptedServer.start();
    server.will(twilioError(code, { status }));
    const result = await twilioMessaging.send(smsMessage, configAt(server.url), context);
    expect(result).toMatchObject({ ...expected, reason: `twilio_${code}` });
    await server.stop();
  });
});

describe('twilio-messaging: callbacks', () => {
  const config = configAt('https://api.twilio.com', { authTokens: ['12345678'] });
  const post = (url: string, body: string, signature: string): WebhookRequest => ({
    url,
    headers: { 'x-twilio-signature': signature },
    query: {},
    rawBody: Buffer.from(body),
  });

  it('ATK-15 the signature is Twilio’s own: its documented example is believed, and nothing near it', () => {
    const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
    const parameters = {
      To: '+18005551212',
      Digits: '1234',
      CallSid: 'CA1234567890ABCDE',
      From: '+12349013030',
      Caller: '+12349013030',
    };
    const body = new URLSearchParams(parameters).toString();
    const documented = '0/KCTR6DLpKmkAf8muzZqo1nDgQ=';
    const asDocumented = { ...config, authTokens: ['12345'] };
    expect(receipts.verify(post(url, body, documented), asDocumented)).toBe(true);
    for (const [address, form] of [
      [url.replace('bar=2', 'bar=3'), body],
      [url.replace('?foo=1&bar=2', ''), body],
      [url.replace('https', 'http'), body],
      [url, body.replace('1234', '1235')],
      [url, `${body}&Extra=1`],
    ] as const)
      expect(receipts.verify(post(address, form, documented), asDocumented)).toBe(false);
  });

  it.each([
    ['https://a.example/w/acc_1?m=c-1', 'https://a.example:443/w/acc_1?m=c-1'],
    ['https://a.example:8443/w/acc_1?m=c-1', 'https://a.example/w/acc_1?m=c-1'],
    ['http://a.example/w', 'http://a.example:80/w'],
  ])('an address is signed with its port or without it: %s', (url, signed) => {
    const body = Buffer.from('MessageSid=SM1&MessageStatus=sent');
    const signature = signatureOf(signed, body, '12345678');
    expect(receipts.verify(post(url, body.toString(), signature), config)).toBe(true);
    expect(receipts.verify(post(url.replace('/w', '/x'), body.toString(), signature), config)).toBe(false);
  });

  it('ATK-16 the message that a callback is about is signed with it: another `m` is not believed', () => {
    const url = 'https://a.example/w/acc_1?m=corr-1';
    const body = 'MessageSid=SM1&MessageStatus=delivered';
    const signature = signatureOf(url, Buffer.from(body), '12345678');
    expect(receipts.verify(post(url, body, signature), config)).toBe(true);
    expect(receipts.verify(post(url.replace('corr-1', 'corr-2'), body, signature), config)).toBe(false);
  });

  it('BI-74 no, an empty or a twofold signature is not believed', () => {
    for (const signature of [undefined, '', ['a', 'b']])
      expect(
        receipts.verify(
          { ...post('https://a.example/w', '', ''), headers: { 'x-twilio-signature': signature } },
          config,
        ),
      ).toBe(false);
  });

  const parse = ({ m, ...fields }: Record<string, unknown>): Notice[] =>
    receipts.parse(fields, { m }).notices;

  it.each([
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['read', 'read'],
    ['undelivered', 'failed'],
    ['failed', 'failed'],
  ] as const)('%s is %s', (word, status) => {
    expect(parse(callback('SM1', word))).toEqual([statusNotice('SM1', status)]);
  });

  it.each([
    ['30003', 'receiver'],
    ['30002', 'account'],
    ['63016', 'template'],
    ['30001', undefined],
    ['12', undefined],
    ['no code', undefined],
  ])('a failure with ErrorCode %s is the fault of %s', (code, failure) => {
    const [notice] = parse({ ...callback('SM1', 'undelivered'), ErrorCode: code });
    const reason = /^\d{5}$/.test(code) ? `twilio_${code}` : undefined;
    expect(notice).toMatchObject({ status: 'failed', failure, reason });
  });

  it('a price is told when Twilio tells one', () => {
    const priced = { ...callback('SM1', 'sent'), Price: '-0.00750', PriceUnit: 'usd' };
    expect(parse(priced)).toEqual([
      statusNotice('SM1', 'sent', { price: { amount: '0.00750', currency: 'USD' } }),
    ]);
    for (const odd of [{ Price: '1e9' }, { Price: '--1' }, { PriceUnit: 'dollars' }])
      expect(parse({ ...priced, ...odd })).toEqual([statusNotice('SM1', 'sent')]);
  });

  it('FI-33 a callback without our id is handed on without one', () => {
    expect(receipts.parse(callback('SM1', 'read')).notices).toMatchObject([{ correlationId: undefined }]);
  });

  it('what a person writes is handed on, and what they press', () => {
    const inbound = { MessageSid: 'SM9', SmsStatus: 'received', To: '+15550783881', From: '+15551234567' };
    expect(parse({ ...inbound, Body: 'STOP' })).toEqual([
      {
        kind: 'inbound',
        providerMessageId: 'SM9',
        channel: 'sms',
        from: '+15551234567',
        sender: '15550783881',
        text: 'STOP',
        payload: undefined,
        inReplyTo: undefined,
      },
    ]);
    const pressed = {
      ...inbound,
      From: 'whatsapp:+15551234567',
      To: 'whatsapp:+15550783881',
      ButtonPayload: 'yes-1',
      OriginalRepliedMessageSid: 'SM1',
    };
    expect(parse(pressed)).toMatchObject([
      {
        channel: 'whatsapp',
        from: '+15551234567',
        sender: '15550783881',
        payload: 'yes-1',
        inReplyTo: 'SM1',
      },
    ]);
    const [pooled] = parse({ ...inbound, Body: 'STOP', MessagingServiceSid: 'MG1' });
    expect(pooled).toMatchObject({ sender: '15550783881', senderGroup: 'MG1' });
    const [long] = parse({ ...inbound, Body: 'x'.repeat(100_000) });
    expect((long as InboundNotice).text).toHaveLength(4_096);
    expect(receipts.parse({ ...inbound, Body: '', NumMedia: '1' })).toMatchObject({
      notices: [],
      ignored: 1,
    });
    expect(receipts.parse({ ...inbound, From: undefined })).toMatchObject({ notices: [], malformed: 1 });
  });
});

describe('twilio-messaging: at the simulator', () => {
  let simulator: SimulatorUnderTest;
  let config: TwilioMessagingConfig;
  const posts: { headers: IncomingHttpHeaders; url: string; rawBody: Buffer }[] = [];
  const hook = createServer((incoming, outgoing) => {
    void buffer(incoming).then((rawBody) => {
      posts.push({ headers: incoming.headers, url: incoming.url!, rawBody });
      outgoing.end();
    });
  });
  let origin: string;
  beforeAll(async () => {
    simulator = await SimulatorUnderTest.start();
    config = simulatedConfig(simulator);
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(hook.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await simulator.stop();
    hook.closeAllConnections();
    await new Promise((resolve) => hook.close(resolve));
  });

  async function told(message: OutboundMessage, status: string): Promise<Notice[]> {
    const withUrl = { ...context, webhookUrl: `${origin}/webhooks/twilio-messaging/acc_1` };
    expect(await twilioMessaging.send(message, config, withUrl)).toMatchObject({ outcome: 'accepted' });
    return eventually(() => {
      const notices = posts.flatMap(({ url, headers, rawBody }) => {
        const query = Object.fromEntries(new URL(origin + url).searchParams);
        const request = { url: origin + url, headers, query, rawBody };
        expect(receipts.verify(request, config)).toBe(true);
        expect(receipts.verify(request, { ...config, authTokens: ['of-another-account'] })).toBe(false);
        return receipts.parse(Object.fromEntries(new URLSearchParams(rawBody.toString())), query).notices;
      });
      const ours = notices.filter(
        (notice) => notice.kind === 'status' && notice.correlationId === message.correlationId,
      );
      return ours.some((notice) => notice.kind === 'status' && notice.status === status) ? ours : undefined;
    });
  }

  it.each([smsMessage, whatsappMessage])(
    'callbacks of $channel prove themselves and tell the way',
    async (message) => {
      const notices = await told({ ...message, correlationId: `msg_é/${message.channel}` }, 'delivered');
      expect(notices.map((notice) => notice.kind === 'status' && notice.status).sort()).toEqual([
        'delivered',
        'sent',
      ]);
    },
  );

  it.each([
    [smsMessage, 'twilio_30003'],
    [whatsappMessage, 'twilio_63024'],
  ])('a receiver that can’t be reached is told of later', async (message, reason) => {
    const [failed] = await told(
      { ...message, to: '+12025550126', correlationId: `gone-${message.channel}` },
      'failed',
    );
    expect(failed).toMatchObject({ status: 'failed', reason, failure: 'receiver' });
  });

  it('an account in order has nothing wrong with it, and a wrong token is told as such', async () => {
    expect(await twilioMessaging.diagnose!(config, [], context)).toMatchObject([
      { check: 'credentials', ok: true },
    ]);
    const wrong = { ...config, authTokens: ['a-token-of-nobody'] };
    const findings = await twilioMessaging.diagnose!(wrong, [], context);
    expect(findings).toEqual([
      { check: 'credentials', ok: false, detail: expect.stringContaining('twilio_20003') },
    ]);
    expect(JSON.stringify(findings)).not.toContain('nobody');
  });
});

describe('twilio-messaging: a diagnosis', () => {
  it.each([
    ['a suspended account', json(200, { status: 'suspended' }), 'credentials'],
    ['a page', text(200, '<html>'), 'reachable'],
  ])('tells of %s', async (_what, play, check) => {
    const server = await ScriptedServer.start();
    server.will(play);
    const findings = await twilioMessaging.diagnose!(configAt(server.url), [], context);
    expect(findings).toMatchObject([{ check, ok: false }]);
    await server.stop();
  });
});

describe('twilio-messaging: the settings', () => {
  const wrong = (changes: Partial<Record<keyof TwilioMessagingConfig, unknown>>): string[] =>
    validateSync(
      plainToInstance(TwilioMessagingConfig, { ...configAt('https://api.twilio.com'), ...changes }),
    ).map(({ property }) => property);

  it('are right as they are', () => {
    expect(wrong({})).toEqual([]);
    expect(wrong({ apiKeySid: `SK${'0b'.repeat(16)}`, apiKeySecret: 'key-secret-1' })).toEqual([]);
  });

  it.each([
    ['accountSid', { accountSid: 'SK2a6f0e1d3c5b7a998877665544332211' }],
    ['authTokens', { authTokens: [] }],
    ['authTokens', { authTokens: ['one-token', 'two-token', 'three-token'] }],
    ['apiKeySecret', { apiKeySid: `SK${'0b'.repeat(16)}` }],
    ['apiKeySid', { apiKeySecret: 'key-secret-1' }],
    ['whatsappContentSid', { whatsappContentSid: 'login_code' }],
    ['whatsappCodeVariable', { whatsappCodeVariable: '{{1}}' }],
    ['baseUrl', { baseUrl: 'ftp://api.twilio.com' }],
  ])('name %s where it is wrong', (property, changes) => {
    expect(wrong(changes)).toEqual([property]);
  });
});
