import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliModule } from '../../apps/cli/src/cli.module.js';
import { COMMANDS } from '../../apps/cli/src/commands.js';
import { loadConfig } from '#platform/config';
import { parseUuid } from '#platform/identifiers';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { journalRows } from '../support/journal.js';
import {
  codeOnPhone,
  generatorBody,
  GENERATORS,
  language,
  MessangiClient,
  otherThan,
  templateBody,
  TEMPLATES,
} from '../support/messangi.js';

/** The documented calls, word for word. Host and key change, and each id becomes the one answered before. */
const DOCUMENTED = {
  template: `curl --request POST \\
--url 'https://elastic.messangi.me/balerion/v2/whatsapp/templates/?wabaId=<WABA_ID>' \\
--header 'accept: application/json' \\
--header 'authorization: Bearer <YOUR_API_KEY>' \\
--header 'content-type: application/json' \\
--data '
{
"name": "elipackage_authentication",
"category": "AUTHENTICATION",
"templateLanguages": [
{
"language": "en",
"components": [
{
"type": "BODY",
"securityRecomendation": true
},
{
"type": "FOOTER",
"expirationMinutes": 15
},
{
"type": "BUTTONS",
"buttons": [
{
"type": "OTP",
"otp_type": "COPY_CODE",
"text": "Copy Code"
}
]
}
]
}
]
}'`,
  generator: `curl -X 'POST' \\
'https://elastic.messangi.me/eyriesgate/v1/2fa' \\
-H 'accept: application/json' \\
-H 'Authorization: Bearer <YOUR_API_KEY>' \\
-H 'Content-Type: application/json' \\
-d '{
"codeLength": 6,
"expirationMinutes": 15,
"channels": [
{
"type": "WHATSAPP",
"address": "584111111111",
"templateId": "3752812345987345",
"placeholder": "code"
}
]
}'`,
  code: `curl -X 'POST' \\
'https://elastic.messangi.me/eyriesgate/v1/2fa/<CODE_GENERATOR_ID>/codes' \\
-H 'accept: application/json' \\
-H 'Authorization: Bearer <YOUR_API_KEY>' \\
-H 'Content-Type: application/json' \\
-d '{
"channel": "WHATSAPP",
"receiver": "+525500000000"
}'`,
  status: `curl -X 'PATCH' \\
'https://elastic.messangi.me/eyriesgate/v1/2fa/<CODE_GENERATOR_ID>/codes' \\
-H 'accept: application/json' \\
-H 'Authorization: Bearer <YOUR_API_KEY>' \\
-H 'Content-Type: application/json' \\
-d '{
"action": "status",
"requestId": "<REQUEST_ID>"
}'`,
  verify: `curl -X 'PATCH' \\
'https://elastic.messangi.me/eyriesgate/v1/2fa/<CODE_GENERATOR_ID>/codes' \\
-H 'accept: application/json' \\
-H 'Authorization: Bearer <YOUR_API_KEY>' \\
-H 'Content-Type: application/json' \\
-d '{
"action": "verify",
"requestId": "c12345616-fee2-f345hgf-fgh123",
"code": "151820"
}'`,
};

const META = /^\{"meta":\{"timestamp":1\d{12},"transactionId":"[0-9a-f]{8}-[0-9a-f]{4}"/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UNKNOWN_ID = '3f0c9b1e-7a52-4c1d-9b8e-5d2f4a6b7c00';

describe('the Messangi dialect', () => {
  let house: House;
  let client: MessangiClient;
  let templateId: string;
  /** Six digits, fifteen minutes. */
  let generator: number;
  let numbers = 5000;
  const receiver = (): string => `+52551234${++numbers}`;

  beforeAll(async () => {
    house = await openHouse();
    client = new MessangiClient(house);
    [templateId] = (await client.approvedTemplate(language('en', 15))) as [string];
    generator = await client.newGenerator(templateId);
  });
  afterAll(() => house.close());

  function expectFailure(answer: Answer, status: number, code: string): void {
    expect([answer.status, answer.json?.errors?.details?.code], answer.text).toEqual([status, code]);
    expect(answer.text).toMatch(META);
    expect(Object.keys(answer.json)).toEqual(['meta', 'errors']);
    expect(Object.keys(answer.json.errors)).toEqual(['reason', 'details']);
    expect(answer.json.errors.reason).toMatch(/^\S.{5,}\S$/);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  }

  function expectSuccess(answer: Answer, members = ['meta', 'data']): void {
    expect(answer.status, answer.text).toBe(200);
    expect(answer.text).toMatch(META);
    expect(Object.keys(answer.json)).toEqual(members);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  }

  async function sent(): Promise<{ id: string; code: string }> {
    const phone = receiver();
    return { id: await client.requestId(generator, phone), code: await codeOnPhone(house, phone) };
  }

  describe('the documented calls, as curl sends them', () => {
    let curlHome: string;

    beforeAll(() => {
      curlHome = mkdtempSync(join(tmpdir(), 'countersign-curl-'));
      writeFileSync(
        join(curlHome, '.curlrc'),
        'silent\nshow-error\nnoproxy = "*"\nwrite-out = "\\n%{http_code}"\n',
      );
    });
    afterAll(() => rmSync(curlHome, { recursive: true }));

    async function curl(documented: string, ids: Record<string, string> = {}): Promise<Answer> {
      let line = documented
        .replace('https://elastic.messangi.me', house.api.url)
        .replace('<YOUR_API_KEY>', house.demo.apiKey);
      for (const [placeholder, id] of Object.entries(ids)) {
        expect(line).toContain(placeholder);
        line = line.replace(placeholder, id);
      }
      const { stdout } = await promisify(execFile)('sh', ['-c', line], {
        env: { ...process.env, CURL_HOME: curlHome },
      });
      const [text, status] = stdout.split(/\n(?=\d{3}$)/) as [string, string];
      return { status: Number(status), headers: {}, text, json: JSON.parse(text) };
    }

    it('lead from a template to "valid code"', async () => {
      const template = await curl(DOCUMENTED.template, { '<WABA_ID>': house.demo.wabaId });
      expect([template.status, Object.keys(template.json)]).toEqual([200, ['meta', 'data']]);
      const { id } = template.json.data.templateLanguages[0];
      await until(
        () => client.listTemplates('elipackage_authentication'),
        ({ json }) => json.data[0].templateLanguages[0].status === 'APPROVED',
      );

      const created = await curl(DOCUMENTED.generator, { '3752812345987345': id });
      expect(created.status).toBe(200);
      const number = String(created.json.data.id);

      const sent = await curl(DOCUMENTED.code, { '<CODE_GENERATOR_ID>': number });
      expect(sent.status).toBe(200);
      const { requestId } = sent.json.data;

      const status = await curl(DOCUMENTED.status, {
        '<CODE_GENERATOR_ID>': number,
        '<REQUEST_ID>': requestId,
      });
      expect(status.json.data).toMatchObject({ userID: '+525500000000', status: 'PENDING' });
      expect(status.json.data.token).toBe(await codeOnPhone(house, '+525500000000'));

      const verified = await curl(DOCUMENTED.verify, {
        '<CODE_GENERATOR_ID>': number,
        'c12345616-fee2-f345hgf-fgh123': requestId,
        '151820': status.json.data.token,
      });
      expect(verified.text).toMatch(
        /^\{"meta":\{"timestamp":\d{13},"transactionId":"[0-9a-f]{8}-[0-9a-f]{4}","explain":"valid code"\}\}$/,
      );
      expect(verified.status).toBe(200);
    });
  });

  describe('the envelope', () => {
    it('is meta, then data, with the time of the answer and an id of its own', async () => {
      const before = Date.now();
      const answers = [await client.generator('GET', generator), await client.generator('GET', generator)];
      for (const answer of answers) {
        expectSuccess(answer);
        expect(Object.keys(answer.json.meta)).toEqual(['timestamp', 'transactionId']);
        expect(answer.json.meta.timestamp).toBeGreaterThanOrEqual(before);
        expect(answer.json.meta.timestamp).toBeLessThanOrEqual(Date.now());
      }
      expect(answers[0]!.json.meta.transactionId).not.toBe(answers[1]!.json.meta.transactionId);
    });

    it('carries every failure, also those before any controller', async () => {
      const raw = (method: string, path: string, body?: string, key = client.key): Promise<Answer> =>
        ask(method, house.api.url + path, body, { authorization: `Bearer ${key}` });
      expectFailure(await raw('POST', GENERATORS, '{"codeLength":'), 400, 'REQUEST_INVALID_JSON');
      expectFailure(await raw('POST', GENERATORS, '[]'), 400, 'INVALID_REQUEST');
      expectFailure(await raw('POST', GENERATORS, ' '.repeat(17_000)), 413, 'REQUEST_TOO_LARGE');
      expectFailure(await raw('GET', '/eyriesgate/v1/nothing'), 404, 'ROUTE_NOT_FOUND');
      expectFailure(await raw('DELETE', `${GENERATORS}/1/codes`), 405, 'ROUTE_METHOD_NOT_ALLOWED');
      expectFailure(await raw('GET', TEMPLATES, undefined, 'nonsense'), 401, 'INVALID_API_KEY');
      const reader = await house.newKey('test', ['generators:read']);
      expectFailure(
        await raw('POST', GENERATORS, JSON.stringify(generatorBody(templateId)), reader),
        403,
        'INSUFFICIENT_SCOPE',
      );
    });
  });

  describe('templates', () => {
    it('answer the members of the documentation, the components as they were sent', async () => {
      const asked = templateBody(language('en', 15));
      const created = await client.createTemplate(asked);
      expectSuccess(created);
      const { data } = created.json;
      expect(Object.keys(data)).toEqual(['wabaId', 'name', 'category', 'templateLanguages']);
      expect(data.wabaId).toBe(Number(house.demo.wabaId));
      expect([data.name, data.category]).toEqual([asked.name, 'AUTHENTICATION']);
      const [entry] = data.templateLanguages;
      expect(Object.keys(entry)).toEqual(['id', 'language', 'components']);
      expect(entry.id).toMatch(/^\d{5,}$/);
      expect(JSON.stringify(entry.components)).toBe(
        JSON.stringify(asked.templateLanguages.map(componentsOf)[0]),
      );
    });

    it('echo what was sent and no more', async () => {
      const bare = {
        language: 'en',
        components: [
          { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy' }] },
          { type: 'BODY' },
        ],
      };
      const created = await client.createTemplate(templateBody(bare));
      expectSuccess(created);
      expect(created.json.data.templateLanguages[0].components).toEqual(bare.components);
    });

    it('are found with and without the slash before the question mark', async () => {
      for (const slash of ['/', '']) {
        const query = `${slash}?wabaId=${house.demo.wabaId}`;
        expectSuccess(await client.createTemplate(templateBody(language('en')), query));
      }
    });

    it('take exactly one of wabaId and senderId', async () => {
      const body = (): object => templateBody(language('en'));
      const waba = `wabaId=${house.demo.wabaId}`;
      const accepted = await client.createTemplate(body(), '/?senderId=200000000000001');
      expectSuccess(accepted);
      expect(accepted.json.data.wabaId).toBe(Number(house.demo.wabaId));
      expectSuccess(await client.createTemplate(body(), `?senderId=${house.demo.senderAddress}`));
      for (const query of ['', `?${waba}&senderId=${house.demo.senderAddress}`]) {
        const refused = await client.createTemplate(body(), query);
        expectFailure(refused, 400, 'REQUEST_INVALID_PARAMETER');
        expect(refused.json.errors.reason).toMatch(/exactly one of wabaId and senderId/);
      }
      for (const query of [`?${waba}&${waba}`, `?${waba}&other=1`])
        expect((await client.createTemplate(body(), query)).status).toBe(400);
      for (const query of ['?wabaId=999999999999999', '?senderId=999999999999999'])
        expectFailure(await client.createTemplate(body(), query), 404, 'ACCOUNT_NOT_FOUND');
    });

    it('take the recommendation in every spelling and answer in the documented one', async () => {
      const phone = receiver();
      for (const name of ['securityRecomendation', 'securityRecommendation', 'add_security_recommendation']) {
        const created = await client.createTemplate(
          templateBody(language('en', undefined, { [name]: true })),
        );
        expectSuccess(created);
        expect(created.json.data.templateLanguages[0].components[0]).toEqual({
          type: 'BODY',
          securityRecomendation: true,
        });
        const shown = await client.listTemplates(created.json.data.name);
        expect(shown.json.data[0].templateLanguages[0].components[0].securityRecomendation).toBe(true);
      }
      const [id] = await client.approvedTemplate(language('en', undefined, { securityRecommendation: true }));
      await client.requestId(await client.newGenerator(id!), phone);
      await codeOnPhone(house, phone);
      expect((await house.simulated(phone))[0]!.text).toMatch(/do not share this code\.$/);
    });

    it('speak English, Spanish and Portuguese, by language or locale', async () => {
      const all = { en: 'en', es: 'es', pt: 'pt_BR', en_US: 'en_US', es_MX: 'es_MX', pt_BR: 'pt_BR' };
      for (const [code, atProvider] of Object.entries(all)) {
        const created = await client.createTemplate(templateBody(language(code, 15)));
        expectSuccess(created);
        const [entry] = created.json.data.templateLanguages;
        expect(entry.language).toBe(code);
        expect(await atSimulator(entry.id)).toMatchObject({ language: atProvider });
      }
      const several = templateBody(language('pt', 15), language('en', 15), language('es', 15));
      const created = await client.createTemplate(several);
      expectSuccess(created);
      const entries = created.json.data.templateLanguages as { id: string; language: string }[];
      expect(entries.map((entry) => entry.language)).toEqual(['pt', 'en', 'es']);
      for (const { id, language: code } of entries)
        expect(await atSimulator(id)).toMatchObject({ language: code === 'pt' ? 'pt_BR' : code });
    });

    it('refuse every other language, naming the three', async () => {
      for (const code of ['fr', 'de_DE', 'EN', 'pt_PT', 'english', '']) {
        const refused = await client.createTemplate(templateBody(language(code)));
        expectFailure(refused, 400, 'INVALID_REQUEST');
        expect(refused.json.errors.reason).toMatch(/\ben\b.*\bes\b.*\bpt\b/);
        expect(refused.json.errors.details.fields[0].pointer).toBe('#/templateLanguages/0/language');
      }
    });

    it('hold to the documented rules of their components', async () => {
      const button = { type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy Code' };
      const buttons = { type: 'BUTTONS', buttons: [button] };
      const wrong: [string, object[]][] = [
        ['no button', [{ type: 'BODY' }]],
        ['an empty list of buttons', [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [] }]],
        ['no list of buttons', [{ type: 'BODY' }, { type: 'BUTTONS' }]],
        ['two buttons', [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [button, button] }]],
        [
          '26 characters',
          [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ ...button, text: 'x'.repeat(26) }] }],
        ],
        [
          'another button',
          [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ ...button, otp_type: 'ONE_TAP' }] }],
        ],
        ['no body', [buttons]],
        ['two bodies', [{ type: 'BODY' }, { type: 'BODY' }, buttons]],
        ['0 minutes', [{ type: 'BODY' }, { type: 'FOOTER', expirationMinutes: 0 }, buttons]],
        ['91 minutes', [{ type: 'BODY' }, { type: 'FOOTER', expirationMinutes: 91 }, buttons]],
        ['minutes in the body', [{ type: 'BODY', expirationMinutes: 15 }, buttons]],
        ['a recommendation as text', [{ type: 'BODY', securityRecomendation: 'true' }, buttons]],
        ['a recommendation at a button', [{ type: 'BODY' }, { ...buttons, securityRecommendation: true }]],
        ['an emoji', [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ ...button, text: 'Copy 📋' }] }]],
        ['a header', [{ type: 'BODY' }, { type: 'HEADER' }, buttons]],
      ];
      for (const [what, components] of wrong) {
        const refused = await client.createTemplate(templateBody({ language: 'en', components }));
        expect([what, refused.status]).toEqual([what, 400]);
        expectFailure(refused, 400, 'INVALID_REQUEST');
        expect(refused.json.errors.details.fields[0].pointer, what).toContain('/components');
        expect(refused.json.errors.reason, what).not.toContain('copyCodeButtonText');
      }
      const longest = [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ ...button, text: 'x'.repeat(25) }] }];
      expectSuccess(await client.createTemplate(templateBody({ language: 'en', components: longest })));
    });

    it('refuse a name that is taken, and another category', async () => {
      const body = templateBody(language('en'));
      expectSuccess(await client.createTemplate(body));
      expectFailure(await client.createTemplate(body), 409, 'TEMPLATE_NAME_TAKEN');
      const other = { ...templateBody(language('en')), category: 'MARKETING' };
      expectFailure(await client.createTemplate(other), 400, 'INVALID_REQUEST');
    });

    it('leave out the expiry warning when the footer is left out', async () => {
      const [withFooter, without] = [
        (await client.approvedTemplate(language('en', 15)))[0]!,
        (await client.approvedTemplate(language('en')))[0]!,
      ];
      const texts: (string | undefined)[] = [];
      for (const id of [withFooter, without]) {
        const phone = receiver();
        await client.requestId(await client.newGenerator(id), phone);
        await codeOnPhone(house, phone);
        const { json } = await ask('GET', `${house.simulator.url}/_sim/phones/${encodeURIComponent(phone)}`);
        texts.push(json.messages[0].footer);
      }
      expect(texts).toEqual(['This code expires in 15 minutes.', undefined]);
    });

    function componentsOf(entry: object): unknown {
      return (entry as { components: unknown }).components;
    }

    async function atSimulator(id: string): Promise<unknown> {
      const { json } = await ask('GET', `${house.simulator.url}/_sim/templates`);
      return json.templates.find((template: { id: string }) => template.id === id);
    }
  });

  describe('generators', () => {
    it('answer the members of the documentation, with an integer id', async () => {
      const created = await client.createGenerator(generatorBody(templateId));
      expectSuccess(created);
      const { data } = created.json;
      expect(Number.isSafeInteger(data.id) && data.id > 0).toBe(true);
      expect(created.json.meta.explain).toBeUndefined();
      expect(JSON.stringify(data)).toBe(
        JSON.stringify({
          id: data.id,
          codeLength: 6,
          expirationMinutes: 15,
          channels: [{ placeholder: 'code', address: '584111111111', templateId, type: 'WHATSAPP' }],
        }),
      );
    });

    it('take exactly one channel', async () => {
      const [channel] = generatorBody(templateId).channels;
      for (const channels of [[], [channel, channel]]) {
        const refused = await client.createGenerator(generatorBody(templateId, { channels }));
        expectFailure(refused, 400, 'INVALID_REQUEST');
        expect(refused.json.errors.reason).toContain('only one channel');
      }
    });

    it.each([
      ['codeLength', [6, 10], [5, 11, 0, 6.5, '6', true]],
      ['expirationMinutes', [1, 90], [0, 91, -1, 1.5, '15']],
    ])('keep %s within %j', async (name, taken, refused) => {
      for (const value of taken) {
        const created = await client.createGenerator(generatorBody(templateId, { [name]: value }));
        expectSuccess(created);
        expect(created.json.data[name]).toBe(value);
      }
      for (const value of refused) {
        const answer = await client.createGenerator(generatorBody(templateId, { [name]: value }));
        expectFailure(answer, 400, 'INVALID_REQUEST');
        expect(answer.json.errors.details.fields[0].pointer).toBe(`#/${name}`);
        expect(answer.json.errors.reason).toContain(name);
      }
    });

    it('take the address as digits, of a sender there is', async () => {
      for (const address of ['+584111111111', '58 411 1111111', 'sender', '', 584111111111, '584111111112']) {
        const refused = await client.createGenerator(generatorBody(templateId, {}, { address }));
        expectFailure(refused, 400, 'INVALID_REQUEST');
        expect(refused.json.errors.details.fields[0].pointer).toBe('#/channels/0/address');
      }
    });

    it('refuse a template that is not there', async () => {
      expectFailure(
        await client.createGenerator(generatorBody('3752812345987345')),
        404,
        'TEMPLATE_NOT_FOUND',
      );
    });

    it.each([
      ['shortcode', 'shortcode belongs to SMS', { shortcode: '50001' }],
      ['from', 'from belongs to EMAIL', { from: 'a@example.com' }],
      ['text', 'text belongs to SMS and EMAIL', { text: '{{code}}' }],
    ])('of WHATSAPP refuse the %s of another type', async (_name, rule, more) => {
      const refused = await client.createGenerator(generatorBody(templateId, {}, more));
      expectFailure(refused, 400, 'INVALID_REQUEST');
      expect(refused.json.errors.reason).toContain(rule);
    });

    it.each([
      ['#/channels/0/templateId', 'templateId belongs to WHATSAPP', { templateId: '1' }],
      ['#/channels/0/shortcode', 'shortcode belongs to SMS', { shortcode: '50001' }],
      ['#/channels/0/from', 'from must be an e-mail address', { from: 'codes' }],
      ['#/channels/0/from', 'no account of yours has this sender', { from: 'nobody@example.com' }],
      ['#/channels/0/text', '{{code}} exactly once', { text: 'Hello' }],
      ['#/channels/0/text', 'no other placeholder', { text: 'Your code is {{pin}}', placeholder: 'tan' }],
      ['#/channels/0/type', 'type must be one of', { type: 'PIGEON' }],
    ])('of EMAIL name %s when it breaks its rule (%s)', async (pointer, rule, changes) => {
      const channel = {
        type: 'EMAIL',
        from: house.demo.email!.senderAddress,
        text: 'Your code is {{code}}',
        ...changes,
      };
      const refused = await client.createGenerator(generatorBody('', { channels: [channel] }));
      expectFailure(refused, 400, 'INVALID_REQUEST');
      expect(refused.json.errors.details.fields[0].pointer).toBe(pointer);
      expect(refused.json.errors.reason).toContain(rule);
    });

    it('of WHATSAPP live 90 minutes at most', async () => {
      const refused = await client.createGenerator(generatorBody(templateId, { expirationMinutes: 91 }));
      expectFailure(refused, 400, 'INVALID_REQUEST');
      expect(refused.json.errors.details.fields[0].pointer).toBe('#/expirationMinutes');
    });

    it('warn when the footer names other minutes than the codes live', async () => {
      const created = await client.createGenerator(generatorBody(templateId, { expirationMinutes: 10 }));
      expectSuccess(created);
      expect(created.json.meta.explain).toMatch(/15 minutes.*10 minutes/);
      const { id } = created.json.data;
      const changed = await client.generator('PUT', id, generatorBody(templateId, { expirationMinutes: 20 }));
      expect(changed.json.meta.explain).toMatch(/15 minutes.*20 minutes/);
      const agreeing = await client.generator('PUT', id, generatorBody(templateId));
      expect(agreeing.json.meta.explain).toBeUndefined();
    });

    it('may be made on a template that waits for approval; a send then says so', async () => {
      await ask('PUT', `${house.simulator.url}/_sim/behavior`, { approval: 'hold' });
      const waiting = templateBody(language('en', 15));
      let id: string;
      let number: number;
      try {
        id = (await client.createTemplate(waiting)).json.data.templateLanguages[0].id;
        number = await client.newGenerator(id);
        const refused = await client.send(number, receiver());
        expectFailure(refused, 422, 'TEMPLATE_NOT_APPROVED');
        expect(refused.json.errors.reason).toMatch(/pending.*(wait|sync)/i);
        expect(refused.json.errors.details.templateStatus).toBe('pending');
        await ask('POST', `${house.simulator.url}/_sim/templates/${id}/reject`, { reason: 'INVALID_FORMAT' });
        const rejected = await until(
          () => client.send(number, receiver()),
          ({ json }) => json.errors.details.templateStatus !== 'pending',
        );
        expectFailure(rejected, 422, 'TEMPLATE_NOT_APPROVED');
        expect(rejected.json.errors.reason).toMatch(/rejected.*(submit|another)/i);
        const listed = await client.listTemplates(waiting.name);
        expect(listed.json.data[0].templateLanguages[0]).toMatchObject({
          status: 'REJECTED',
          rejectedReason: 'INVALID_FORMAT',
        });
      } finally {
        await ask('POST', `${house.simulator.url}/_sim/behavior/reset`);
      }
      await ask('POST', `${house.simulator.url}/_sim/templates/${id}/approve`);
      await until(
        () => client.send(number, receiver()),
        ({ status }) => status === 200,
      );
    });

    it('are listed, read, changed and deleted', async () => {
      const number = await client.newGenerator(templateId);
      const read = await client.generator('GET', number);
      expectSuccess(read);
      const changed = await client.generator('PUT', number, generatorBody(templateId, { codeLength: 8 }));
      expectSuccess(changed);
      expect(changed.json.data).toEqual({ ...read.json.data, codeLength: 8 });
      const listed = await client.call('GET', GENERATORS);
      expectSuccess(listed);
      expect(listed.json.data).toContainEqual(changed.json.data);

      const deleted = await client.generator('DELETE', number);
      expectSuccess(deleted, ['meta']);
      for (const answer of [
        await client.generator('GET', number),
        await client.generator('PUT', number, generatorBody(templateId)),
        await client.generator('DELETE', number),
        await client.send(number, receiver()),
      ])
        expectFailure(answer, 404, 'GENERATOR_NOT_FOUND');
      expect((await client.call('GET', GENERATORS)).json.data).not.toContainEqual(changed.json.data);
    });

    it('are unknown to another tenant, and under anything that is no integer', async () => {
      const stranger = new MessangiClient(house, (await house.newTenantKey('stranger')).key);
      const body = generatorBody(templateId);
      for (const answer of [
        await stranger.generator('GET', generator),
        await stranger.generator('PUT', generator, body),
        await stranger.generator('DELETE', generator),
        await stranger.send(generator, receiver()),
        await stranger.status(generator, UNKNOWN_ID),
      ])
        expectFailure(answer, 404, 'GENERATOR_NOT_FOUND');
      expect((await stranger.call('GET', GENERATORS)).json.data).toEqual([]);
      for (const id of ['0', '-1', '1.5', `${generator}x`, '9'.repeat(20), 'null'])
        expectFailure(await client.generator('GET', id), 404, 'GENERATOR_NOT_FOUND');
    });

    it('keep their integer when they are imported', async () => {
      const file = join(mkdtempSync(join(tmpdir(), 'countersign-import-')), 'generator.json');
      const name = `imported_${Date.now()}`;
      const created = await client.createTemplate({ ...templateBody(language('en')), name });
      const listed = await until(
        () => house.call('GET', `/v1/templates?name=${name}`),
        ({ json }) => json.items[0]?.languages[0].status === 'approved',
      );
      const template = listed.json.items[0].id as string;
      const channels = [{ channel: 'whatsapp', sender: house.demo.senderAddress, template }];
      writeFileSync(file, JSON.stringify({ name: 'imported', codeLength: 7, lifeSeconds: 300, channels }));
      const number = generator + 5_000;
      const options = { tenant: house.demo.tenantId, number: String(number), file };
      // A process of its own, as `npm run cli` is: the API learns of it by publication alone.
      const cli = await NestFactory.createApplicationContext(
        CliModule.forRoot(loadConfig(house.environment)),
        { logger: false, abortOnError: false },
      );
      const importIt = (): Promise<unknown> => COMMANDS['generators import']!.run(cli, [], options);
      try {
        expect(await importIt()).toMatchObject({ number, codeLength: 7 });
        await expect(importIt()).rejects.toMatchObject({ code: 'generator.conflict' });
      } finally {
        await cli.close();
        rmSync(file);
      }
      expect((await client.generator('GET', number)).json.data).toEqual({
        id: number,
        codeLength: 7,
        expirationMinutes: 5,
        channels: [
          {
            placeholder: 'code',
            address: house.demo.senderAddress,
            templateId: created.json.data.templateLanguages[0].id,
            type: 'WHATSAPP',
          },
        ],
      });
      const phone = receiver();
      await until(
        () => client.send(number, phone),
        ({ status }) => status === 200,
      );
      expect(await codeOnPhone(house, phone)).toMatch(/^\d{7}$/);
      // What is made next does not run into it.
      expect(await client.newGenerator(templateId)).toBeGreaterThan(number);
    });
  });

  describe('codes', () => {
    it('answer a requestId and arrive as digits', async () => {
      const phone = receiver();
      const sent = await client.send(generator, phone);
      expectSuccess(sent);
      expect(Object.keys(sent.json.data)).toEqual(['requestId']);
      expect(sent.json.data.requestId).toMatch(UUID);
      expect(await codeOnPhone(house, phone)).toMatch(/^\d{6}$/);
    });

    it('take a new id at each POST and cancel the one before; the code and its end stay', async () => {
      const phone = receiver();
      const first = await client.requestId(generator, phone);
      const code = await codeOnPhone(house, phone);
      expectFailure(await client.verify(generator, first, otherThan(code)), 422, 'CODE_INVALID');
      const { expirationDate } = (await client.status(generator, first)).json.data;
      house.moveClock(60_000);
      try {
        const second = await client.requestId(generator, phone);
        expect(second).not.toBe(first);
        expect(await codeOnPhone(house, phone, 2)).toBe(code);

        const canceled = await client.status(generator, first);
        expect(canceled.json.data).toMatchObject({ status: 'CANCELED', token: null, validationDate: null });
        expectFailure(await client.verify(generator, first, code), 410, 'CODE_CANCELED');

        const status = await client.status(generator, second);
        expect(status.json.data).toMatchObject({ status: 'PENDING', token: code, expirationDate });
        const wrong = await client.verify(generator, second, otherThan(code));
        expect(wrong.json.errors.details.attemptsRemaining).toBe(3);
        expect((await client.verify(generator, second, code)).json.meta.explain).toBe('valid code');
      } finally {
        house.moveClock(-60_000);
      }
    });

    it('are the same request again under the same Idempotency-Key', async () => {
      const phone = receiver();
      const post = (): Promise<Answer> =>
        house.call(
          'POST',
          `${GENERATORS}/${generator}/codes`,
          { channel: 'WHATSAPP', receiver: phone },
          { 'idempotency-key': `spec-${phone}` },
        );
      const first = await post();
      await codeOnPhone(house, phone);
      const again = await post();
      expect(again.json).toEqual(first.json);
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(await house.simulated(phone)).toHaveLength(1);
    });

    it('are separate for each receiver and each generator', async () => {
      const [phone, other] = [receiver(), receiver()];
      const elsewhere = await client.newGenerator(templateId);
      const first = await client.requestId(generator, phone);
      await client.requestId(generator, other);
      await client.requestId(elsewhere, phone);
      expect((await client.status(generator, first)).json.data.status).toBe('PENDING');
    });

    it('live on under the rules they were made by when the generator changes', async () => {
      const number = await client.newGenerator(templateId);
      const [phone, later] = [receiver(), receiver()];
      const requestId = await client.requestId(number, phone);
      const { expirationDate } = (await client.status(number, requestId)).json.data;
      const rules = { codeLength: 10, expirationMinutes: 1 };
      expectSuccess(await client.generator('PUT', number, generatorBody(templateId, rules)));
      await client.requestId(number, later);
      expect(await codeOnPhone(house, later)).toMatch(/^\d{10}$/);
      house.moveClock(120_000);
      try {
        expect((await client.status(number, requestId)).json.data).toMatchObject({
          status: 'PENDING',
          expirationDate,
        });
        const code = await codeOnPhone(house, phone);
        expect(code).toMatch(/^\d{6}$/);
        expectSuccess(await client.verify(number, requestId, code), ['meta']);
      } finally {
        house.moveClock(-120_000);
      }
    });

    it('refuse receivers that are no phone numbers, and a channel the generator does not have', async () => {
      for (const wrong of ['525512341234', '+52', 'someone@example.com', '', '+5255123412345678'])
        expectFailure(await client.send(generator, wrong), 400, 'INVALID_RECEIVER');
      expectFailure(await client.send(generator, receiver(), 'SMS'), 409, 'CHANNEL_MISMATCH');
      expectFailure(await client.send(generator, receiver(), 'PIGEON'), 400, 'INVALID_REQUEST');
    });
  });

  describe('status', () => {
    it('answers every member, spelled as documented', async () => {
      const phone = receiver();
      const before = Date.now();
      const requestId = await client.requestId(generator, phone);
      const answer = await client.status(generator, requestId);
      const after = Date.now();
      expectSuccess(answer);
      const { data } = answer.json;
      expect(Object.keys(data)).toEqual([
        'id',
        'userID',
        'token',
        'requestID',
        'expirationDate',
        'validationDate',
        'validationChannel',
        'status',
      ]);
      expect(Number.isSafeInteger(data.id) && data.id > 0).toBe(true);
      expect(data).toMatchObject({
        userID: phone,
        requestID: requestId,
        token: await codeOnPhone(house, phone),
        validationDate: null,
        validationChannel: 'WHATSAPP',
        status: 'PENDING',
      });
      const life = 15 * 60_000;
      expect(timeOf(data.expirationDate)).toBeGreaterThanOrEqual(before + life - 1);
      expect(timeOf(data.expirationDate)).toBeLessThanOrEqual(after + life + 1);
      // The same request keeps its number; another has its own.
      const again = await client.status(generator, requestId);
      const other = await client.status(generator, await client.requestId(generator, receiver()));
      expect([again.json.data.id === data.id, other.json.data.id === data.id]).toEqual([true, false]);
    });

    it('tells PENDING, VALIDATED, EXPIRED, CANCELED and FAILED apart, and a date only for VALIDATED', async () => {
      const [validated, expired, canceled, locked] = [await sent(), await sent(), await sent(), await sent()];
      const before = Date.now();
      expectSuccess(await client.verify(generator, validated.id, validated.code), ['meta']);
      const after = Date.now();
      expectSuccess(await client.cancel(generator, canceled.id), ['meta']);
      for (let turn = 0; turn < 5; turn++) await client.verify(generator, locked.id, otherThan(locked.code));
      const unreachable = await client.requestId(generator, '+12025550126');
      const failed = await until(
        () => client.status(generator, unreachable),
        ({ json }) => json.data.status !== 'PENDING',
      );

      const { data } = (await client.status(generator, validated.id)).json;
      expect(data).toMatchObject({ status: 'VALIDATED', token: null });
      expect(timeOf(data.validationDate)).toBeGreaterThanOrEqual(before - 1);
      expect(timeOf(data.validationDate)).toBeLessThanOrEqual(after + 1);
      const rest: unknown[] = [failed.json.data];
      for (const { id } of [canceled, locked]) rest.push((await client.status(generator, id)).json.data);
      house.moveClock(15 * 60_000);
      try {
        rest.push((await client.status(generator, expired.id)).json.data);
      } finally {
        house.moveClock(-15 * 60_000);
      }
      expect(rest).toMatchObject(
        ['FAILED', 'CANCELED', 'FAILED', 'EXPIRED'].map((status) => ({
          status,
          token: null,
          validationDate: null,
        })),
      );
    });

    it('shows the token to a test key on the simulator, and the journal says to whom', async () => {
      const phone = receiver();
      const requestId = await client.requestId(generator, phone);
      const { data } = (await client.status(generator, requestId)).json;
      expect(data.token).toBe(await codeOnPhone(house, phone));
      const disclosures = await until(
        () => eventsOf(requestId, 'challenge.disclosed'),
        (rows) => rows.length > 0,
      );
      expect(disclosures).toHaveLength(1);
      expect(disclosures[0]!.data['by']).toBe(client.key.split('_')[2]);
    });

    it('shows no token to a live key, nor any of a live key’s to a test key', async () => {
      const live = new MessangiClient(house, await house.newKey('live'));
      const phone = receiver();
      const requestId = await live.requestId(generator, phone);
      const code = await codeOnPhone(house, phone);
      for (const caller of [live, client]) {
        const { data } = (await caller.status(generator, requestId)).json;
        expect(data).toHaveProperty('token', null);
        expect(data.status).toBe('PENDING');
      }
      expectSuccess(await live.verify(generator, requestId, code), ['meta']);
      const events = await until(
        () => eventsOf(requestId),
        (rows) => rows.some(({ type }) => type === 'challenge.approved'),
      );
      expect(events.map(({ type }) => type)).not.toContain('challenge.disclosed');
    });

    it('is still there when the code has long left Redis', async () => {
      const phone = receiver();
      const requestId = await client.requestId(generator, phone);
      await client.verify(generator, requestId, await codeOnPhone(house, phone));
      const live = await client.status(generator, requestId);
      await until(
        () => eventsOf(requestId, 'challenge.approved'),
        (rows) => rows.length > 0,
      );
      const [key] = await house.redis.keys(`{p*}:ch:${parseUuid(requestId)}`);
      expect(await house.redis.del(key!)).toBe(1);
      expect((await client.status(generator, requestId)).json.data).toEqual(live.json.data);
    });

    /** UTC with microseconds and no zone. */
    function timeOf(text: string): number {
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
      return Date.parse(`${text.slice(0, 23)}Z`);
    }

    async function eventsOf(requestId: string, type?: string) {
      const rows = await journalRows(house.databaseUrl);
      return rows.filter(
        (row) => row.challenge_id === requestId && (type === undefined || row.type === type),
      );
    }
  });

  describe('verify and cancel', () => {
    it('say "valid code" without data, once', async () => {
      const { id, code } = await sent();
      const right = await client.verify(generator, id, code);
      expectSuccess(right, ['meta']);
      expect(Object.keys(right.json.meta)).toEqual(['timestamp', 'transactionId', 'explain']);
      expect(right.json.meta.explain).toBe('valid code');
      for (const again of [code, otherThan(code)])
        expectFailure(await client.verify(generator, id, again), 409, 'CODE_ALREADY_VALIDATED');
    });

    it('say "invalid code" and how many attempts are left, then 429 until the code ends', async () => {
      const phone = receiver();
      const id = await client.requestId(generator, phone);
      const code = await codeOnPhone(house, phone);
      for (const left of [4, 3, 2, 1, 0]) {
        const wrong = await client.verify(generator, id, otherThan(code));
        expectFailure(wrong, 422, 'CODE_INVALID');
        expect(wrong.json.meta.explain).toBe('invalid code');
        expect(wrong.json.errors).toEqual({
          reason: 'invalid code',
          details: { code: 'CODE_INVALID', attemptsRemaining: left },
        });
      }
      // A new code is no way to new attempts.
      for (const exhausted of [
        await client.verify(generator, id, code),
        await client.send(generator, phone),
      ]) {
        expectFailure(exhausted, 429, 'ATTEMPTS_EXHAUSTED');
        const wait = Number(exhausted.headers['retry-after']);
        expect(wait).toBeGreaterThan(850);
        expect(wait).toBeLessThanOrEqual(900);
      }
      house.moveClock(900_000);
      try {
        const { requestId } = (await client.send(generator, phone)).json.data;
        expect(requestId).not.toBe(id);
        expectSuccess(await client.verify(generator, requestId, await codeOnPhone(house, phone, 2)), [
          'meta',
        ]);
      } finally {
        house.moveClock(-900_000);
      }
    });

    it('tell a code of another shape as invalid without counting it', async () => {
      const { id, code } = await sent();
      for (const shape of ['1234567', '12345', 'abcdef!', '¹²³⁴⁵⁶', '      '])
        expectFailure(await client.verify(generator, id, shape), 422, 'CODE_INVALID');
      const wrong = await client.verify(generator, id, otherThan(code));
      expect(wrong.json.errors.details.attemptsRemaining).toBe(4);
      expectSuccess(await client.verify(generator, id, ` ${code.slice(0, 3)} ${code.slice(3)}`), ['meta']);
    });

    it('answer 410 for a code that has expired', async () => {
      const { id, code } = await sent();
      house.moveClock(15 * 60_000 + 1);
      try {
        expectFailure(await client.verify(generator, id, code), 410, 'CODE_EXPIRED');
        expectFailure(await client.cancel(generator, id), 410, 'CODE_EXPIRED');
      } finally {
        house.moveClock(-(15 * 60_000 + 1));
      }
    });

    it('cancel twice alike, and a canceled code is gone', async () => {
      const { id, code } = await sent();
      for (let turn = 0; turn < 2; turn++) {
        const canceled = await client.cancel(generator, id);
        expectSuccess(canceled, ['meta']);
        expect(canceled.json.meta.explain).toBe('canceled code');
      }
      expectFailure(await client.verify(generator, id, code), 410, 'CODE_CANCELED');
    });

    it('cannot cancel what was validated, or locked', async () => {
      const { id, code } = await sent();
      await client.verify(generator, id, code);
      expectFailure(await client.cancel(generator, id), 409, 'CODE_ALREADY_VALIDATED');
      const locked = await sent();
      for (let turn = 0; turn < 5; turn++) await client.verify(generator, locked.id, otherThan(locked.code));
      expectFailure(await client.cancel(generator, locked.id), 410, 'ATTEMPTS_EXHAUSTED');
    });

    it('take the id as requestId and as requestID', async () => {
      for (const name of ['requestId', 'requestID']) {
        const { id, code } = await sent();
        expectSuccess(await client.act(generator, { action: 'status', [name]: id }));
        expectSuccess(await client.act(generator, { action: 'verify', [name]: id, code }), ['meta']);
        expectFailure(
          await client.act(generator, { action: 'cancel', [name]: id }),
          409,
          'CODE_ALREADY_VALIDATED',
        );
      }
    });

    it('know only requests of this tenant and this generator', async () => {
      const { id, code } = await sent();
      const elsewhere = await client.newGenerator(templateId);
      const { key } = await house.newTenantKey('neighbour');
      const neighbour = new MessangiClient(house, key);
      for (const action of ['status', 'verify', 'cancel']) {
        for (const requestId of [UNKNOWN_ID, 'c12345616-fee2-f345hgf-fgh123', ''])
          expectFailure(await client.act(generator, { action, requestId, code }), 404, 'REQUEST_NOT_FOUND');
        expectFailure(await client.act(elsewhere, { action, requestId: id, code }), 404, 'REQUEST_NOT_FOUND');
        expectFailure(
          await neighbour.act(generator, { action, requestId: id, code }),
          404,
          'GENERATOR_NOT_FOUND',
        );
      }
      expectSuccess(await client.verify(generator, id, code), ['meta']);
    });

    it('refuse a call that lacks its id, its code or its action', async () => {
      const { id, code } = await sent();
      for (const body of [
        { action: 'verify', code },
        { action: 'verify', requestId: id },
        { action: 'approve', requestId: id, code },
        { requestId: id, code },
        { action: 'verify', requestId: id, code: Number(code) },
        { action: 'verify', requestId: id, code, extra: true },
      ])
        expectFailure(await client.act(generator, body), 400, 'INVALID_REQUEST');
      expectSuccess(await client.verify(generator, id, code), ['meta']);
    });
  });

  describe('a live key', () => {
    it('waits between two codes, and gets three in ten minutes for one receiver', async () => {
      const live = new MessangiClient(house, await house.newKey('live'));
      const phone = receiver();
      const retryAfter = (answer: Answer): number => Number(answer.headers['retry-after']);
      let moved = 0;
      const move = (seconds: number): void => {
        moved += seconds * 1_000;
        house.moveClock(seconds * 1_000);
      };
      try {
        expectSuccess(await live.send(generator, phone));
        const tooSoon = await live.send(generator, phone);
        expectFailure(tooSoon, 429, 'TOO_SOON');
        expect(retryAfter(tooSoon)).toBeGreaterThan(20);
        expect(retryAfter(tooSoon)).toBeLessThanOrEqual(30);
        expectSuccess(await live.send(generator, receiver()));

        move(30);
        expectSuccess(await live.send(generator, phone));
        expectFailure(await live.send(generator, phone), 429, 'TOO_SOON');
        move(60);
        expectSuccess(await live.send(generator, phone));
        move(120);
        const tooMany = await live.send(generator, phone);
        expectFailure(tooMany, 429, 'TOO_MANY_CODES');
        expect(retryAfter(tooMany)).toBeGreaterThan(380);
        expect(retryAfter(tooMany)).toBeLessThanOrEqual(391);
        // Another generator is no way around it.
        const elsewhere = await client.newGenerator(templateId);
        expectFailure(await live.send(elsewhere, phone), 429, 'TOO_MANY_CODES');
        move(391);
        expectSuccess(await live.send(generator, phone));
      } finally {
        house.moveClock(-moved);
      }
    });
  });

  it.each([
    ['/v1/2fa', '/v2/whatsapp/templates'],
    ['/v1/2fa', '/whatsapp/templates'],
  ])('answers the same at %s and %s', async (generators, templates) => {
    const short = new MessangiClient(house, client.key, generators, templates);
    const [id] = await short.approvedTemplate(language('en', 15));
    const number = await short.newGenerator(id!);
    const phone = receiver();
    const requestId = await short.requestId(number, phone);
    const { token } = (await client.status(number, requestId)).json.data;
    const wrong = await short.verify(number, requestId, otherThan(token));
    expectFailure(wrong, 422, 'CODE_INVALID');
    expect((await short.verify(number, requestId, token)).json.meta.explain).toBe('valid code');
    expectFailure(await short.createTemplate('{', ''), 400, 'REQUEST_INVALID_JSON');
  });
});
