import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  SimulatorUnderTest,
  WebhookReceiver,
} from '../../../../apps/simulator/src/simulator.fixtures.js';
import { HttpClient } from '#platform/http-client';
import { describeProvider } from '../../conformance/describe-provider.fixtures.js';
import { json, type Play, ScriptedServer } from '../../conformance/scripted-server.fixtures.js';
import type { FailureClass, ProviderContext, SendResult, TemplateDraft } from '../../message-provider.js';
import { Dialog360Config, type Dialog360Kind } from './dialog360.config.js';
import {
  cloudBody,
  cloudCase,
  configAt,
  gatewayError,
  MESSAGE,
  metaError,
  NAMESPACE,
  onPremiseAt,
  onPremiseCase,
  onPremiseError,
  simulatedConfig,
} from './dialog360.fixtures.js';
import { dialog360 } from './dialog360.provider.js';

describe('a Cloud number', () => describeProvider(cloudCase));
describe('an On-Premise number', () => describeProvider(onPremiseCase));

const templates = dialog360.templates!;
const receipts = dialog360.receipts!;
const http = new HttpClient();
const context: ProviderContext = { http, now: () => Date.now() };
afterAll(() => http.onApplicationShutdown());

describe('dialog360: its config', () => {
  const rulesBroken = (changes: object): string[] =>
    validateSync(plainToInstance(Dialog360Config, { ...configAt('https://x.example'), ...changes }), {
      whitelist: true,
      forbidNonWhitelisted: true,
    }).map(({ property }) => property);

  it.each<[string, object, string[]]>([
    ['a Cloud number', {}, []],
    ['an On-Premise number', { kind: 'on-premise', namespace: NAMESPACE }, []],
    ['an On-Premise number without a namespace', { kind: 'on-premise' }, ['namespace']],
    ['an empty namespace', { kind: 'on-premise', namespace: '' }, ['namespace']],
    ['a Cloud number with a namespace', { namespace: NAMESPACE }, ['namespace']],
    ['another kind', { kind: 'sandbox' }, ['kind']],
    ['no key', { apiKey: undefined }, ['apiKey']],
    ['a key with a line break', { apiKey: 'abcdefgh\nx' }, ['apiKey']],
    ['no header, which has a default', { webhookHeader: undefined }, []],
    ['authorization', { webhookHeader: { name: 'Authorization' } }, []],
    ['a header of HTTP', { webhookHeader: { name: 'Content-Type' } }, ['webhookHeader']],
    ['a header that proxies write', { webhookHeader: { name: 'x-forwarded-for' } }, ['webhookHeader']],
    ['a header that is none', { webhookHeader: { name: 'a b' } }, ['webhookHeader']],
    ['no secrets', { webhookSecrets: [] }, ['webhookSecrets']],
    ['three secrets', { webhookSecrets: ['a', 'b', 'c'].map((each) => each.repeat(16)) }, ['webhookSecrets']],
    ['a short secret', { webhookSecrets: ['too-short'] }, ['webhookSecrets']],
    ['a secret that ends in a space', { webhookSecrets: ['sixteen-characters '] }, ['webhookSecrets']],
    ['a scheme and a token', { webhookSecrets: ['Bearer sixteen-characters'] }, []],
  ])('%s', (_what, changes, broken) => {
    expect(rulesBroken(changes)).toEqual(broken);
  });

  it('goes to the address of its kind, and says what to set there', () => {
    const { baseUrl: _none, ...bare } = configAt('');
    expect(dialog360.baseUrl(bare)).toBe('https://waba-v2.360dialog.io');
    expect(dialog360.baseUrl({ ...bare, kind: 'on-premise' })).toBe('https://waba.360dialog.io');
    expect(dialog360.webhookSettings!(dialog360.complete!({ ...bare, webhookHeader: undefined }))).toEqual({
      header: 'x-countersign-key',
      configureAt: 'https://waba-v2.360dialog.io/v1/configs/webhook',
    });
  });
});

describe('dialog360: what each refusal means for a message', () => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await ScriptedServer.start();
  });
  afterAll(() => server.stop());

  type Meaning = FailureClass | number | 'unknown';
  const expected = (meaning: Meaning, reason: string): object =>
    meaning === 'unknown'
      ? { outcome: 'unknown', reason }
      : typeof meaning === 'number'
        ? { outcome: 'retry', reason, afterMs: meaning }
        : { outcome: 'rejected', reason, failure: meaning };
  const send = (play: Play, config = configAt(server.url)): Promise<SendResult> => {
    server.will(play);
    return dialog360.send(MESSAGE, config, context);
  };

  it.each<[number, string, Meaning, string]>([
    [400, 'Your WhatsApp for Business API has been disabled', 'account', 'd360_disabled'],
    [400, 'You have exceeded the endpoint rate limit.', 1_000, 'd360_rate_limit'],
    [
      400,
      'Could not send message due to lack of payment. Messaging can resume once overdue invoices are settled.',
      'account',
      'd360_payment',
    ],
    [400, 'Something that nobody documented', 'bug', 'd360_400'],
    [401, 'Invalid api_key', 'account', 'd360_401'],
    [403, 'The endpoint is blocked', 'account', 'd360_403'],
    [404, 'Not found', 'account', 'd360_404'],
    [429, 'Slow down', 1_000, 'd360_rate_limit'],
    [500, 'Internal server error', 'unknown', 'd360_500'],
    [502, 'WhatsApp for Business API not available', 2_000, 'd360_502'],
    [503, 'Something that nobody documented', 'unknown', 'd360_503'],
  ])('the gateway’s %i, %s', async (status, words, meaning, reason) => {
    expect(await send(gatewayError(status, words))).toMatchObject(expected(meaning, reason));
    // The older spelling; and the status that is written down decides, not the one that carries it.
    const older = { meta: { success: false, httpCode: status, developerMessage: words } };
    expect(await send(json(status < 500 ? 400 : 500, older))).toMatchObject(expected(meaning, reason));
  });

  it.each<[number, Meaning]>([
    [131030, 'receiver'],
    [131042, 'account'],
    [132001, 'template'],
    [132018, 'bug'],
    [131016, 2_000],
    [190, 'account'],
  ])('Meta’s %i, passed through, means what it means at Meta', async (code, meaning) => {
    expect(await send(metaError(code))).toMatchObject(expected(meaning, `meta_${code}`));
  });

  it.each<[number, Meaning]>([
    [400, 'bug'],
    [401, 'account'],
    [402, 'account'],
    [403, 'account'],
    [408, 1_000],
    [410, 'receiver'],
    [429, 1_000],
    [430, 'account'],
    [432, 'account'],
    [433, 'account'],
    [470, 'bug'],
    [471, 'account'],
    [472, 'receiver'],
    [500, 1_000],
    [501, 'bug'],
    [1000, 1_000],
    [1001, 'bug'],
    [1002, 'bug'],
    [1004, 'bug'],
    [1005, 'account'],
    [1006, 'bug'],
    [1007, 'receiver'],
    [1008, 'bug'],
    [1009, 'bug'],
    [1010, 'bug'],
    [1011, 2_000],
    [1013, 'receiver'],
    [1014, 1_000],
    [1015, 1_000],
    [1016, 2_000],
    [1021, 'receiver'],
    [1022, 'account'],
    [1023, 2_000],
    [1024, 'account'],
    [1025, 'bug'],
    [1026, 'receiver'],
    [1031, 'account'],
    [2000, 'template'],
    [2001, 'template'],
    [2002, 'receiver'],
    [2003, 'template'],
    [2004, 'template'],
    [2005, 'template'],
    [2006, 'template'],
    [2007, 'template'],
    [2012, 'template'],
  ])('On-Premise’s %i is %s, sent or told later', async (code, meaning) => {
    for (const status of [400, 429, 500])
      expect(await send(onPremiseError(code, status), onPremiseAt(server.url))).toMatchObject(
        expected(meaning, `onprem_${code}`),
      );
    const failed = { id: 'gBEG.A', status: 'failed', errors: [{ code }] };
    expect(receipts.parse({ statuses: [failed] }).notices).toMatchObject([
      { reason: `onprem_${code}`, failure: typeof meaning === 'string' ? meaning : undefined },
    ]);
  });

  it.each<[number, Meaning]>([
    [429, 1_000],
    [500, 'unknown'],
    [401, 'account'],
    [403, 'account'],
    [400, 'bug'],
  ])('a code that is in no table is judged by its status: %i', async (status, meaning) => {
    expect(await send(onPremiseError(999, status), onPremiseAt(server.url))).toMatchObject(
      expected(meaning, 'onprem_999'),
    );
  });

  it.each<[Dialog360Kind, unknown]>([
    ['cloud', '0'],
    ['on-premise', 0],
  ])(
    'a utility template on %s takes its values, the end of its link and what its replies bring back, and no code',
    async (kind, index) => {
      server.will(json(200, { messages: [{ id: 'm-1' }] }));
      const template = {
        name: 'new_login',
        language: 'en',
        category: 'UTILITY' as const,
        values: ['Lima', '10:00'],
        urlSuffix: 'a1b2',
        replyPayloads: [{ index: 1, payload: 'yes' }],
      };
      const config = kind === 'cloud' ? configAt(server.url) : onPremiseAt(server.url);
      await dialog360.send({ ...MESSAGE, template }, config, context);
      const { body } = server.received.at(-1)!;
      expect(JSON.parse(body).template.components).toEqual([
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Lima' },
            { type: 'text', text: '10:00' },
          ],
        },
        { type: 'button', sub_type: 'url', index, parameters: [{ type: 'text', text: 'a1b2' }] },
        {
          type: 'button',
          sub_type: 'quick_reply',
          index: kind === 'cloud' ? '1' : 1,
          parameters: [{ type: 'payload', payload: 'yes' }],
        },
      ]);
      expect(body).not.toContain(MESSAGE.code);
    },
  );
});

describe('dialog360: what Meta tells through it', () => {
  it('a ban, a template and a person’s words are read as at Meta', () => {
    const ban = { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'DISABLE' } };
    expect(receipts.parse(cloudBody('account_update', ban)).notices).toMatchObject([
      { kind: 'account', event: 'account.banned' },
    ]);
    const words = { from: '16505551234', id: 'wamid.IN', type: 'text', text: { body: 'STOP' } };
    const value = {
      metadata: { display_phone_number: '15550783881', phone_number_id: '1' },
      messages: [words],
    };
    // A key knows its number, not Meta's id of it.
    expect(receipts.parse(cloudBody('messages', value)).notices).toMatchObject([
      { kind: 'inbound', from: '+16505551234', sender: '15550783881', text: 'STOP' },
    ]);
    // The flat form names no number at all.
    expect(receipts.parse({ contacts: [], messages: [words, { ...words, id: 5 }] })).toEqual({
      notices: [
        {
          kind: 'inbound',
          providerMessageId: 'wamid.IN',
          channel: 'whatsapp',
          from: '+16505551234',
          text: 'STOP',
        },
      ],
      ignored: 0,
      malformed: 1,
    });
  });
});

describe.each<Dialog360Kind>(['cloud', 'on-premise'])('dialog360 at the simulator: %s', (kind) => {
  let simulator: SimulatorUnderTest;
  let config: Dialog360Config;
  beforeEach(async () => {
    simulator = await SimulatorUnderTest.start();
    config = await simulatedConfig(simulator, kind);
  });
  afterEach(() => simulator.stop());

  const code: TemplateDraft = {
    name: 'login_code',
    language: 'en_US',
    category: 'AUTHENTICATION',
    addSecurityRecommendation: true,
    codeExpirationMinutes: 5,
    ttlSeconds: 300,
  };
  const words: TemplateDraft = {
    name: 'new_login',
    language: 'en_US',
    category: 'UTILITY',
    body: 'A sign-in from {{1}}.',
    samples: ['Lima'],
    buttons: [{ type: 'QUICK_REPLY', text: 'It was me' }],
  };
  const list = async (name?: string): Promise<Record<string, unknown>[]> => {
    const found = await templates.list(name, config, context);
    if ('unavailable' in found) throw new Error(found.unavailable);
    return found as unknown as Record<string, unknown>[];
  };

  it('templates of both categories are made, listed under the id that webhooks name, and deleted', async () => {
    const made = await templates.create(code, config, context);
    expect(made).toEqual({
      outcome: 'created',
      externalId: expect.stringMatching(/^\d+$/),
      status: 'approved',
    });
    expect(await templates.create(words, config, context)).toMatchObject({ outcome: 'created' });
    const { externalId } = made as { externalId: string };
    expect(await list('login_code')).toMatchObject([
      {
        externalId,
        name: 'login_code',
        language: 'en_US',
        category: 'AUTHENTICATION',
        status: 'approved',
        body: { category: 'AUTHENTICATION', addSecurityRecommendation: true, codeExpirationMinutes: 5 },
      },
    ]);
    expect(await list('new_login')).toMatchObject([{ category: 'UTILITY', body: { samples: ['Lima'] } }]);
    expect(await templates.delete('login_code', config, context)).toEqual({ deleted: true });
    expect((await list()).map(({ name }) => name)).toEqual(['new_login']);
    expect(await templates.delete('login_code', config, context)).toEqual({ deleted: true });
  });

  it('a template that waits is pending, whatever the gateway calls it', async () => {
    await simulator.control('PUT', 'behavior', { approval: 'hold' });
    expect(await templates.create(code, config, context)).toMatchObject({ status: 'pending' });
    const { text } = await simulator.call('GET', '/dialog360/v1/configs/templates', undefined, {
      'd360-api-key': config.apiKey,
    });
    expect(text).toContain('"status":"submitted"');
    expect(await list()).toMatchObject([{ status: 'pending' }]);
  });

  it('what says nothing about a template leaves it open', async () => {
    config = { ...config, apiKey: 'a-key-of-nobody-at-all' };
    expect(await templates.create(code, config, context)).toEqual({
      outcome: 'unavailable',
      reason: 'd360_401',
    });
    expect(await templates.list(undefined, config, context)).toEqual({ unavailable: 'd360_401' });
    expect(await templates.delete('login_code', config, context)).toEqual({ unavailable: 'd360_401' });
  });

  it('a diagnosis tells a wrong key, and a webhook that goes elsewhere', async () => {
    const ours = 'http://127.0.0.1:1/webhooks/dialog360/acc_1';
    const asked = { ...context, webhookUrl: ours };
    const diagnose = async (changes: Partial<Dialog360Config> = {}): Promise<[string, boolean][]> => {
      const findings = await dialog360.diagnose!({ ...config, ...changes }, [], asked);
      return findings.map(({ check, ok }) => [check, ok]);
    };
    expect(await diagnose()).toEqual([
      ['credentials', true],
      ['reachable', false],
    ]);
    await simulator.call(
      'POST',
      '/dialog360/v1/configs/webhook',
      { url: ours },
      { 'd360-api-key': config.apiKey },
    );
    expect(await diagnose()).toEqual([
      ['credentials', true],
      ['reachable', true],
    ]);
    expect(await diagnose({ apiKey: 'a-key-of-nobody-at-all' })).toEqual([['credentials', false]]);
    expect(await diagnose({ baseUrl: 'http://127.0.0.1:1' })).toEqual([['reachable', false]]);
  });

  it('ATK-15 what it posts proves itself by the header, and tells what became of the message', async () => {
    const receiver = await new WebhookReceiver().start();
    const headers = { 'X-Countersign-Key': config.webhookSecrets[0] };
    await simulator.call(
      'POST',
      '/dialog360/v1/configs/webhook',
      { url: receiver.url, headers },
      { 'd360-api-key': config.apiKey },
    );
    await templates.create(code, config, context);
    const sent = await dialog360.send({ ...MESSAGE, to: '+12025550126' }, config, context);
    const { providerMessageId } = sent as { providerMessageId: string };
    const failed = await eventually(() =>
      receiver.deliveries
        .flatMap(({ json: body }) => receipts.parse(body).notices)
        .find((notice) => notice.kind === 'status' && notice.status === 'failed'),
    );
    expect(failed).toMatchObject({
      providerMessageId,
      correlationId: kind === 'cloud' ? MESSAGE.correlationId : undefined,
      reason: kind === 'cloud' ? 'meta_131026' : 'onprem_1026',
      failure: 'receiver',
    });
    for (const delivery of receiver.deliveries) {
      expect(delivery.headers).not.toHaveProperty('x-hub-signature-256');
      const posted = {
        url: receiver.url,
        headers: delivery.headers,
        query: {},
        rawBody: delivery.raw,
      };
      expect(receipts.verify(posted, config)).toBe(true);
      expect(receipts.verify(posted, { ...config, webhookSecrets: ['of-another-account'] })).toBe(false);
    }
    // The approval of a template is told by Meta, and forwarded to who has Meta's form.
    const told = receiver.deliveries.flatMap(({ json: body }) => receipts.parse(body).notices);
    expect(told.some((notice) => notice.kind === 'template')).toBe(kind === 'cloud');
    await receiver.stop();
  });
});
