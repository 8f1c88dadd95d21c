import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpClient } from '#platform/http-client';
import {
  eventually,
  SimulatorUnderTest,
  WebhookReceiver,
} from '../../../../apps/simulator/src/simulator.fixtures.js';
import { describeProvider } from '../../conformance/describe-provider.fixtures.js';
import { json, type Play, ScriptedServer } from '../../conformance/scripted-server.fixtures.js';
import type {
  InboundNotice,
  OutboundMessage,
  ProviderContext,
  TemplateDraft,
} from '../../message-provider.js';
import { InfobipConfig } from './infobip.config.js';
import {
  configAt,
  createLoginCode,
  infobipCase,
  legacyError,
  MESSAGE,
  platformError,
  SECRETS,
  SENDER,
  simulatedConfig,
} from './infobip.fixtures.js';
import { infobip } from './infobip.provider.js';

// WhatsApp stands for the older form of answers and errors, SMS for the newer one.
for (const channel of infobip.channels)
  describeProvider(infobipCase(channel), { sharesClient: !['whatsapp', 'sms'].includes(channel) });

const http = new HttpClient();
let server: ScriptedServer;
let simulator: SimulatorUnderTest;
beforeAll(async () => {
  [server, simulator] = await Promise.all([ScriptedServer.start(), SimulatorUnderTest.start()]);
});
afterAll(async () => {
  await Promise.all([server.stop(), simulator.stop(), http.onApplicationShutdown()]);
});

const contextAt = (webhookUrl?: string): ProviderContext => ({ http, now: () => Date.now(), webhookUrl });
const errorsOf = (config: object): string[] =>
  validateSync(plainToInstance(InfobipConfig, config), { whitelist: true, forbidNonWhitelisted: true }).map(
    ({ property }) => property,
  );

describe('the config', () => {
  const good = configAt('https://xyz1ab.api.infobip.com');
  const { apiKey: _key, ...keyless } = good;

  it.each<[what: string, config: object, wrong: string[]]>([
    ['a key', good, []],
    ['username and password', { ...keyless, username: 'ana', password: 'open sesame' }, []],
    ['a host without a scheme', { ...good, baseUrl: 'xyz1ab.api.infobip.com' }, []],
    ['neither', keyless, ['apiKey']],
    ['both', { ...good, username: 'ana', password: 'open sesame' }, ['apiKey']],
    ['a username alone', { ...keyless, username: 'ana' }, ['password']],
    ['a password alone', { ...keyless, password: 'open sesame' }, ['username']],
    ['credentials in the URL', { ...good, baseUrl: 'https://a:b@xyz1ab.api.infobip.com' }, ['baseUrl']],
    ['no webhook secret', { ...good, webhookSecrets: [] }, ['webhookSecrets']],
    [
      'three webhook secrets',
      { ...good, webhookSecrets: Array(3).fill('secret-of-ours') },
      ['webhookSecrets'],
    ],
    [
      'an approved text without {code}',
      { ...good, kakao: { templateCode: 'a', text: 'no code' } },
      ['kakao'],
    ],
    ['a template id in words', { ...good, zalo: { templateId: '1', codeParameter: 'otp' } }, ['zalo']],
  ])('with %s', (_what, config, wrong) => {
    expect(errorsOf(config)).toEqual(wrong);
  });

  it('goes to https when it names no scheme', () => {
    expect(infobip.baseUrl({ ...good, baseUrl: 'xyz1ab.api.infobip.com/a/' })).toBe(
      'https://xyz1ab.api.infobip.com/a',
    );
  });
});

describe('a failure', () => {
  const rejected = (status: object, error?: object): Play =>
    json(200, { messages: [{ messageId: 'm-1', status: { groupId: 5, ...status }, error }] });

  it.each<[what: string, play: Play, expected: object]>([
    ['no credits', rejected({ id: 12 }), { outcome: 'rejected', failure: 'account' }],
    ['prepaid package over', rejected({ id: 17 }), { outcome: 'rejected', failure: 'account' }],
    ['a blocklisted receiver', rejected({ id: 14 }), { outcome: 'rejected', failure: 'receiver' }],
    ['a forbidden network', rejected({ id: 6 }), { outcome: 'rejected', failure: 'receiver' }],
    ['a system error', rejected({ id: 21 }), { outcome: 'retry' }],
    ['a double id', rejected({ id: 23 }), { outcome: 'rejected', failure: 'bug' }],
    ['an id of next year', rejected({ id: 9_999 }), { outcome: 'rejected', failure: 'account' }],
    [
      'an error that tells more than the status',
      rejected({ id: 9, groupId: 2 }, { id: 7009 }),
      { outcome: 'rejected', failure: 'template', reason: 'infobip_error_7009' },
    ],
    [
      'a changed identity',
      rejected({ id: 9, groupId: 2 }, { id: 7029 }),
      { outcome: 'rejected', failure: 'receiver', reason: 'infobip_error_7029' },
    ],
    [
      'too many of one product',
      rejected({ id: 9, groupId: 2 }, { id: 7017 }),
      { outcome: 'retry', throttled: true },
    ],
    [
      'a wrong request',
      legacyError(400, 'BAD_REQUEST', { validationErrors: { 'content.language': ['no'] } }),
      { outcome: 'rejected', failure: 'bug', reason: 'infobip_bad_request' },
    ],
    ['a wrong request, told newly', platformError(400, 'E400'), { outcome: 'rejected', failure: 'bug' }],
    ['a template of Zalo', platformError(404, 'ZALO-TMP404'), { outcome: 'rejected', failure: 'template' }],
    ['a forbidden product', platformError(403, 'E403'), { outcome: 'rejected', failure: 'account' }],
    ['a failure of Infobip’s own', legacyError(500, 'GENERAL_ERROR'), { outcome: 'unknown' }],
  ])('is classified by Infobip’s code: %s', async (_what, play, expected) => {
    server.will(play);
    expect(await infobip.send(MESSAGE, configAt(server.url), contextAt())).toMatchObject(expected);
  });

  it.each(['kakao', 'zalo'] as const)(
    'without the settings of %s stops the account, and asks nobody',
    async (channel) => {
      const asked = server.received.length;
      const config = { ...configAt(server.url), [channel]: undefined };
      expect(await infobip.send({ ...infobipCase(channel).message }, config, contextAt())).toEqual({
        outcome: 'rejected',
        reason: `${channel}_settings_missing`,
        failure: 'account',
      });
      expect(server.received).toHaveLength(asked);
    },
  );
});

describe('a request', () => {
  const bodyOf = async (message: OutboundMessage, changes: object = {}, webhookUrl?: string) => {
    server.will(json(200, { messages: [{ messageId: 'm-1', status: { groupId: 1, id: 7 } }] }));
    await infobip.send(message, configAt(server.url, changes), contextAt(webhookUrl));
    return JSON.parse(server.received.at(-1)!.body).messages[0];
  };
  const HOOK = 'https://countersign.example/webhooks/infobip/acc_1';

  it('names the webhook, unless reports come by subscription', async () => {
    const sms = infobipCase('sms').message;
    expect((await bodyOf(MESSAGE, {}, HOOK)).notifyUrl).toBe(HOOK);
    expect((await bodyOf(sms, {}, HOOK)).webhooks.delivery).toEqual({ url: HOOK });
    expect(await bodyOf(MESSAGE, { webhookPerMessage: false }, HOOK)).not.toHaveProperty('notifyUrl');
    expect((await bodyOf(sms, { webhookPerMessage: false }, HOOK)).webhooks).not.toHaveProperty('delivery');
  });

  it('takes the values and the suffix of a utility template, and no code', async () => {
    const template = {
      ...MESSAGE.template!,
      category: 'UTILITY' as const,
      values: ['Ana', '5'],
      urlSuffix: 'a1',
    };
    const body = await bodyOf({ ...MESSAGE, template });
    expect(body.content.templateData).toEqual({
      body: { placeholders: ['Ana', '5'] },
      buttons: [{ type: 'URL', parameter: 'a1' }],
    });
    expect(JSON.stringify(body)).not.toContain(MESSAGE.code);
    const replyPayloads = [
      { index: 1, payload: 'yes' },
      { index: 2, payload: 'no' },
    ];
    expect(
      (await bodyOf({ ...MESSAGE, template: { ...template, replyPayloads } })).content.templateData.buttons,
    ).toEqual([
      { type: 'URL', parameter: 'a1' },
      { type: 'QUICK_REPLY', parameter: 'yes' },
      { type: 'QUICK_REPLY', parameter: 'no' },
    ]);
  });

  it('uses a Viber template where there is one, and Basic where there is no key', async () => {
    const { message } = infobipCase('viber');
    const changes = {
      viber: { templateId: 'otp-1' },
      apiKey: undefined,
      username: 'ana',
      password: 'sesame',
    };
    expect((await bodyOf(message, changes)).content).toEqual({
      type: 'TEMPLATE',
      templateId: 'otp-1',
      parameters: { pin: message.code },
      language: 'en',
    });
    expect(server.received.at(-1)!.headers.authorization).toBe('Basic YW5hOnNlc2FtZQ==');
    const question = { ...message, code: '', content: { text: 'Is it you?' } };
    expect((await bodyOf(question, changes)).content).toEqual({ type: 'TEXT', text: 'Is it you?' });
  });
});

describe('a webhook', () => {
  const parse = (body: unknown) => infobip.receipts!.parse(body).notices;

  it('tells what a person wrote or pressed, and on which message', () => {
    const base = { from: '385919998888', to: SENDER, integrationType: 'WHATSAPP', messageId: 'wamid.1' };
    const common = { kind: 'inbound', providerMessageId: 'wamid.1', from: '+385919998888', sender: SENDER };
    const of = (message: object) => parse({ results: [{ ...base, message }] });
    expect(of({ type: 'TEXT', text: 'Y', context: { from: SENDER, id: 'wamid.0' } })).toEqual([
      { ...common, channel: 'whatsapp', text: 'Y', inReplyTo: 'wamid.0' },
    ]);
    expect(of({ type: 'BUTTON', text: 'Yes', payload: 'a1|Y' })).toEqual([
      { ...common, channel: 'whatsapp', text: 'Yes', payload: 'a1|Y' },
    ]);
    expect(
      parse({ results: [{ messageId: 'wamid.1', from: '385919998888', to: SENDER, text: 'STOP' }] }),
    ).toEqual([{ ...common, channel: 'sms', text: 'STOP' }]);
    const { from: _number, ...nameless } = base;
    expect(
      parse({
        results: [
          { ...nameless, message: { type: 'TEXT', text: 'Y' }, contact: { name: 'Ana', userId: 'HR.123' } },
        ],
      }),
    ).toEqual([{ ...common, from: 'HR.123', channel: 'whatsapp', text: 'Y' }]);
    expect(of({ type: 'IMAGE', url: 'https://example.com/a.jpg' })).toEqual([]);
    const [long] = of({ type: 'TEXT', text: 'x'.repeat(100_000) });
    expect((long as InboundNotice).text).toHaveLength(4_096);
  });

  it.each([
    [
      { type: 'TEMPLATE_STATUS_UPDATE', newStatus: 'REJECTED', reason: 'SCAM' },
      { status: 'rejected', reason: 'SCAM' },
    ],
    [{ type: 'TEMPLATE_STATUS_UPDATE', newStatus: 'FIRST_PAUSED', reason: 'NONE' }, { status: 'paused' }],
    [{ type: 'TEMPLATE_QUALITY_UPDATE', newQualityScore: 'LOW' }, { quality: 'low' }],
    [{ type: 'TEMPLATE_CATEGORY_UPDATE', newCategory: 'MARKETING' }, { category: 'MARKETING' }],
  ])('tells news of a template: %j', (change, expected) => {
    expect(parse({ messageTemplateId: '111', change })).toEqual([
      { kind: 'template', externalId: '111', ...expected },
    ]);
  });
});

describe('at the simulator', () => {
  it('ATK-15 reports carry the header that was set, and no other is believed', async () => {
    const hook = await new WebhookReceiver().start();
    try {
      const [value] = SECRETS;
      await simulator.control('PUT', 'infobip', {
        webhookHeader: { name: 'Authorization', value },
        inboundUrl: hook.url,
      });
      await createLoginCode(simulator);
      const config = simulatedConfig(simulator.url);
      const sent = await infobip.send(MESSAGE, config, contextAt(hook.url));
      expect(sent).toMatchObject({ outcome: 'accepted' });
      await eventually(() => hook.deliveries[0]);
      await simulator.control('POST', `phones/${MESSAGE.to}/read`);
      await eventually(() => hook.deliveries[1]);
      await simulator.control('POST', 'infobip/inbound', { from: MESSAGE.to, to: SENDER, text: 'Y' });
      await eventually(() => hook.deliveries[2]);

      const [delivered, seen, inbound] = hook.deliveries.map(({ raw, headers, json: body }) => {
        const request = { url: hook.url, headers, query: {}, rawBody: raw };
        expect(infobip.receipts!.verify(request, config)).toBe(true);
        expect(infobip.receipts!.verify(request, { ...config, webhookSecrets: [SECRETS[1]] })).toBe(false);
        return infobip.receipts!.parse(body).notices[0];
      });
      const { providerMessageId } = sent as { providerMessageId: string };
      expect(delivered).toMatchObject({
        status: 'delivered',
        providerMessageId,
        correlationId: MESSAGE.correlationId,
        price: { amount: '0.01', currency: 'EUR' },
      });
      expect(seen).toMatchObject({ status: 'read', providerMessageId });
      expect(inbound).toMatchObject({ kind: 'inbound', channel: 'whatsapp', from: MESSAGE.to, text: 'Y' });

      await infobip.reportConversion!(providerMessageId, config, contextAt());
      const { json: told } = await simulator.control('GET', 'infobip/conversions');
      expect(told.conversions).toEqual([providerMessageId]);
    } finally {
      await hook.stop();
    }
  });

  it('templates are created, listed, edited and deleted', async () => {
    const templates = infobip.templates!;
    const config = simulatedConfig(simulator.url);
    const context = contextAt();
    const draft: TemplateDraft = {
      name: 'payment_alert',
      language: 'en',
      category: 'UTILITY',
      header: 'Payment',
      body: 'Did you pay {{1}} to {{2}}?',
      samples: ['10 EUR', 'Shop'],
      footer: 'Example Bank',
      buttons: [
        { type: 'QUICK_REPLY', text: 'Yes' },
        { type: 'PHONE_NUMBER', text: 'Call us', phoneNumber: '+441134960009' },
        { type: 'URL', text: 'Look', url: 'https://bank.example/{{1}}', example: 'https://bank.example/a1' },
      ],
    };
    const created = await templates.create(draft, config, context);
    expect(created).toMatchObject({ outcome: 'created', status: 'approved' });
    expect(await templates.create(draft, config, context)).toMatchObject({
      outcome: 'refused',
      nameTaken: true,
    });
    expect(await templates.list('payment_alert', config, context)).toMatchObject([
      { name: 'payment_alert', language: 'en', category: 'UTILITY', status: 'approved' },
    ]);
    const { externalId } = created as { externalId: string };
    const worse = { ...draft, samples: [] };
    expect(await templates.edit!(externalId, worse, config, context)).toMatchObject({
      outcome: 'refused',
      field: 'structure.body.examples',
    });
    expect(await templates.edit!(externalId, draft, config, context)).toMatchObject({
      outcome: 'created',
      externalId,
    });
    expect(await templates.delete('payment_alert', config, context)).toEqual({ deleted: true });
    expect(await templates.list('payment_alert', config, context)).toEqual([]);
  });

  it('a look at the account tells the credentials and the sender apart', async () => {
    const config = simulatedConfig(simulator.url);
    const look = async (changes: object) =>
      (await infobip.diagnose!({ ...config, ...changes }, [], contextAt())).map(({ check, ok }) => [
        check,
        ok,
      ]);
    expect(await look({})).toEqual([
      ['credentials', true],
      ['sender', true],
    ]);
    expect(await look({ apiKey: 'a-key-of-nobody' })).toEqual([['credentials', false]]);
  });
});

describe('a WhatsApp user with another phone', () => {
  const parse = (body: object) => infobip.receipts!.parse(body, {}, configAt(server.url));
  const told = { kind: 'inbound', channel: 'whatsapp', from: '+441134960001', sender: '441134960000' };

  it('is told at once', () => {
    const content = { type: 'user_identity_changed', hash: 'eU2Fdi4EMUw=', userNumber: '441134960001' };
    expect(parse({ from: '441134960000', content })).toEqual({
      notices: [{ ...told, providerMessageId: 'eU2Fdi4EMUw=', changed: true }],
      ignored: 0,
      malformed: 0,
    });
    expect(parse({ from: '441134960000', content: { ...content, hash: 7 } })).toMatchObject({ malformed: 1 });
  });

  it.each([
    [false, { changed: true }],
    [true, {}],
  ])('is told with their words, acknowledged: %s', (acknowledged, expected) => {
    const words = {
      ...{ messageId: 'wamid.1', from: '441134960001', to: '441134960000', integrationType: 'WHATSAPP' },
      ...{ message: { type: 'TEXT', text: 'Y' }, identity: { acknowledged, hash: 'a' } },
    };
    expect(parse({ results: [words] }).notices).toEqual([
      { ...told, providerMessageId: 'wamid.1', text: 'Y', ...expected },
    ]);
  });
});
