import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Housekeeping } from '#platform/queue';
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { envelope, post } from '../support/graph-webhooks.js';
import { behave } from '../support/second-account.js';

const { wabaId, accessToken } = new SimulatorConfig();
const APP = { packageName: 'com.example.app', signatureHash: 'K8a/AINcGX7' };

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());
beforeEach(() => behave(house, { approval: 'auto', approveAfterMs: 50, webhooks: { mute: false } }));

let names = 0;
const newName = (): string => `spec_templates_${++names}`;

function create(languages: object[], more: object = {}): Promise<Answer> {
  return house.call('POST', '/v1/templates', {
    account: house.demo.accountId,
    name: newName(),
    category: 'AUTHENTICATION',
    languages,
    ...more,
  });
}

async function created(languages: object[], more: object = {}): Promise<Answer['json']> {
  const answer = await create(languages, more);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.json;
}

type Language = Answer['json'];
const read = async (id: string): Promise<Language[]> =>
  (await house.call('GET', `/v1/templates/${id}`)).json.languages;
const inStatus = (id: string, status: string): Promise<Language[]> =>
  until(
    () => read(id),
    (languages) => languages.every((entry) => entry.status === status),
  );
const events = async (id: string): Promise<Answer['json'][]> =>
  (await house.call('GET', `/v1/templates/${id}/events`)).json.items;
const decide = (externalId: string, verdict: string, body: object = {}): Promise<Answer> =>
  ask('POST', `${house.simulator.url}/_sim/templates/${externalId}/${verdict}`, body);
const graph = (method: string, path: string, body?: object): Promise<Answer> =>
  ask(method, `${house.simulator.url}/v25.0/${path}`, body, { authorization: `Bearer ${accessToken}` });
const said = (externalId: string, value: object, field = 'message_template_status_update'): Promise<Answer> =>
  post(house, envelope(field, { message_template_id: externalId, ...value }));
const lookAround = (): Promise<boolean> =>
  house.worker!.app.get(Housekeeping, { strict: false }).run('sync-templates');

describe('a template', () => {
  it('is created in several languages at once, each with an id of its own', async () => {
    const template = await created([{ language: 'en' }, { language: 'es_MX' }, { language: 'pt_BR' }]);
    const languages = await inStatus(template.id, 'approved');
    expect(languages.map(({ language }) => language)).toEqual(['en', 'es_MX', 'pt_BR']);
    expect(new Set(languages.map(({ externalId }) => externalId)).size).toBe(3);
  });

  it('is tried as long as its footer says, and warns of a longer time', async () => {
    const template = await created([
      { language: 'en', codeExpirationMinutes: 5 },
      { language: 'es', codeExpirationMinutes: 90 },
      { language: 'fr', codeExpirationMinutes: 5, ttlSeconds: 900 },
      { language: 'de', codeExpirationMinutes: 5, ttlSeconds: -1 },
      { language: 'it' },
    ]);
    const ttl = Object.fromEntries(
      template.languages.map((entry: Language) => [entry.language, entry.ttlSeconds]),
    );
    expect(ttl).toEqual({ en: 300, es: 900, fr: 900, de: -1 });
    expect(template.warnings).toEqual([
      expect.stringMatching(/^de: ttlSeconds/),
      expect.stringMatching(/^fr: ttlSeconds/),
    ]);
    const { json } = await graph(
      'GET',
      `${template.languages[1].externalId}?fields=message_send_ttl_seconds`,
    );
    expect(json.message_send_ttl_seconds).toBe(300);
  });

  it('can be deleted while its provider speaks of it, and looked at while it is written to', async () => {
    const { id, languages } = await created([{ language: 'en' }]);
    await inStatus(id, 'approved');
    const [{ externalId }] = languages;
    const somebody = new pg.Client(house.databaseUrl);
    await somebody.connect();
    try {
      const of = 'SELECT template_id AS id FROM template_languages WHERE external_id = $1';
      const [row] = (await somebody.query(of, [externalId])).rows;
      await somebody.query('BEGIN');
      await somebody.query(`${of} FOR UPDATE`, [externalId]);
      expect((await house.call('POST', `/v1/templates/${id}/sync`)).status).toBe(200);
      await somebody.query('ROLLBACK');

      await somebody.query('BEGIN');
      await somebody.query('SELECT FROM templates WHERE id = $1 FOR UPDATE', [row.id]);
      const notice = said(externalId, { event: 'PAUSED', reason: 'NONE' });
      await until(
        () => somebody.query('SELECT FROM pg_locks WHERE NOT granted'),
        ({ rowCount }) => rowCount! > 0,
      );
      await somebody.query('DELETE FROM templates WHERE id = $1', [row.id]);
      await somebody.query('COMMIT');
      expect((await notice).status).toBe(200);
    } finally {
      await somebody.end();
    }
    expect((await house.call('GET', `/v1/templates/${id}`)).status).toBe(404);
  });

  it('of one tap is submitted with its apps', async () => {
    const template = await created([{ language: 'en', otpType: 'ONE_TAP', supportedApps: [APP] }]);
    expect(template.languages).toMatchObject([{ otpType: 'ONE_TAP', supportedApps: [APP] }]);
  });

  it('that breaks a rule is refused before the provider is asked', async () => {
    const atProvider = async (): Promise<string[]> =>
      (await ask('GET', `${house.simulator.url}/_sim/templates`)).json.templates.map(
        ({ id }: Language) => id,
      );
    const before = await atProvider();
    const apps = [{ ...APP, signatureHash: 'K8a%2FAINcGX7' }];
    const refused = await create([{ language: 'en', otpType: 'ONE_TAP', supportedApps: apps }]);
    expect([refused.status, refused.json.errors]).toEqual([
      422,
      [
        expect.objectContaining({
          pointer: '#/languages/0/supportedApps/0/signatureHash',
          code: 'url_encoded',
        }),
      ],
    ]);
    expect(refused.text).not.toContain('K8a');
    expect(await atProvider()).toEqual(before);
  });

  it('keeps what was created when a later language is refused, and the refusal names it', async () => {
    const name = newName();
    await graph('POST', `${wabaId}/message_templates`, {
      name,
      language: 'es',
      category: 'AUTHENTICATION',
      components: [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] }],
    });
    const own = { copyCodeButtonText: 'Copy it' };
    const refused = await create(
      [
        { language: 'en', ...own },
        { language: 'es', ...own },
      ],
      { name },
    );
    expect([refused.status, refused.json.code]).toEqual([409, 'template.name_taken']);
    const { json } = await house.call('GET', `/v1/templates?name=${name}`);
    expect(json.items[0].languages.map(({ language }: Language) => language)).toEqual(['en']);
  });

  it('is edited language by language, reviewed again, and gets languages that it lacked', async () => {
    const template = await created([{ language: 'en', codeExpirationMinutes: 5 }, { language: 'es' }]);
    await inStatus(template.id, 'approved');
    await behave(house, { approval: 'hold' });
    const languages = [{ language: 'en', codeExpirationMinutes: 7 }, { language: 'fr' }];
    const edited = await house.call('PATCH', `/v1/templates/${template.id}`, { languages });
    expect(edited.status, edited.text).toBe(200);
    expect(edited.json.languages).toMatchObject([
      { language: 'en', status: 'pending', codeExpirationMinutes: 7, ttlSeconds: 420 },
      { language: 'es', status: 'approved' },
      { language: 'fr', status: 'pending' },
    ]);
    await behave(house, { approval: 'auto' });
    const [en] = await inStatus(template.id, 'approved');
    expect(en.externalId).toBe(template.languages[0].externalId);
  });

  it('is not edited while it is reviewed, nor approved twice a day, and stays as it was', async () => {
    const template = await created([{ language: 'en', codeExpirationMinutes: 5 }]);
    const edit = (codeExpirationMinutes: number): Promise<Answer> =>
      house.call('PATCH', `/v1/templates/${template.id}`, {
        languages: [{ language: 'en', codeExpirationMinutes }],
      });
    const [{ externalId }] = await inStatus(template.id, 'approved');
    await behave(house, { approval: 'hold' });
    expect((await edit(6)).status).toBe(200);
    const waiting = await edit(7);
    expect([waiting.status, waiting.json.code]).toEqual([409, 'template.not_editable']);
    expect(waiting.json.errors).toEqual([{ pointer: '#/languages/0/language', code: 'pending' }]);
    await decide(externalId, 'approve');
    await inStatus(template.id, 'approved');
    const again = await edit(7);
    expect([again.status, again.json.code]).toEqual([422, 'template.refused']);
    expect(again.json.detail).toContain('once in 24 hours');
    expect(await read(template.id)).toMatchObject([{ status: 'approved', codeExpirationMinutes: 6 }]);
  });

  it('belongs to its tenant', async () => {
    const template = await created([{ language: 'en' }]);
    const { key } = await house.newTenantKey('templates-stranger');
    const theirs = { authorization: `Bearer ${key}` };
    const languages = [{ language: 'en' }];
    const account = house.demo.accountId;
    const calls: [string, string, object?][] = [
      ['GET', `${template.id}/preview`],
      ['GET', `${template.id}/events`],
      ['PATCH', template.id, { languages }],
      ['POST', 'sync', { account }],
      ['POST', 'preview', { account, category: 'AUTHENTICATION', languages }],
      [
        'POST',
        `import?account=${account}`,
        { name: 'theirs', language: 'en', category: 'AUTHENTICATION', components: [{}] },
      ],
    ];
    for (const [method, path, body] of calls)
      expect([path, (await house.call(method, `/v1/templates/${path}`, body, theirs)).status]).toEqual([
        path,
        404,
      ]);
  });
});

describe('what a provider says of a template', () => {
  it('is an event when it is new, once, and shown with the language', async () => {
    const template = await created([{ language: 'en' }]);
    const [{ externalId }] = await inStatus(template.id, 'approved');
    for (let time = 0; time < 2; time++) {
      await said(externalId, { event: 'PAUSED', reason: 'NONE' });
      await said(externalId, { new_quality_score: 'RED' }, 'message_template_quality_update');
      await said(externalId, { new_category: 'UTILITY' }, 'template_category_update');
    }
    expect(await read(template.id)).toMatchObject([
      { status: 'paused', quality: 'low', providerCategory: 'UTILITY' },
    ]);
    await said(externalId, { event: 'REJECTED', reason: 'INVALID_FORMAT' });
    await said(externalId, { event: 'DISABLED', reason: 'NONE' });
    const told = (await events(template.id)).reverse();
    const account = house.demo.accountId;
    expect(told.map(({ type, data }) => ({ type, ...data }))).toEqual([
      { type: 'template.approved', account, language: 'en', previous: 'pending' },
      { type: 'template.paused', account, language: 'en', previous: 'approved' },
      { type: 'template.quality_changed', account, language: 'en', quality: 'low', previous: 'unknown' },
      {
        type: 'template.recategorised',
        account,
        language: 'en',
        category: 'UTILITY',
        previous: 'AUTHENTICATION',
      },
      { type: 'template.rejected', account, language: 'en', previous: 'paused', reason: 'INVALID_FORMAT' },
      { type: 'template.disabled', account, language: 'en', previous: 'rejected' },
    ]);
    expect(new Set(told.map(({ subject }) => subject))).toEqual(new Set([template.id]));
  });

  it('is told by pages', async () => {
    const template = await created([{ language: 'en' }]);
    const [{ externalId }] = await inStatus(template.id, 'approved');
    await said(externalId, { event: 'PAUSED' });
    await said(externalId, { event: 'REINSTATED' });
    const page = async (query: string): Promise<Answer['json'][]> =>
      (await house.call('GET', `/v1/templates/${template.id}/events?${query}`)).json.items;
    const [last] = await page('limit=1');
    expect(last.type).toBe('template.approved');
    const before = await page(`limit=10&before=${last.id}`);
    expect(before.map(({ type }) => type)).toEqual(['template.paused', 'template.approved']);
  });

  it('before it is written down is kept whole: a word on its quality does not unsay the approval', async () => {
    await behave(house, { approval: 'hold', webhooks: { mute: true } });
    const name = newName();
    const { json: made } = await graph('POST', `${wabaId}/message_templates`, {
      name,
      language: 'en',
      category: 'AUTHENTICATION',
      components: [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] }],
    });
    await said(made.id, { event: 'APPROVED' });
    await said(made.id, { new_quality_score: 'GREEN' }, 'message_template_quality_update');
    // At the simulator it waits still: only what was said before can have approved it here.
    const template = await created([{ language: 'en' }, { language: 'es' }], { name });
    expect(template.languages).toMatchObject([
      { externalId: made.id, status: 'approved', quality: 'high' },
      { language: 'es', status: 'pending' },
    ]);
  });

  it('ATK-41 comes out of it in words of a list only', async () => {
    const template = await created([{ language: 'en' }]);
    const [{ externalId }] = await inStatus(template.id, 'approved');
    await said(externalId, { event: 'REJECTED', reason: 'Because <b>we</b> say so.' });
    expect(await read(template.id)).toMatchObject([{ status: 'rejected' }]);
    expect(JSON.stringify([await read(template.id), await events(template.id)])).not.toContain('<b>');
  });
});

describe('a language that may not be sent in', () => {
  it('is routed around: another approved one of the same template takes its place', async () => {
    const template = await created([{ language: 'en' }, { language: 'es' }, { language: 'es_MX' }]);
    await inStatus(template.id, 'approved');
    const generator = await house.call('POST', '/v1/generators', {
      name: 'spec',
      channels: [
        { channel: 'whatsapp', sender: house.demo.senderAddress, template: template.id, language: 'en' },
      ],
    });
    expect(generator.status, generator.text).toBe(201);
    const languages = new Map<string, string>(
      (await read(template.id)).map(({ language, externalId }) => [language, externalId]),
    );
    const sentIn = async (receiver: string): Promise<string> => {
      const body = { generator: generator.json.id, receiver, language: 'es_MX' };
      const opened = await house.call('POST', '/v1/challenges', body);
      if (opened.status !== 201) return opened.json.templateStatus;
      const [message] = await until(
        () => house.simulated(receiver),
        (found) => found.length > 0,
      );
      return message!.text.startsWith('Tu código') ? 'es' : 'en';
    };
    const stop = async (language: string, event: string): Promise<void> => {
      await said(languages.get(language)!, { event });
      // Published to the worker's process and to the API's within two seconds.
      await until(
        async () => (await read(template.id)).find((entry) => entry.language === language)!.status,
        (status) => status !== 'approved',
      );
    };
    expect(await sentIn('+525512349001')).toBe('es');
    await stop('es_MX', 'PAUSED');
    await stop('es', 'REJECTED');
    const receivers = Array.from({ length: 9 }, (_, at) => `+52551234901${at}`);
    await until(
      () => sentIn(receivers.shift()!),
      (language) => language === 'en',
    );
    await stop('en', 'DISABLED');
    const later = Array.from({ length: 9 }, (_, at) => `+52551234902${at}`);
    expect(
      await until(
        () => sentIn(later.shift()!),
        (status) => status !== 'en',
      ),
    ).toBe('paused');
  });
});

describe('a generator whose codes end before their messages may come', () => {
  it('is saved with a warning', async () => {
    const template = await created([{ language: 'en', ttlSeconds: 600 }]);
    const save = async (lifeSeconds: number): Promise<Answer> =>
      house.call('POST', '/v1/generators', {
        name: 'spec',
        lifeSeconds,
        channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: template.id }],
      });
    expect((await save(600)).json.warnings).toBeUndefined();
    const warned = await save(300);
    expect([warned.status, warned.json.warnings]).toEqual([
      201,
      [expect.stringContaining('ttlSeconds is longer')],
    ]);
  });
});

describe('a template in the format of Meta and 360dialog', () => {
  const IMPORT = (): string => `/v1/templates/import?account=${house.demo.accountId}`;
  const sample = (button: object): object => ({
    name: newName(),
    language: 'es_ES',
    category: 'AUTHENTICATION',
    components: [
      { type: 'BODY', add_security_recommendation: true },
      { type: 'FOOTER', code_expiration_minutes: 5 },
      { type: 'BUTTONS', buttons: [button] },
    ],
  });
  const TAP = {
    type: 'OTP',
    otp_type: 'ONE_TAP',
    text: 'Copy Code',
    autofill_text: 'Autofill',
    package_name: 'com.example.myapplication',
  };

  it('is submitted like one of ours', async () => {
    const answer = await house.call(
      'POST',
      IMPORT(),
      sample({ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy Code' }),
    );
    expect(answer.status, answer.text).toBe(201);
    expect(answer.json.languages).toMatchObject([
      {
        language: 'es_ES',
        addSecurityRecommendation: true,
        codeExpirationMinutes: 5,
        otpType: 'COPY_CODE',
        copyCodeButtonText: 'Copy Code',
        ttlSeconds: 300,
      },
    ]);
  });

  it('may name its app on the button, with a hash that is not URL-encoded as in the sample', async () => {
    const encoded = await house.call('POST', IMPORT(), sample({ ...TAP, signature_hash: 'K8a%2FAINcGX7' }));
    expect([encoded.status, encoded.json.errors]).toEqual([
      422,
      [
        {
          pointer: '#/components/2/buttons/0/signature_hash',
          code: 'url_encoded',
          detail: expect.stringContaining('/ for %2F'),
        },
      ],
    ]);
    const right = await house.call('POST', IMPORT(), sample({ ...TAP, signature_hash: 'K8a/AINcGX7' }));
    expect(right.status, right.text).toBe(201);
    expect(right.json.languages).toMatchObject([
      { otpType: 'ONE_TAP', supportedApps: [{ signatureHash: 'K8a/AINcGX7' }] },
    ]);
  });
});

describe('what exists at the provider', () => {
  const make = async (name: string, language: string, more: object = {}): Promise<string> => {
    const { json, status, text } = await graph('POST', `${wabaId}/message_templates`, {
      name,
      language,
      category: 'AUTHENTICATION',
      components: [
        { type: 'BODY', add_security_recommendation: true },
        { type: 'FOOTER', code_expiration_minutes: 5 },
        { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copia' }] },
      ],
      ...more,
    });
    if (status !== 200) throw new Error(text);
    return json.id;
  };
  const adopt = async (): Promise<Answer['json']> => {
    const answer = await house.call('POST', '/v1/templates/sync', { account: house.demo.accountId });
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.json;
  };

  it('is adopted under its id, with what it says, and can be sent in', async () => {
    await adopt();
    const name = newName();
    const ids = [await make(name, 'es'), await make(name, 'en_US')];
    const sale = { category: 'MARKETING', components: [{ type: 'BODY', text: 'Everything must go' }] };
    await make(`${name}_sale`, 'en', sale);
    const found = await adopt();
    expect(found.adopted).toHaveLength(1);
    expect(found.skipped).toEqual([
      { name: `${name}_sale`, language: 'en', category: 'MARKETING', why: 'category' },
    ]);
    const [template] = found.adopted;
    expect(template).toMatchObject({ name, category: 'AUTHENTICATION', account: house.demo.accountId });
    expect(template.languages.map(({ externalId }: Language) => externalId)).toEqual([ids[1], ids[0]]);
    expect(template.languages[1]).toMatchObject({
      language: 'es',
      addSecurityRecommendation: true,
      codeExpirationMinutes: 5,
      copyCodeButtonText: 'Copia',
    });
    await inStatus(template.id, 'approved');
    expect(await adopt()).toMatchObject({ adopted: [], changed: 0 });
    const generator = await house.call('POST', '/v1/generators', {
      name: 'spec',
      lifeSeconds: 300,
      channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: template.id }],
    });
    expect(generator.status, generator.text).toBe(201);
  });

  it('joins the template of its name; what was made again there replaces what was deleted', async () => {
    const template = await created([{ language: 'en' }]);
    const [{ externalId }] = await inStatus(template.id, 'approved');
    await behave(house, { webhooks: { mute: true }, deletedNameLockMs: 0 });
    await graph('DELETE', `${wabaId}/message_templates?name=${template.name}&hsm_id=${externalId}`);
    const ids = [await make(template.name, 'en'), await make(template.name, 'fr')];
    const found = await adopt();
    expect(found.adopted.map(({ id }: Answer['json']) => id)).toEqual([template.id]);
    expect(found.changed).toBeGreaterThanOrEqual(1);
    expect((await read(template.id)).map((entry) => entry.externalId)).toEqual(ids);
    const types = (await events(template.id)).map(({ type }) => type);
    expect(types).toContain('template.deleted');
  });

  it('is looked at every quarter of an hour: what no webhook told, and nothing is adopted', async () => {
    await behave(house, { approval: 'hold', webhooks: { mute: true } });
    const template = await created([{ language: 'en' }]);
    const [{ externalId }] = template.languages;
    await decide(externalId, 'approve');
    await make(newName(), 'en');
    const before = (await house.call('GET', '/v1/templates')).json.items.length;
    await lookAround();
    // It was submitted a moment ago, and its webhook may be on its way.
    expect(await read(template.id)).toMatchObject([{ status: 'pending' }]);
    house.moveClock(2 * 60_000);
    expect(await lookAround()).toBe(true);
    expect(await read(template.id)).toMatchObject([{ status: 'approved' }]);
    await decide(externalId, 'pause');
    await lookAround();
    expect(await read(template.id)).toMatchObject([{ status: 'approved' }]);
    house.moveClock(7 * 3_600_000);
    await lookAround();
    expect(await read(template.id)).toMatchObject([{ status: 'paused' }]);
    expect((await events(template.id)).map(({ type }) => type)).toEqual([
      'template.paused',
      'template.approved',
    ]);
    expect((await house.call('GET', '/v1/templates')).json.items).toHaveLength(before);
  });
});

describe('a preview', () => {
  it('of switches has the provider’s words, and the table’s where the provider is away', async () => {
    const languages = ['en', 'es_MX'].map((language) => ({
      language,
      addSecurityRecommendation: true,
      codeExpirationMinutes: 10,
    }));
    const look = async (account: string): Promise<Answer['json'][]> => {
      const body = { account, category: 'AUTHENTICATION', languages };
      return (await house.call('POST', '/v1/templates/preview', body)).json.items;
    };
    const theirs = await look(house.demo.accountId);
    expect(theirs.map(({ language, source }) => [language, source])).toEqual([
      ['en', 'provider'],
      ['es_MX', 'provider'],
    ]);
    const away = await house.call('POST', '/v1/accounts', {
      name: 'away',
      provider: 'meta-cloud',
      config: {
        baseUrl: 'http://127.0.0.1:1',
        wabaId: '300000000000003',
        accessToken: 'a-token-of-nobody',
        appSecrets: ['a-secret-of-nobody'],
      },
      countries: ['*'],
      senders: [],
    });
    const ours = await look(away.json.id);
    expect(ours.map(({ source }) => source)).toEqual(['preset', 'preset']);
    expect(ours.map(({ body, footer }) => [body, footer])).toEqual(
      theirs.map(({ body, footer }) => [body, footer]),
    );
  });

  it('of a template is in all its languages or in one', async () => {
    const template = await created([{ language: 'en' }, { language: 'es', copyCodeButtonText: 'Copia' }]);
    const look = (query: string): Promise<Answer> =>
      house.call('GET', `/v1/templates/${template.id}/preview${query}`);
    expect((await look('')).json.items).toHaveLength(2);
    expect((await look('?language=es')).json.items).toMatchObject([{ language: 'es', buttons: ['Copia'] }]);
    expect((await look('?language=fr')).status).toBe(400);
  });

  it('breaks no rule that a template may not break', async () => {
    const refused = await house.call('POST', '/v1/templates/preview', {
      account: house.demo.accountId,
      category: 'UTILITY',
      languages: [{ language: 'en', body: '{{1}}', samples: ['x'] }],
    });
    expect([refused.status, refused.json.errors[0].pointer]).toEqual([422, '#/languages/0/body']);
  });
});
