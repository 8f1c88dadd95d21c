// Every route of the OpenAPI document that changes something, and what the audit trail holds of it. A new route joins
// by being documented: it is audited here, or it is said here why it is not.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../apps/cli/src/commands.js';
import { type Options, UsageError } from '../../../apps/cli/src/usage.js';
import { AuditBroken, verifyExport } from '../../../apps/cli/src/verify-audit.js';
import { SimulatorConfig } from '../../../apps/simulator/src/simulator.config.js';
import { AUDIT_ACTIONS } from '#journal';
import { parseNative } from '#platform/identifiers';
import { SCOPES } from '#tenants';
import { type Answer, ask, type House, openHouse, until } from '../../support/house.js';
import { journalBacklog } from '../../support/journal.js';
import { generatorBody, GENERATORS, language, templateBody, TEMPLATES } from '../../support/messangi.js';
import type { Document } from '../../support/openapi.js';

const MAIN = fileURLToPath(new URL('../../../dist/apps/cli/src/main.js', import.meta.url));
const RECEIVER = '+525512348001';

/** Of a challenge's own life, or of nothing that is kept. */
const NOT_ADMINISTRATIVE: Record<string, string> = {
  challengesOpen: 'journal',
  challengesResend: 'journal',
  challengesCheck: 'journal',
  challengesCancel: 'journal',
  messangi2faSend: 'journal',
  messangi2faAct: 'journal',
  accountsTest: 'asks the provider and keeps nothing',
  templatesPreview: 'shows and keeps nothing',
  webhookEndpointsTest: 'tells the endpoint something and changes nothing',
  exchangesIssue: 'journal',
  exchangesRedeem: 'journal',
};

interface AuditRow {
  seq?: number | null;
  actor: string;
  action: string;
  subject: string;
  before: string | null;
  after: string | null;
  request_id: string | null;
}

let house: House;
let document: Document;
let client: pg.Client;
let folder: string;
let headers: { authorization: string };
let actor: string;
/** What a step made, for those after it. */
const made: Record<string, string> = {};

beforeAll(async () => {
  house = await openHouse();
  document = (await house.call('GET', '/openapi.json')).json;
  client = new pg.Client({ connectionString: house.databaseUrl });
  await client.connect();
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  const key = await house.newKey('test', SCOPES);
  headers = { authorization: `Bearer ${key}` };
  actor = `key_${key.split('_')[2]!}`;
  made['generator of the house'] = await house.newGenerator({ revealCode: true });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await client.end();
  await house.close();
});

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  house.call(method, path, body, headers);

async function rows(tenant: string | undefined = house.demo.tenantId): Promise<AuditRow[]> {
  const chain = tenant === 'platform' ? tenant : parseNative('tenant', tenant);
  return (await client.query<AuditRow>('SELECT * FROM audit_events WHERE chain = $1 ORDER BY id', [chain]))
    .rows;
}

/** What the work adds to the trail, once the journal has nothing left to bring. */
async function added(
  work: () => Promise<Answer>,
  tenant?: string,
): Promise<{ answer: Answer; found: AuditRow[] }> {
  const before = (await rows(tenant)).length;
  const answer = await work();
  await until(
    () => journalBacklog(house.redis),
    (backlog) => backlog === 0,
  );
  return { answer, found: (await rows(tenant)).slice(before) };
}

/** Makes it, and remembers its id. */
async function make(name: string, method: string, path: string, body: unknown): Promise<Answer> {
  const answer = await call(method, path, body);
  made[name] = answer.json?.id ?? made[name];
  return answer;
}

const account = (): string => house.demo.accountId;
const channels = (): object[] => [
  { channel: 'whatsapp', sender: house.demo.senderAddress, template: made['template'] },
];
const approved = (): Promise<Answer> =>
  until(
    () => call('GET', `/v1/templates/${made['template']}`),
    ({ json }) => json.languages.every(({ status }: { status: string }) => status === 'approved'),
  );
const sender = (step: string): string => `/v1/senders/${made['sender']}/${step}`;

/** In this order: an operation of the document, what is audited of it, and how it is called. */
const CHANGES: [operation: string, action: string, work: () => Promise<Answer>][] = [
  [
    'keysCreate',
    'key.created',
    () => make('key', 'POST', '/v1/keys', { name: 'audited', mode: 'test', scopes: ['keys:read'] }),
  ],
  ['keysRotate', 'key.rotated', () => call('POST', `/v1/keys/${made['key']}/rotate`, {})],
  ['keysRevoke', 'key.revoked', () => call('DELETE', `/v1/keys/${made['key']}`)],
  [
    'accountsCreate',
    'account.created',
    () =>
      make('account', 'POST', '/v1/accounts', {
        name: 'audited',
        provider: 'meta-cloud',
        config: {
          baseUrl: house.simulator.url,
          wabaId: '300000000000004',
          accessToken: 'a-token-of-nobody-at-all',
          appSecrets: ['a-secret-of-nobody'],
        },
        countries: ['MX'],
        senders: [{ channel: 'whatsapp', address: '584222222223' }],
      }),
  ],
  [
    'accountsUpdate',
    'account.updated',
    () => call('PATCH', `/v1/accounts/${made['account']}`, { countries: ['MX', 'VE'] }),
  ],
  ['accountsDelete', 'account.deleted', () => call('DELETE', `/v1/accounts/${made['account']}`)],
  [
    'templatesCreate',
    'template.created',
    () =>
      make('template', 'POST', '/v1/templates', {
        account: account(),
        name: 'audited',
        category: 'AUTHENTICATION',
        languages: [{ language: 'en' }, { language: 'es_MX' }],
      }),
  ],
  [
    'templatesImport',
    'template.created',
    () =>
      make('imported', 'POST', `/v1/templates/import?account=${account()}`, {
        name: 'audited_elsewhere',
        language: 'en',
        category: 'AUTHENTICATION',
        components: [
          { type: 'BODY' },
          { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
        ],
      }),
  ],
  [
    'templatesEdit',
    'template.edited',
    async () => {
      await approved();
      return call('PATCH', `/v1/templates/${made['template']}`, {
        languages: [{ language: 'en', codeExpirationMinutes: 10 }],
      });
    },
  ],
  ['templatesSync', 'template.synced', () => call('POST', `/v1/templates/${made['template']}/sync`)],
  [
    'templatesAdopt',
    'template.adopted',
    async () => {
      const strange = await ask(
        'POST',
        `${house.simulator.url}/v25.0/${house.demo.wabaId}/message_templates`,
        {
          name: 'made_elsewhere',
          language: 'en',
          category: 'AUTHENTICATION',
          components: [
            { type: 'BODY' },
            { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
          ],
        },
        { authorization: `Bearer ${new SimulatorConfig().accessToken}` },
      );
      expect(strange.status, strange.text).toBe(200);
      return call('POST', '/v1/templates/sync', { account: account() });
    },
  ],
  [
    'generatorsCreate',
    'generator.created',
    async () => {
      await approved();
      return make('generator', 'POST', '/v1/generators', { name: 'audited', channels: channels() });
    },
  ],
  [
    'generatorsUpdate',
    'generator.updated',
    () => call('PUT', `/v1/generators/${made['generator']}`, { name: 'renamed', channels: channels() }),
  ],
  ['generatorsDelete', 'generator.deleted', () => call('DELETE', `/v1/generators/${made['generator']}`)],
  ['templatesDelete', 'template.deleted', () => call('DELETE', `/v1/templates/${made['imported']}`)],
  [
    'sendersSetPin',
    'sender.pin_set',
    async () => {
      const { items } = (await call('GET', '/v1/senders')).json;
      made['sender'] = items.find(({ channel }: { channel: string }) => channel === 'whatsapp').id;
      return call('PUT', sender('pin'), { pin: '480713' });
    },
  ],
  ['sendersRegister', 'sender.registered', () => call('POST', sender('register'))],
  ['sendersDeregister', 'sender.deregistered', () => call('POST', sender('deregister'))],
  [
    'sendersRequestCode',
    'sender.code_requested',
    () => call('POST', sender('request-code'), { method: 'SMS', language: 'en_US' }),
  ],
  [
    'sendersVerifyCode',
    'sender.verified',
    async () => {
      const { json } = await ask('GET', `${house.simulator.url}/_sim/accounts`);
      const code = json.accounts[0].phoneNumbers[0].verificationCode;
      return call('POST', sender('verify-code'), { code });
    },
  ],
  [
    'limitsUpdate',
    'limits.changed',
    () => call('PUT', '/v1/limits', { limits: [{ limit: 'sends.ip', mode: 'shadow' }] }),
  ],
  [
    'switchesPut',
    'switch.off',
    () => make('switch', 'PUT', '/v1/switches', { scope: 'country', target: 'AQ', reason: 'spec' }),
  ],
  ['switchesDelete', 'switch.on', () => call('DELETE', `/v1/switches/${made['switch']}`)],
  [
    'testNumbersAdd',
    'test_number.added',
    () =>
      make('test number', 'POST', '/v1/test-numbers', {
        receiver: '+1202555****',
        code: '424242',
        endsAt: new Date(Date.now() + 86_400_000).toISOString(),
      }),
  ],
  [
    'testNumbersDelete',
    'test_number.deleted',
    () => call('DELETE', `/v1/test-numbers/${made['test number']}`),
  ],
  [
    'receiversUnblock',
    'receiver.unblocked',
    () => call('POST', '/v1/receivers/unblock', { receiver: RECEIVER }),
  ],
  [
    'challengesCode',
    'code.disclosed',
    async () => {
      const body = { generator: made['generator of the house'], receiver: RECEIVER };
      const { json } = await call('POST', '/v1/challenges', body);
      return call('GET', `/v1/challenges/${json.id}/code`);
    },
  ],
  [
    'webhookEndpointsCreate',
    'endpoint.created',
    () => {
      const url = `${house.simulator.url}/inbox/audited`;
      return make('endpoint', 'POST', '/v1/webhook-endpoints', { url, events: ['challenge.*'] });
    },
  ],
  [
    'webhookEndpointsUpdate',
    'endpoint.updated',
    () => call('PATCH', `/v1/webhook-endpoints/${made['endpoint']}`, { description: 'audited' }),
  ],
  [
    'webhookEndpointsRotateSecret',
    'endpoint.secret_rotated',
    () => call('POST', `/v1/webhook-endpoints/${made['endpoint']}/rotate-secret`),
  ],
  [
    'webhookEndpointsReplay',
    'endpoint.replayed',
    () => call('POST', `/v1/webhook-endpoints/${made['endpoint']}/replay`, { after: '0' }),
  ],
  [
    'webhookDeliveriesReplay',
    'endpoint.replayed',
    async () => {
      const { json } = await call('POST', `/v1/webhook-endpoints/${made['endpoint']}/test`);
      return call('POST', `/v1/webhook-deliveries/${json.id}/replay`);
    },
  ],
  [
    'webhookEndpointsDelete',
    'endpoint.deleted',
    () => call('DELETE', `/v1/webhook-endpoints/${made['endpoint']}`),
  ],
  ['callbackSecretRotate', 'callback_secret.rotated', () => call('POST', '/v1/callback-secret/rotate')],
  [
    'erasuresErase',
    'receiver.erasure_requested',
    () => call('POST', '/v1/receivers/erase', { receiver: '+525512348011' }),
  ],
  ['consentsExport', 'consents.exported', () => call('GET', '/v1/consents/export')],
  ['auditExport', 'audit.exported', () => call('GET', '/v1/audit/export')],
  [
    'messangiTemplatesCreate',
    'template.created',
    async () => {
      const answer = await call(
        'POST',
        `${TEMPLATES}?wabaId=${house.demo.wabaId}`,
        templateBody(language('en')),
      );
      made['their template'] = answer.json.data.templateLanguages[0].id;
      return answer;
    },
  ],
  [
    'messangi2faCreate',
    'generator.created',
    async () => {
      const answer = await call('POST', GENERATORS, generatorBody(made['their template']!));
      made['their generator'] = String(answer.json.data.id);
      return answer;
    },
  ],
  [
    'messangi2faUpdate',
    'generator.updated',
    () => call('PUT', `${GENERATORS}/${made['their generator']}`, generatorBody(made['their template']!)),
  ],
  [
    'messangi2faDelete',
    'generator.deleted',
    () => call('DELETE', `${GENERATORS}/${made['their generator']}`),
  ],
];

/** Brought by the journal, which knows the key and not the request. */
const BY_JOURNAL = ['receiver.unblocked', 'code.disclosed'];

describe('SEC-21 what a key changes', () => {
  it('is called below, or said not to be administrative: every operation of the document', () => {
    const changing = Object.values(document.paths).flatMap((item) =>
      Object.entries(item).flatMap(([method, operation]) =>
        method === 'get' ? [] : [operation.operationId],
      ),
    );
    const known = [...CHANGES.map(([operation]) => operation), ...Object.keys(NOT_ADMINISTRATIVE)];
    expect(changing.filter((operation) => !known.includes(operation))).toEqual([]);
    expect(new Set(known).size).toBe(known.length);
  });

  it.each(CHANGES)('%s is one row: %s', async (_operation, action, work) => {
    const { answer, found } = await added(work);
    expect(answer.status, answer.text).toBeLessThan(300);
    expect(found).toEqual([
      expect.objectContaining({
        action,
        actor,
        subject: expect.stringMatching(/^[a-z]{3}_[0-9a-z]{26}$/),
        request_id: BY_JOURNAL.includes(action) ? null : answer.headers['x-request-id'],
      }),
    ]);
    const { before, after } = found[0]!;
    for (const mark of [before, after])
      if (mark !== null) expect(mark).toMatch(/^(sha256|hmac-sha256:k1):[0-9a-f]{64}$/);
    if (/created|added/.test(action)) expect([before, typeof after]).toEqual([null, 'string']);
    if (/deleted/.test(action)) expect([typeof before, after]).toEqual(['string', null]);
    if (/updated|edited|rotated|revoked/.test(action)) expect(before).not.toBe(after);
  });

  it('is no row when it was refused', async () => {
    const { found } = await added(async () => {
      await call('POST', '/v1/keys', { name: 'x', mode: 'test', scopes: ['*'] });
      await call('PATCH', `/v1/accounts/${account()}`, { config: { accessToken: 7 } });
      await call('DELETE', `/v1/accounts/${account()}`);
      await call('POST', '/v1/generators', { name: 'x', channels: [] });
      return call('PUT', '/v1/switches', { scope: 'country', target: 'Mexico', reason: 'spec' });
    });
    expect(found).toEqual([]);
  });

  it('holds nothing that is secret, and no number', async () => {
    const { rows: all } = await client.query('SELECT * FROM audit_events');
    const text = JSON.stringify(all);
    for (const secret of [
      '480713',
      '424242',
      'a-token-of-nobody',
      'a-secret-of-nobody',
      '55123480',
      '1202555',
    ])
      expect(text).not.toContain(secret);
  });
});

describe('SEC-21 what an operator changes at a shell', () => {
  const fileOf = (value: object): string => {
    const file = join(folder, 'input.json');
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  const tenant = (): string => made['tenant']!;
  const owned: Record<string, () => [words: string[], options: Record<string, string>, chain: string]> = {
    'tenants create': () => [['audited tenant'], {}, 'platform'],
    'keys create': () => [[], { tenant: tenant(), name: 'audited', mode: 'test' }, tenant()],
    'keys revoke': () => [[made['key of the tenant']!], {}, tenant()],
    'accounts create': () => [
      [],
      {
        tenant: tenant(),
        file: fileOf({
          name: 'audited',
          provider: 'meta-cloud',
          config: { wabaId: '1234567', accessToken: 'x'.repeat(20), appSecrets: ['y'.repeat(20)] },
          countries: ['MX'],
          senders: [],
        }),
      },
      tenant(),
    ],
    'accounts update': () => [
      [made['account of the tenant']!],
      { tenant: tenant(), file: fileOf({ name: 'renamed' }) },
      tenant(),
    ],
    'accounts delete': () => [[made['account of the tenant']!], { tenant: tenant() }, tenant()],
    'generators import': () => [
      [],
      {
        tenant: house.demo.tenantId,
        number: '4711',
        file: fileOf({ name: 'imported', channels: channels() }),
      },
      house.demo.tenantId,
    ],
    'limits set': () => [[], { tenant: 'platform', file: fileOf({}) }, 'platform'],
    'switch off': () => [[], { scope: 'country', target: 'AQ', reason: 'spec' }, 'platform'],
    'switch on': () => [[made['switch of all']!], {}, 'platform'],
    'audit export': () => [[], { tenant: 'platform', file: join(folder, 'platform.jsonl') }, 'platform'],
    'audit check': () => [[], { tenant: house.demo.tenantId }, house.demo.tenantId],
  };
  const remembered: Record<string, string> = {
    'tenants create': 'tenant',
    'keys create': 'key of the tenant',
    'accounts create': 'account of the tenant',
    'switch off': 'switch of all',
  };
  const READS = /^(\w+ list|accounts (get|test)|limits show|journal check)$/;

  it('is called below, or changes nothing: every command', () => {
    const changing = Object.keys(COMMANDS).filter((words) => !READS.test(words));
    expect(changing.sort()).toEqual(Object.keys(owned).sort());
  });

  it.each(Object.keys(owned))('%s is one row', async (command) => {
    const [words, options, chain] = owned[command]!();
    const { answer, found } = await added(
      async () => ({ json: await COMMANDS[command]!.run(house.api.app, words, options) }) as Answer,
      chain,
    );
    const name = remembered[command];
    if (name) made[name] = answer.json.id;
    expect(found).toEqual([expect.objectContaining({ actor: 'cli', request_id: null })]);
  });
});

it('SEC-21 every action of the catalogue was met', async () => {
  const { rows: met } = await client.query<{ action: string }>('SELECT DISTINCT action FROM audit_events');
  expect(met.map(({ action }) => action).sort()).toEqual([...AUDIT_ACTIONS].sort());
});

describe('the list', () => {
  const list = async (query: string): Promise<AuditRow[]> => {
    const { status, text, json } = await call('GET', `/v1/audit?${query}`);
    expect(status, text).toBe(200);
    return json.items;
  };

  it('is filtered by action, subject, actor and time, and paged from its end', async () => {
    const all = await until(
      () => list('limit=100'),
      ([newest]) => newest?.seq !== undefined,
    );
    const ids = all.map((row) => Number((row as unknown as { id: string }).id));
    expect(ids).toEqual([...ids].sort((left, right) => right - left));
    const created = await list('action=generator.created');
    expect(created.length).toBeGreaterThan(1);
    expect(new Set(created.map(({ action }) => action))).toEqual(new Set(['generator.created']));
    expect(await list(`subject=${made['key']}&action=key.revoked`)).toHaveLength(1);
    expect(new Set((await list('actor=cli')).map((row) => row.actor))).toEqual(new Set(['cli']));
    expect(new Set((await list(`actor=${actor}`)).map((row) => row.actor))).toEqual(new Set([actor]));
    const now = new Date().toISOString();
    expect(await list(`since=${now}`)).toEqual([]);
    expect((await list(`until=${now}&limit=1`))[0]).toEqual(all[0]);
    const first = await list('limit=2');
    const { id } = first[1] as unknown as { id: string };
    expect([...first, ...(await list(`limit=2&before=${id}`))]).toEqual(all.slice(0, 4));
  });

  it.each([
    'action=x.y',
    'subject=%2B5255',
    'actor=me',
    'since=yesterday',
    'limit=0',
    'before=x',
    'tenant=x',
  ])('refuses ?%s', async (query) => {
    expect((await call('GET', `/v1/audit?${query}`)).status).toBe(400);
  });

  it('and the export are a tenant’s own', async () => {
    const other = await house.newTenantKey('onlooker');
    const theirs = { authorization: `Bearer ${other.key}` };
    for (const path of ['/v1/audit?limit=100', '/v1/audit/export']) {
      const { status, text } = await house.call('GET', path, undefined, theirs);
      expect(status).toBe(200);
      expect(text).not.toContain(actor);
      expect(text).not.toContain(house.demo.tenantId);
    }
  });
});

describe('SEC-19 SEC-20 the export over HTTP', () => {
  /** In a process that has neither a database nor a setting, as whoever checks an export may. */
  const verify = (...words: string[]): { status: number | null; said: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'audit-verify', ...words], {
      env: { PATH: process.env['PATH'] },
      encoding: 'utf8',
    });
    return { status, said: (stdout + stderr).trim() };
  };
  const verdict = (options: Options = {}): Promise<string> =>
    verifyExport(file(), options).catch((error: unknown) => {
      if (error instanceof AuditBroken) return error.message;
      throw error;
    });
  const file = (): string => join(folder, 'export.jsonl');

  it('is itself in the next one, with who took it', async () => {
    await call('GET', '/v1/audit/export');
    const { text } = await until(
      () => call('GET', '/v1/audit/export'),
      (answer) => answer.text.split('audit.exported').length > 2,
    );
    const taken = text.split('\n').filter((line) => line.includes('audit.exported'));
    expect(JSON.parse(taken.at(-1)!)).toMatchObject({ actor, subject: house.demo.tenantId });
  });

  it('is verified by `audit:verify` in a process that has nothing else, which names the first bad row', async () => {
    const { text, headers: told } = await call('GET', '/v1/audit/export');
    expect(told).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': `attachment; filename="audit-${house.demo.tenantId}.jsonl"`,
    });
    writeFileSync(file(), text);
    const [{ publicKey }] = (await call('GET', '/v1/audit/keys')).json.items;
    const lines = text.trim().split('\n');
    const { seq: last, hash } = JSON.parse(lines.at(-1)!) as { seq: number; hash: string };
    expect(last).toBeGreaterThan(30);
    expect(verify(file(), '--key', publicKey, '--head', `${last}:${hash}`)).toEqual({
      status: 0,
      said: `OK ${house.demo.tenantId}: rows 1 to ${last}, 0 checkpoints, head ${last}:${hash}, signed by ${publicKey}`,
    });
    writeFileSync(file(), [...lines.slice(0, 7), ...lines.slice(8)].join('\n'));
    expect(verify(file())).toEqual({
      status: 1,
      said: 'BAD line 8, row 7: row 7 is missing: row 8 follows row 6',
    });
    writeFileSync(file(), text.replace('"actor":"cli"', '"actor":"system"'));
    expect(await verdict()).toMatch(/^BAD line 2, row 1: row 1 is not what was chained/);
    await expect(verifyExport(join(folder, 'nothing'), {})).rejects.toThrow(UsageError);
    await expect(verifyExport(file(), { head: 'x' })).rejects.toThrow('--head must be <row>:<hash>');
    // Two processes that load everything.
  }, 60_000);

  it('holds a checkpoint ten minutes later, and the copy of it shows a tail that is cut off', async () => {
    house.moveClock(10 * 60_000);
    const { text } = await until(
      () => call('GET', '/v1/audit/export'),
      (answer) => answer.text.includes('"checkpoint"'),
    );
    const checkpoint = text.split('\n').find((line) => line.includes('"checkpoint"'))!;
    const copy = join(folder, 'copy.jsonl');
    // As a log would have it, among other lines.
    writeFileSync(copy, `{"level":30,"msg":"request"}\n${checkpoint}\n`);
    writeFileSync(file(), text);
    expect(await verdict({ checkpoints: copy })).toMatch(/^OK /);
    const { seq } = JSON.parse(checkpoint) as { seq: number };
    const chain = parseNative('tenant', house.demo.tenantId);
    await client.query('BEGIN');
    // The one that numbers rows stands still meanwhile.
    await client.query('SELECT pg_advisory_xact_lock(7205760)');
    await client.query('DELETE FROM audit_events WHERE chain = $1 AND (seq >= $2 OR seq IS NULL)', [
      chain,
      seq,
    ]);
    await client.query('DELETE FROM audit_checkpoints WHERE chain = $1', [chain]);
    await client.query(
      `UPDATE audit_chains SET seq = $2 - 1, checkpoint_seq = 0, open_since = NULL,
         hash = (SELECT hash FROM audit_events WHERE chain = $1 AND seq = $2 - 1) WHERE chain = $1`,
      [chain, seq],
    );
    await client.query('COMMIT');
    const cut = await call('GET', '/v1/audit/export');
    writeFileSync(file(), cut.text);
    expect(await verdict()).toMatch(/^OK /);
    expect(await verdict({ checkpoints: copy })).toMatch(new RegExp(`^BAD line \\d+, row ${seq}: `));
  });
});
