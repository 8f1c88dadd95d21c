import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { linkTo, submit } from '../support/links.js';
import { generatorBody, GENERATORS, language, templateBody, TEMPLATES } from '../support/messangi.js';
import {
  differences,
  type Document,
  type Operation,
  resolve,
  type ResponseBody,
  type Schema,
} from '../support/openapi.js';
import { person } from '../support/person.js';

const LINES = 'application/x-ndjson';
const ID = /[a-z]{3}_[0-9a-z]{26}|(?<=\/)\d+(?=\/|$)/;

/** The document is written by hand where no decorator speaks; here real answers are held against it. */
describe('the OpenAPI document', () => {
  let house: House;
  let document: Document;
  let generator: string;
  const seen = new Set<string>();

  beforeAll(async () => {
    house = await openHouse();
    document = (await house.call('GET', '/openapi.json')).json;
    generator = await house.newGenerator();
  });
  afterAll(() => house.close());

  function operations(): [string, Operation][] {
    return Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, Operation] => [
        `${method} ${path}`,
        operation,
      ]),
    );
  }

  /** Makes the call and holds its answer against what is documented for that status. */
  async function call(
    method: string,
    path: string,
    status: number,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer> {
    const template = path.split('?')[0]!.replace(ID, '{id}');
    const operation = document.paths[template]?.[method.toLowerCase()];
    if (!operation) throw new Error(`${method} ${template} is not documented`);
    const answer = await house.call(method, path, body, headers);
    expect(answer.status, answer.text).toBe(status);
    const response = operation.responses[status];
    if (!response) throw new Error(`${method} ${template}: ${status} is not documented`);
    const { content } = resolve(document, response);
    if (status === 204) {
      expect([content, answer.text]).toEqual([undefined, '']);
    } else {
      const type = String(answer.headers['content-type']).split(';')[0]!;
      expect(Object.keys(content!)).toEqual([type]);
      expect(
        differences(
          document,
          content![type]!.schema,
          type.endsWith('json') && type !== LINES ? answer.json : answer.text,
        ),
        `${method} ${template} ${status}`,
      ).toEqual([]);
    }
    if (status < 300) seen.add(operation.operationId);
    return answer;
  }

  it('has an answer, refusals and a security scheme for every operation', () => {
    expect(document.openapi).toMatch(/^3\.0\.\d$/);
    expect(document.components.securitySchemes['bearer']).toMatchObject({ type: 'http', scheme: 'bearer' });
    expect(operations().length).toBeGreaterThan(25);
    for (const [name, operation] of operations()) {
      const statuses = Object.keys(operation.responses);
      const success = statuses.filter((status) => status.startsWith('2'));
      expect([name, success.length]).toEqual([name, 1]);
      const { content } = operation.responses[success[0]!]!;
      expect([name, success[0] === '204' || content !== undefined]).toEqual([name, true]);
      if (operation.tags.includes('health')) continue;
      expect(operation.security, name).toEqual([{ bearer: [] }]);
      expect(statuses, name).toEqual(expect.arrayContaining(['400', '401', '403', '503', 'default']));
      for (const response of Object.values(operation.responses)) resolve(document, response);
    }
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9]+$/);
  });

  it('names no schema that is not there, and an Idempotency-Key on every POST', () => {
    const refs = JSON.stringify(document).match(/"#\/components\/[^"]+"/g) ?? [];
    expect(refs.length).toBeGreaterThan(100);
    for (const ref of refs) resolve(document, { $ref: JSON.parse(ref) as string });
    for (const [name, operation] of operations()) {
      const names = (operation.parameters ?? []).map((parameter) => resolve(document, parameter).name);
      expect([name, names.includes('Idempotency-Key')]).toEqual([name, name.startsWith('post ')]);
    }
  });

  it('gives an example of each refusal that fits its status', () => {
    const responses = Object.entries<ResponseBody>(document.components['responses']!);
    expect(responses.length).toBeGreaterThan(15);
    for (const [name, { content }] of responses) {
      const [{ schema, example }] = Object.values(content!) as [
        { schema: Schema; example?: { status?: number } },
      ];
      if (!/\d$/.test(name)) continue;
      expect(differences(document, schema, example), name).toEqual([]);
      if (name.startsWith('Problem')) expect(name).toBe(`Problem${example?.status}`);
    }
  });

  it('says of the fields what the validation does', () => {
    const { schemas } = document.components;
    expect(schemas['SaveMessangiGeneratorDto']).toMatchObject({
      additionalProperties: false,
      required: ['codeLength', 'expirationMinutes', 'channels'],
      properties: {
        codeLength: { type: 'integer', minimum: 6, maximum: 10 },
        channels: { type: 'array', minItems: 1, maxItems: 1 },
      },
    });
    expect(schemas['ChannelDto']!.properties!['address']).toMatchObject({ pattern: '^\\d{3,15}$' });
    expect(schemas['UpdateAccountDto']).toMatchObject({ additionalProperties: false });
    // Each of these had lost its schema to a class of the same name in another room.
    const rules = resolve(document, schemas['SaveGeneratorDto']!.properties!['resend']!);
    expect(Object.keys(rules.properties!)).toEqual(['code', 'coolDownSeconds', 'maxMessages']);
    expect(rules.properties!['coolDownSeconds']!.items).toMatchObject({ type: 'integer', minimum: 1 });
    const theirs = resolve(
      document,
      schemas['CreateMessangiTemplateDto']!.properties!['templateLanguages']!.items!,
    );
    expect(Object.keys(theirs.properties!)).toEqual(['language', 'components']);
    const bodies = ['challengesResend', 'challengesCancel', 'challengesCheck', 'accountsUpdate'].map((id) => {
      const [, operation] = operations().find(([, { operationId }]) => operationId === id)!;
      return operation.requestBody?.required;
    });
    expect(bodies).toEqual([false, false, true, true]);
  });

  it('knows the answers about test numbers', async () => {
    const endsAt = new Date(Date.now() + 86_400_000).toISOString();
    const body = { receiver: '+5255123470**', code: '424242', endsAt };
    const added = await call('POST', '/v1/test-numbers', 201, body);
    await call('POST', '/v1/test-numbers', 409, body);
    await call('POST', '/v1/test-numbers', 422, {});
    await call('GET', '/v1/test-numbers', 200);
    await call('POST', '/v1/challenges', 201, { generator, receiver: '+525512347001' });
    await call('DELETE', `/v1/test-numbers/${added.json.id}`, 204);
    await call('DELETE', `/v1/test-numbers/${added.json.id}`, 404);
  });

  it('knows the answers about challenges', async () => {
    const fields = { generator, metadata: { order: 'A-17' }, language: 'en' };
    const opened = await call('POST', '/v1/challenges', 201, { ...fields, receiver: '+525512346001' });
    const path = `/v1/challenges/${opened.json.id}`;
    await call('GET', path, 200);
    const { code } = (await call('GET', `${path}/code`, 200)).json;
    await call('POST', `${path}/resend`, 200);
    const wrong = code === '000000' ? '000001' : '000000';
    await call('POST', `${path}/check`, 200, { code: wrong });
    await call('POST', `${path}/check`, 422, { code: '1' });
    await call('POST', `${path}/check`, 422, {});
    await call('POST', `${path}/check`, 400, '{');
    await call('POST', `${path}/check`, 200, { code });
    await call('POST', `${path}/check`, 409, { code });
    await call('POST', `${path}/cancel`, 409);
    await call('GET', path, 200);
    await until(
      () => house.call('GET', `${path}/timeline`),
      ({ text }) => text.includes('challenge.approved') && text.includes('message.delivered'),
    );
    await call('GET', `${path}/timeline`, 200);
    const second = await call('POST', '/v1/challenges', 201, { generator, receiver: '+525512346002' });
    await call('POST', `/v1/challenges/${second.json.id}/cancel`, 200);
    await until(
      () => house.call('GET', '/v1/challenges?limit=1'),
      ({ json }) => json.items.length === 1 && json.nextCursor !== undefined,
    );
    await call('GET', '/v1/challenges?limit=1', 200);
    await call('GET', '/v1/challenges?limit=0', 400);
    await call('GET', '/v1/challenges/chl_00000000000000000000000000', 404);
    await call('POST', '/v1/challenges', 401, {}, { authorization: 'Bearer nobody' });
    const reader = await house.newKey('test', ['challenges:read']);
    await call('POST', '/v1/challenges', 403, {}, { authorization: `Bearer ${reader}` });
  });

  it('knows the answers about links', async () => {
    const { senderAddress } = house.demo.email!;
    const created = await call('POST', '/v1/generators', 201, {
      name: 'links',
      kind: 'link',
      link: { displayName: 'The Shop', exchange: true, redirectUrls: ['https://shop.example/login'] },
      channels: [{ channel: 'email', sender: senderAddress }],
    });
    const codeVerifier = 'v'.repeat(43);
    const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const to = 'ana@shop.example';
    const opened = await call('POST', '/v1/challenges', 201, {
      generator: created.json.id,
      receiver: to,
      pkce: { challenge, method: 'S256' },
      returnUrl: 'https://shop.example/login',
      endUser: { userAgent: 'Chrome/126', city: 'Bogotá' },
    });
    const path = `/v1/challenges/${opened.json.id}/exchange`;
    await call('POST', path, 409, { codeVerifier });
    await call('POST', path, 422, { codeVerifier: 'short' });
    await submit(await linkTo(house, to), { answer: 'approve', number: opened.json.matchNumber });
    await call('POST', path, 403, { codeVerifier: 'w'.repeat(43) });
    const { token } = (await call('POST', path, 200, { codeVerifier })).json;
    await call('POST', '/v1/exchanges', 200, { token, codeVerifier });
    await call('POST', '/v1/exchanges', 403, { token, codeVerifier });
    await call('POST', '/v1/exchanges', 422, {});
  });

  it('knows the answers about what people write to us', async () => {
    const channels = [{ channel: 'whatsapp', sender: house.demo.senderAddress }];
    const consentText = 'The shop may write to me.';
    const inbound = { purpose: 'consent', consentText, confirmInChat: false };
    const created = await call('POST', '/v1/generators', 201, {
      name: 'listens',
      kind: 'inbound',
      inbound,
      channels,
    });
    const codeVerifier = 'v'.repeat(43);
    const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const body = { generator: created.json.id, pkce: { challenge, method: 'S256' } };
    const { json } = await call('POST', '/v1/challenges', 201, body);
    await call('POST', '/v1/challenges', 422, { ...body, receiver: '+525512346005' });
    const path = `/v1/challenges/${json.id}`;
    await call('POST', `${path}/exchange`, 200, { codeVerifier });
    await call('POST', `${path}/exchange`, 422, { codeVerifier: 'short' });
    await call('POST', `${path}/exchange`, 403, { codeVerifier: 'w'.repeat(43) });
    await call('POST', `${path}/check`, 409, { code: '123456' });
    await call('GET', path, 200);
    await person(house, '+573005000001').types('whatsapp', json.token, house.demo.senderAddress);
    await until(
      () => house.call('GET', '/v1/consents'),
      (answer) => answer.json.items.length === 1,
    );
    await call('GET', '/v1/consents?limit=1', 200);
    await call('GET', '/v1/consents?limit=0', 400);
    await call('POST', `${path}/exchange`, 200, { codeVerifier });
    await call('POST', `${path}/exchange`, 409, { codeVerifier });
    await call('GET', path, 200);
    await call('GET', `${path}/timeline`, 200);
    const headers = { authorization: `Bearer ${await house.newKey('test', ['consents:export'])}` };
    await call('GET', '/v1/consents/export', 200, undefined, headers);
  });

  it('knows the waiting a live key meets', async () => {
    const authorization = `Bearer ${await house.newKey('live')}`;
    const body = { generator, receiver: '+525512346003' };
    await call('POST', '/v1/challenges', 201, body, { authorization });
    const refused = await call('POST', '/v1/challenges', 429, body, { authorization });
    expect(refused.headers).toHaveProperty('retry-after');
    const response = resolve(document, document.paths['/v1/challenges']!['post']!.responses['429']!);
    expect(Object.keys(response.headers!)).toEqual(['Retry-After', 'RateLimit-Policy', 'RateLimit']);
    await call('POST', '/v1/receivers/unblock', 200, { receiver: body.receiver, purpose: 'authentication' });
    const eraser = { authorization: `Bearer ${await house.newKey('live', ['privacy:erase'])}` };
    const asked = await call('POST', '/v1/receivers/erase', 202, { receiver: body.receiver }, eraser);
    await call('POST', '/v1/receivers/erase', 422, {}, eraser);
    await call('GET', `/v1/receivers/erasures/${asked.json.id}`, 200, undefined, eraser);
    await call('GET', '/v1/receivers/erasures/era_00000000000000000000000000', 404, undefined, eraser);
  });

  it('knows the answers about generators, templates and accounts', async () => {
    const template = await call('POST', '/v1/templates', 201, {
      account: house.demo.accountId,
      name: 'documented',
      category: 'AUTHENTICATION',
      languages: [
        { language: 'en', codeExpirationMinutes: 10, copyCodeButtonText: 'Copy', ttlSeconds: 600 },
        { language: 'es_MX' },
      ],
    });
    await call('GET', `/v1/templates/${template.json.id}`, 200);
    await call('POST', `/v1/templates/${template.json.id}/sync`, 200);
    await call('GET', '/v1/templates', 200);
    await call('POST', '/v1/templates', 422, { account: house.demo.accountId });
    await until(
      () => house.call('GET', `/v1/templates/${template.json.id}`),
      ({ json }) => json.languages.every(({ status }: { status: string }) => status === 'approved'),
    );
    const mine = `/v1/templates/${template.json.id}`;
    const taps = {
      language: 'en',
      otpType: 'ONE_TAP',
      codeExpirationMinutes: 10,
      ttlSeconds: -1,
      supportedApps: [{ packageName: 'com.example.app', signatureHash: 'K8a/AINcGX7' }],
    };
    const edited = await call('PATCH', mine, 200, { languages: [taps] });
    expect(edited.json.warnings).toHaveLength(1);
    await call('PATCH', mine, 422, { languages: [{ ...taps, ttlSeconds: 1 }] });
    await call('GET', `${mine}/preview`, 200);
    await call('GET', `${mine}/preview?language=pt_BR`, 400);
    await call('GET', `${mine}/events`, 200);
    const utility = {
      language: 'en',
      header: 'Your card',
      body: 'Hi {{1}}, please call us.',
      samples: ['Nick'],
      footer: 'The shop',
      buttons: [{ type: 'PHONE_NUMBER', text: 'Contact Us', phoneNumber: '+441123456789' }],
    };
    const { accountId } = house.demo;
    const words = { account: accountId, category: 'UTILITY', languages: [utility] };
    await call('POST', '/v1/templates/preview', 200, words);
    await call('POST', '/v1/templates', 201, { ...words, name: 'documented_words' });
    const imported = {
      name: 'documented_elsewhere',
      language: 'en',
      category: 'AUTHENTICATION',
      components: [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] }],
    };
    await call('POST', `/v1/templates/import?account=${accountId}`, 201, imported);
    await call('POST', '/v1/templates/import', 400, imported);
    await call('POST', '/v1/templates/sync', 200, { account: accountId });
    await call('GET', '/v1/templates', 200);

    const channels = [{ channel: 'whatsapp', sender: house.demo.senderAddress, template: template.json.id }];
    const created = await call('POST', '/v1/generators', 201, { name: 'documented', channels });
    const path = `/v1/generators/${created.json.id}`;
    await call('PUT', path, 200, { name: 'documented', channels, codeLength: 8 });
    await call('GET', path, 200);
    await call('GET', '/v1/generators', 200);
    await call('DELETE', path, 204);
    await call('GET', path, 404);
    await call('DELETE', `/v1/templates/${template.json.id}`, 204);

    const account = await call('POST', '/v1/accounts', 201, {
      name: 'documented',
      provider: 'meta-cloud',
      config: {
        baseUrl: house.simulator.url,
        wabaId: '300000000000003',
        accessToken: 'another-token-of-nobody',
        appSecrets: ['another-secret'],
      },
      countries: ['MX'],
      senders: [{ channel: 'whatsapp', address: '584222222222' }],
    });
    const own = `/v1/accounts/${account.json.id}`;
    await call('POST', `${own}/test`, 200);
    await call('PATCH', own, 200, { name: 'renamed' });
    await call('GET', own, 200);
    await call('GET', '/v1/accounts', 200);
    await call('GET', `${own}/events?limit=5`, 200);
    await call('GET', `${own}/events?limit=500`, 400);
    await call('DELETE', own, 204);
  });

  it('knows the answers about senders', async () => {
    const { json } = await call('GET', '/v1/senders', 200);
    await call('GET', `/v1/senders?account=${house.demo.accountId}`, 200);
    const { id } = json.items.find(({ channel }: { channel: string }) => channel === 'whatsapp');
    const path = `/v1/senders/${id}`;
    await call('GET', path, 200);
    await call('POST', `${path}/register`, 409);
    await call('PUT', `${path}/pin`, 422, { pin: '123456' });
    await call('PUT', `${path}/pin`, 200, { pin: '480713' });
    await call('POST', `${path}/register`, 200);
    await call('POST', `${path}/deregister`, 200);
    await call('POST', `${path}/register`, 200);
    await call('POST', `${path}/request-code`, 200, { method: 'SMS', language: 'en_US' });
    await call('POST', `${path}/request-code`, 429, { method: 'SMS', language: 'en_US' });
    const { json: simulated } = await ask('GET', `${house.simulator.url}/_sim/accounts`);
    const { verificationCode: code } = simulated.accounts[0].phoneNumbers[0];
    await call('POST', `${path}/verify-code`, 422, { code: code === '000000' ? '000001' : '000000' });
    await call('POST', `${path}/verify-code`, 200, { code });
    await call('GET', `${path}/events`, 200);
  });

  it('knows the answers about limits and switches', async () => {
    const scopes = ['limits:read', 'limits:write', 'switches:write'] as const;
    const headers = { authorization: `Bearer ${await house.newKey('test', scopes)}` };
    const body = {
      limits: [{ limit: 'sends.ip', mode: 'shadow', most: [20, 60] }],
      budgets: [{ period: 'day', unit: 'money', currency: 'USD', most: 1_000_000, assumedMicros: 40_000 }],
      score: { denyAt: 50, rules: [{ name: 'r', points: 1, when: [{ signal: 'ip', is: 'missing' }] }] },
    };
    await call('PUT', '/v1/limits', 200, body, headers);
    await call('PUT', '/v1/limits', 422, { limits: [{ limit: 'sends.ip', most: [9_999, 60] }] }, headers);
    await call('GET', '/v1/limits', 200, undefined, headers);
    const until_ = new Date(Date.now() + 3_600_000).toISOString();
    const off = { scope: 'country', target: 'TV', reason: 'spec', until: until_ };
    const { json } = await call('PUT', '/v1/switches', 200, off, headers);
    await call('GET', '/v1/switches', 200, undefined, headers);
    await call('DELETE', `/v1/switches/${json.id}`, 204, undefined, headers);
    await call('DELETE', `/v1/switches/${json.id}`, 404, undefined, headers);
    await until(
      () => house.call('GET', '/v1/limits/events', undefined, headers),
      (answer) => answer.json.items.length > 0,
    );
    await call('GET', '/v1/limits/events?limit=1', 200, undefined, headers);
  });

  it('knows the answers about events and webhooks', async () => {
    await call('GET', '/v1/events?limit=1', 200);
    await call('GET', '/v1/events?after=x', 400);
    const { json: page } = await call('GET', '/v1/events?types=challenge.*', 200);
    const url = `${house.simulator.url}/inbox/documented`;
    await call('POST', '/v1/webhook-endpoints', 422, { url: 'http://shop.example', events: ['*'] });
    const { json } = await call('POST', '/v1/webhook-endpoints', 201, { url, events: ['challenge.*'] });
    const path = `/v1/webhook-endpoints/${json.id}`;
    await call('GET', '/v1/webhook-endpoints', 200);
    await call('GET', path, 200);
    await call('PATCH', path, 200, { description: 'documented' });
    await call('POST', `${path}/rotate-secret`, 200);
    await call('POST', `${path}/replay`, 202, { after: page.next });
    await call('POST', `${path}/replay`, 422, {});
    const { json: pressed } = await call('POST', `${path}/test`, 202);
    await until(
      () => house.call('GET', `/v1/webhook-deliveries/${pressed.id}`),
      (answer) => answer.json.state === 'delivered',
    );
    await call('GET', `/v1/webhook-deliveries/${pressed.id}`, 200);
    await call('GET', `${path}/deliveries?state=delivered`, 200);
    await call('POST', `/v1/webhook-deliveries/${pressed.id}/replay`, 202);
    await call('PATCH', path, 200, { enabled: false });
    await call('POST', `${path}/test`, 409);
    await call('DELETE', path, 204);
    await call('GET', path, 404);
    await call('GET', '/v1/callback-secret', 200);
    await call('POST', '/v1/callback-secret/rotate', 200);
  });

  it('knows the answers about keys and the audit trail', async () => {
    const scopes = ['keys:read', 'keys:write', 'audit:read'] as const;
    const headers = { authorization: `Bearer ${await house.newKey('test', scopes)}` };
    const wanted = { name: 'documented', mode: 'test', scopes: ['keys:read'], networks: ['127.0.0.0/8'] };
    const made = await call('POST', '/v1/keys', 201, wanted, headers);
    const path = `/v1/keys/${made.json.id}`;
    await call('POST', '/v1/keys', 422, { ...wanted, scopes: ['*'] }, headers);
    await call('POST', '/v1/keys', 403, { ...wanted, mode: 'live' }, headers);
    await call('GET', path, 200, undefined, headers);
    await call('POST', `${path}/rotate`, 200, { overlapHours: 1 }, headers);
    await call('DELETE', path, 204, undefined, headers);
    await call('POST', `${path}/rotate`, 409, {}, headers);
    await call('GET', '/v1/keys', 200, undefined, headers);
    await until(
      () => house.call('GET', '/v1/audit?limit=1', undefined, headers),
      ({ json }) => json.items[0]?.hash !== undefined,
    );
    await call('GET', '/v1/audit', 200, undefined, headers);
    await call('GET', '/v1/audit?action=nothing', 400, undefined, headers);
    await call('GET', '/v1/audit/keys', 200, undefined, headers);
    await call('GET', '/v1/audit/export', 200, undefined, headers);
  });

  it('knows the answers of the dialect', async () => {
    const waba = `${TEMPLATES}?wabaId=${house.demo.wabaId}`;
    const template = await call('POST', waba, 200, templateBody(language('en', 15)));
    const { id: templateId } = template.json.data.templateLanguages[0];
    await until(
      () => house.call('GET', waba),
      ({ json }) => json.data[0].templateLanguages[0].status === 'APPROVED',
    );
    await call('GET', waba, 200);
    await call('POST', TEMPLATES, 400, templateBody(language('en')));
    const created = await call('POST', GENERATORS, 200, generatorBody(templateId, { expirationMinutes: 10 }));
    const path = `${GENERATORS}/${created.json.data.id}`;
    const callbackUrl = 'https://shop.example/countersign';
    await call('PUT', path, 200, generatorBody(templateId, { callbackUrl }));
    await call('PUT', path, 200, generatorBody(templateId));
    await call('GET', path, 200);
    await call('GET', GENERATORS, 200);
    const send = (): Promise<Answer> =>
      call('POST', `${path}/codes`, 200, { channel: 'WHATSAPP', receiver: '+525512346004' });
    const first = (await send()).json.data.requestId;
    const requestId = (await send()).json.data.requestId;
    const act = (status: number, body: object): Promise<Answer> =>
      call('PATCH', `${path}/codes`, status, body);
    const { token } = (await act(200, { action: 'status', requestId })).json.data;
    await act(410, { action: 'verify', requestId: first, code: token });
    await act(422, { action: 'verify', requestId, code: token === '000000' ? '000001' : '000000' });
    await act(200, { action: 'verify', requestId, code: token });
    await act(200, { action: 'status', requestId });
    await act(409, { action: 'cancel', requestId });
    await act(200, { action: 'cancel', requestId: first });
    await act(404, { action: 'status', requestId: 'nothing' });
    await call('DELETE', path, 200);
    await call('GET', path, 404);
  });

  it('knows the answers to probes', async () => {
    for (const probe of ['live', 'ready', 'startup']) await call('GET', `/health/${probe}`, 200);
  });

  it('was held against an answer of every operation', () => {
    expect([...seen].sort()).toEqual(
      operations()
        .map(([, { operationId }]) => operationId)
        .sort(),
    );
  });
});
