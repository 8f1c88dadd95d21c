import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import { HttpClient } from '#platform/http-client';
import { json, ScriptedServer, text } from '../../conformance/scripted-server.fixtures.js';
import type { ProviderContext, TemplateDraft, TemplateInfo, TemplateResult } from '../../message-provider.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';
import {
  change,
  configAt,
  graphError,
  metaCloudCase,
  simulatedConfig,
  simulatedSender,
} from './meta-cloud.fixtures.js';
import { metaCloud } from './meta-cloud.provider.js';

const templates = metaCloud.templates!;
const http = new HttpClient();
const context: ProviderContext = { http, now: () => Date.UTC(2026, 4, 17) };
afterAll(() => http.onApplicationShutdown());

const APP = { packageName: 'com.example.app', signatureHash: 'K8a/AINcGX7' };
const COPY: TemplateDraft = {
  name: 'login_code',
  language: 'en_US',
  category: 'AUTHENTICATION',
  addSecurityRecommendation: true,
  codeExpirationMinutes: 5,
  ttlSeconds: 300,
};
const ONE_TAP: TemplateDraft = {
  ...COPY,
  name: 'one_tap',
  otpType: 'ONE_TAP',
  copyCodeButtonText: 'Copy it',
  autofillButtonText: 'Fill it in',
  supportedApps: [APP],
};
const ZERO_TAP: TemplateDraft = {
  ...COPY,
  name: 'zero_tap',
  otpType: 'ZERO_TAP',
  supportedApps: [APP],
  zeroTapTermsAccepted: true,
};
const CARD: TemplateDraft = {
  name: 'card_activation',
  language: 'en',
  category: 'UTILITY',
  header: 'Your card',
  body: 'Hi {{1}}, your card {{2}} has been sent to you today.',
  samples: ['Nick', '4711'],
  footer: 'The bank',
  buttons: [
    {
      type: 'URL',
      text: 'Track it',
      url: 'https://bank.example/cards/{{1}}',
      example: 'https://bank.example/cards/7',
    },
    { type: 'PHONE_NUMBER', text: 'Contact Us', phoneNumber: '+441123456789' },
    { type: 'QUICK_REPLY', text: 'Thanks' },
  ],
};

const bodyOf = ({ name: _name, language: _language, ...body }: TemplateDraft): object => body;
const idOf = (result: TemplateResult | undefined): string => {
  if (result?.outcome !== 'created') throw new Error(`not created: ${result?.reason}`);
  return result.externalId;
};

describe('meta-cloud: templates at the simulator', () => {
  let simulator: SimulatorUnderTest;
  let config: MetaCloudConfig;
  beforeEach(async () => {
    simulator = await SimulatorUnderTest.start();
    config = simulatedConfig(simulator);
  });
  afterEach(() => simulator.stop());

  const list = async (name?: string): Promise<TemplateInfo[]> => {
    const found = await templates.list(name, config, context);
    if ('unavailable' in found) throw new Error(found.unavailable);
    return found;
  };

  it.each([
    ['a copy button', { ...COPY, copyCodeButtonText: 'Copy it' }],
    ['one tap', ONE_TAP],
    ['words, values and three kinds of buttons', CARD],
    ['words alone', { ...CARD, header: undefined, footer: undefined, buttons: [] }],
  ])('one with %s is created, and reads back as it was written', async (_what, draft) => {
    const externalId = idOf(await templates.create(draft, config, context));
    const [found, ...others] = await list(draft.name);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      externalId,
      name: draft.name,
      language: draft.language,
      category: draft.category,
      status: 'approved',
      quality: 'unknown',
    });
    // What was left out is left out, but for the kind of button and for texts that are the channel's own.
    const otp = draft.category === 'AUTHENTICATION' && { otpType: draft.otpType ?? 'COPY_CODE' };
    expect(found!.body).toEqual(JSON.parse(JSON.stringify({ ...bodyOf(draft), ...otp })));
  });

  it('one without a tap is created with its terms, and reads back with its app', async () => {
    idOf(await templates.create(ZERO_TAP, config, context));
    const [found] = await list('zero_tap');
    expect(found!.body).toMatchObject({ otpType: 'ZERO_TAP', supportedApps: [APP] });
    const refused = { ...ZERO_TAP, name: 'no_terms', zeroTapTermsAccepted: false };
    expect(await templates.create(refused, config, context)).toMatchObject({ outcome: 'refused' });
  });

  it('one that we could not have made has no body', async () => {
    await simulator.graph('POST', `${config.wabaId}/message_templates`, {
      name: 'summer_sale',
      language: 'en',
      category: 'MARKETING',
      components: [{ type: 'BODY', text: 'Everything must go' }],
    });
    expect(await list()).toMatchObject([{ name: 'summer_sale', category: 'MARKETING', body: undefined }]);
  });

  it('many languages of one wording go in one call, in the order they were asked for', async () => {
    const drafts = ['es', 'en_US', 'pt_BR'].map((language) => ({ ...COPY, language }));
    const results = await templates.upsert!(drafts, config, context);
    const stored = new Map((await list()).map(({ language, externalId }) => [language, externalId]));
    expect(results.map(idOf)).toEqual(['es', 'en_US', 'pt_BR'].map((language) => stored.get(language)));
    // A second time it changes what is there, and creates nothing.
    const again = await templates.upsert!(
      drafts.map((draft) => ({ ...draft, codeExpirationMinutes: 7 })),
      config,
      context,
    );
    expect(again.map(idOf)).toEqual(results.map(idOf));
    expect((await list()).map(({ body }) => body)).toEqual(
      Array(3).fill(expect.objectContaining({ codeExpirationMinutes: 7 })),
    );
  });

  it('languages with words of their own are created beside them', async () => {
    const drafts: TemplateDraft[] = [
      { ...COPY, language: 'es' },
      { ...COPY, language: 'en_US', copyCodeButtonText: 'Copy it' },
      { ...COPY, language: 'fr' },
      { ...CARD, name: 'login_code', language: 'de' },
    ];
    const results = await templates.upsert!(drafts, config, context);
    const stored = new Map((await list()).map((info) => [info.externalId, info]));
    expect(results.map((result) => stored.get(idOf(result))?.language)).toEqual(['es', 'en_US', 'fr', 'de']);
    expect(stored.get(idOf(results[1]))!.body).toMatchObject({ copyCodeButtonText: 'Copy it' });
  });

  it('nothing is asked for after a refusal', async () => {
    await templates.create({ ...COPY, language: 'en_US' }, config, context);
    const own = (language: string): TemplateDraft => ({ ...COPY, language, copyCodeButtonText: 'x' });
    const results = await templates.upsert!([own('es'), own('en_US'), own('fr')], config, context);
    expect(results).toMatchObject([
      { outcome: 'created' },
      { outcome: 'refused', nameTaken: true },
      { outcome: 'unavailable', reason: 'not_tried' },
    ]);
    expect((await list()).map(({ language }) => language).sort()).toEqual(['en_US', 'es']);
  });

  it('an edit replaces what it says and is reviewed again; an approved one once a day', async () => {
    const externalId = idOf(await templates.create(COPY, config, context));
    await simulator.control('PUT', 'behavior', { approval: 'hold' });
    const edit = (codeExpirationMinutes: number): Promise<TemplateResult> =>
      templates.edit!(externalId, { ...COPY, codeExpirationMinutes }, config, context);
    expect(await edit(9)).toEqual({ outcome: 'created', externalId, status: 'pending' });
    const [edited] = await list();
    expect(edited).toMatchObject({ externalId, status: 'pending', body: { codeExpirationMinutes: 9 } });
    expect(await edit(8)).toMatchObject({ outcome: 'refused' });
    await simulator.control('POST', `templates/${externalId}/approve`);
    expect(await edit(8)).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/^meta_100/) });
    await simulator.control('POST', `templates/${externalId}/reject`, { reason: 'INVALID_FORMAT' });
    for (const minutes of [7, 6]) {
      expect(await edit(minutes)).toMatchObject({ outcome: 'created' });
      await simulator.control('POST', `templates/${externalId}/reject`);
    }
  });

  it('a deletion of what is gone already is one', async () => {
    expect(await templates.delete('never_there', config, context)).toEqual({ deleted: true });
  });

  it('a preview has Meta’s texts in each language, with our words for the buttons', async () => {
    const content = { addSecurityRecommendation: true, codeExpirationMinutes: 10 };
    expect(await templates.preview!(content, ['en_US', 'es_ES'], config, context)).toEqual([
      {
        language: 'en_US',
        body: '*{{1}}* is your verification code. For your security, do not share this code.',
        footer: 'This code expires in 10 minutes.',
        buttons: ['Copy code'],
      },
      {
        language: 'es_ES',
        body: 'Tu código de verificación es *{{1}}*. Por tu seguridad, no lo compartas.',
        footer: 'Este código caduca en 10 minutos.',
        buttons: ['Copiar código'],
      },
    ]);
    const tap = {
      addSecurityRecommendation: false,
      otpType: 'ONE_TAP' as const,
      copyCodeButtonText: 'Copy it',
    };
    expect(await templates.preview!(tap, ['en_US'], config, context)).toEqual([
      { language: 'en_US', body: '*{{1}}* is your verification code.', buttons: ['Autofill', 'Copy it'] },
    ]);
    config = { ...config, accessToken: 'a-token-of-nobody' };
    expect(await templates.preview!(tap, ['en_US'], config, context)).toEqual({ unavailable: 'meta_190' });
  });

  it('words go out with their values, and come with their buttons', async () => {
    await templates.create(CARD, config, context);
    const send = (template: object): Promise<object> =>
      metaCloud.send(
        {
          ...metaCloudCase.message,
          to: '+525512345678',
          from: simulatedSender,
          template: { name: CARD.name, language: 'en', category: 'UTILITY', ...template },
        },
        config,
        context,
      );
    expect(await send({ values: ['Nick', '4711'], urlSuffix: '7' })).toMatchObject({ outcome: 'accepted' });
    await simulator.logged('delivered', '525512345678');
    const { json: phone } = await simulator.control('GET', 'phones/525512345678');
    const [message] = phone.messages;
    expect(message).toMatchObject({
      header: 'Your card',
      text: 'Hi Nick, your card 4711 has been sent to you today.',
      footer: 'The bank',
      buttons: [
        { kind: 'url', label: 'Track it', value: 'https://bank.example/cards/7' },
        { kind: 'phone', label: 'Contact Us', value: '+441123456789' },
        { kind: 'reply', label: 'Thanks' },
      ],
    });
    expect(JSON.stringify(message)).not.toContain(metaCloudCase.message.code);
    const replyPayloads = [{ index: 2, payload: 'cs1.thanks' }];
    await send({ values: ['Ana', '4711'], urlSuffix: '7', replyPayloads });
    await simulator.logged('delivered', '525512345678');
    const again = await simulator.control('GET', 'phones/525512345678');
    expect(again.json.messages.at(-1).buttons[2]).toEqual({
      kind: 'reply',
      label: 'Thanks',
      value: 'cs1.thanks',
    });
    expect(await send({ values: ['Nick'], urlSuffix: '7' })).toMatchObject({
      outcome: 'rejected',
      failure: 'template',
      reason: 'meta_132000',
    });
  });
});

describe('meta-cloud: what Meta’s refusals of a template mean', () => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await ScriptedServer.start();
  });
  afterAll(() => server.stop());

  const refused = (reason: string, more: object = {}): object => ({ outcome: 'refused', reason, ...more });
  const ERRORS: [code: number, subcode: number | undefined, status: number, meaning: object][] = [
    [100, 2388024, 400, refused('name_exists', { nameTaken: true })],
    [100, 2388023, 400, refused('name_being_deleted', { nameTaken: true })],
    [100, 2388019, 400, refused('template_limit')],
    [100, 2388040, 400, refused('meta_100_2388040')],
    [100, 2388047, 400, refused('meta_100_2388047', { field: 'header' })],
    [100, 2388072, 400, refused('meta_100_2388072', { field: 'body' })],
    [100, 2388073, 400, refused('meta_100_2388073', { field: 'footer' })],
    [100, 2388043, 400, refused('meta_100_2388043', { field: 'samples' })],
    [100, 2388293, 400, refused('meta_100_2388293', { field: 'body' })],
    [100, 2388299, 400, refused('meta_100_2388299', { field: 'body' })],
    [100, undefined, 400, refused('meta_100')],
    ...[
      [10, 2388185, 403],
      [200, undefined, 403],
      [4, undefined, 400],
      [80007, undefined, 400],
      [80008, undefined, 400],
      [368, undefined, 403],
      [131031, undefined, 403],
    ].map(
      ([code, subcode, status]) =>
        [
          code,
          subcode,
          status,
          { outcome: 'unavailable', reason: `meta_${code}` },
        ] as (typeof ERRORS)[number],
    ),
  ];

  it.each(ERRORS)('%i/%s', async (code, subcode, status, meaning) => {
    const play = graphError(code, { status, ...(subcode !== undefined && { error_subcode: subcode }) });
    server.will(play);
    const config = configAt(server.url);
    expect(await templates.create(COPY, config, context)).toEqual(meaning);
    server.will(play);
    expect(await templates.edit!('1', COPY, config, context)).toEqual(meaning);
    server.will(play);
    const both = [COPY, { ...COPY, language: 'es' }];
    expect(await templates.upsert!(both, config, context)).toEqual([meaning, meaning]);
  });

  it.each([
    ['no data', {}, ['answer_without_data', 'answer_without_data']],
    [
      'a language too few',
      { data: [{ id: '1', status: 'APPROVED', language: 'es' }] },
      ['answer_without_id', '1'],
    ],
    [
      'an id that is none',
      {
        data: [
          { id: 'a b', language: 'en_US' },
          { id: '1', language: 'es' },
        ],
      },
      ['answer_without_id', '1'],
    ],
  ])('an answer for many languages with %s creates no more than it names', async (_what, body, expected) => {
    server.will(json(200, body));
    const both = [COPY, { ...COPY, language: 'es' }];
    const results = await templates.upsert!(both, configAt(server.url), context);
    expect(
      results.map((result) => (result.outcome === 'created' ? result.externalId : result.reason)),
    ).toEqual(expected);
  });

  it.each([
    ['a page', text(200, '<html>')],
    ['nothing of use', json(200, { data: 'x' })],
    ['rows of nothing', json(200, { data: [null, 5, {}, { language: 'en' }] })],
  ])('a preview that is %s is none', async (_what, play) => {
    server.will(play);
    const content = { addSecurityRecommendation: false };
    const found = await templates.preview!(content, ['en'], configAt(server.url), context);
    expect(Array.isArray(found) ? found : [found]).not.toContainEqual(
      expect.objectContaining({ language: 'en' }),
    );
  });
});

describe('meta-cloud: what webhooks tell of a template beside its status', () => {
  const { parse } = metaCloud.receipts!;
  const ID = { message_template_id: 806312974732579, message_template_name: 'login_code' };
  const notice = (more: object): object => ({
    notices: [{ kind: 'template', externalId: '806312974732579', ...more }],
    ignored: 0,
    malformed: 0,
  });

  it.each([
    ['GREEN', 'high'],
    ['YELLOW', 'medium'],
    ['RED', 'low'],
    ['UNKNOWN', 'unknown'],
  ])('its quality: %s is %s, under either field', (score, quality) => {
    const value = { ...ID, previous_quality_score: 'GREEN', new_quality_score: score };
    for (const field of ['message_template_quality_update', 'message_template_status_update'])
      expect(parse(change(field, value))).toEqual(notice({ quality }));
  });

  it('its category, when Meta has changed it, and not when it thinks of it', () => {
    const field = 'template_category_update';
    expect(parse(change(field, { ...ID, previous_category: 'UTILITY', new_category: 'marketing' }))).toEqual(
      notice({ category: 'MARKETING' }),
    );
    expect(parse(change(field, { ...ID, correct_category: 'MARKETING' }))).toMatchObject({ ignored: 1 });
  });

  it.each([
    ['a category that is a sentence', { ...ID, new_category: 'No such thing' }],
    ['a score that is a number', { ...ID, new_quality_score: 5 }],
    ['no id', { new_category: 'MARKETING' }],
    ['a rounded id', { message_template_id: 2 ** 60, new_category: 'MARKETING' }],
  ])('and nothing with %s', (_what, value) =>
    expect(parse(change('template_category_update', value)).notices).toEqual([]),
  );
});
