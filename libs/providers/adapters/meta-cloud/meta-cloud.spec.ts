import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  SimulatorUnderTest,
  WebhookReceiver,
} from '../../../../apps/simulator/src/simulator.fixtures.js';
import { HttpClient } from '#platform/http-client';
import { describeProvider } from '../../conformance/describe-provider.fixtures.js';
import { json, type Play, ScriptedServer, text } from '../../conformance/scripted-server.fixtures.js';
import type {
  FailureClass,
  Finding,
  ProviderContext,
  SendResult,
  TemplateDraft,
} from '../../message-provider.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';
import {
  change,
  configAt,
  graphError,
  metaCloudCase,
  SENDER,
  simulatedConfig,
  simulatedSender,
  statusNotice,
  WABA,
} from './meta-cloud.fixtures.js';
import { metaCloud } from './meta-cloud.provider.js';

describeProvider(metaCloudCase);

const receipts = metaCloud.receipts!;
const templates = metaCloud.templates!;
const NOW = Date.UTC(2026, 4, 17);
const http = new HttpClient();
const context: ProviderContext = { http, now: () => NOW };
afterAll(() => http.onApplicationShutdown());

describe('meta-cloud: what each of Meta’s codes means for a message', () => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await ScriptedServer.start();
  });
  afterAll(() => server.stop());

  function send(play: Play): Promise<SendResult> {
    server.will(play);
    return metaCloud.send(metaCloudCase.message, configAt(server.url), context);
  }

  const SECOND = 1_000;
  const MINUTE = 60_000;
  /** The error reference: code, HTTP status, and the class an OTP sender must see; for a retry its least delay. */
  const REFERENCE: [code: number, status: number, meaning: FailureClass | number][] = [
    [0, 401, 'account'],
    [1, 400, SECOND],
    [2, 503, SECOND],
    [3, 500, 'account'],
    [4, 400, MINUTE],
    [10, 403, 'account'],
    [33, 400, 'account'],
    [100, 400, 'bug'],
    [190, 401, 'account'],
    [200, 403, 'account'],
    [230, 403, 'account'],
    [299, 403, 'account'],
    [368, 403, 'account'],
    [80007, 400, MINUTE],
    [80008, 400, MINUTE],
    [130403, 400, 'receiver'],
    [130429, 400, SECOND],
    [130472, 400, 'receiver'],
    [130497, 403, 'receiver'],
    [131000, 500, SECOND],
    [131005, 403, 'account'],
    [131008, 400, 'bug'],
    [131009, 400, 'bug'],
    [131016, 500, SECOND],
    [131021, 400, 'receiver'],
    [131026, 400, 'receiver'],
    [131030, 400, 'receiver'],
    [131031, 403, 'account'],
    [131037, 400, 'account'],
    [131042, 400, 'account'],
    [131045, 500, 'account'],
    [131047, 400, 'bug'],
    [131048, 400, 'account'],
    [131049, 400, 'receiver'],
    [131050, 400, 'receiver'],
    [131051, 400, 'bug'],
    [131052, 400, 'bug'],
    [131053, 400, 'bug'],
    [131056, 400, 6 * SECOND],
    [131057, 500, MINUTE],
    [131062, 400, 'receiver'],
    [132000, 400, 'template'],
    [132001, 404, 'template'],
    [132005, 400, 'template'],
    [132007, 400, 'template'],
    [132012, 400, 'template'],
    [132015, 400, 'template'],
    [132016, 400, 'template'],
    [132018, 400, 'bug'],
    [133000, 500, 'account'],
    [133004, 503, SECOND],
    [133005, 400, 'account'],
    [133006, 400, 'account'],
    [133008, 400, 'account'],
    [133009, 400, 'account'],
    [133010, 400, 'account'],
    [133015, 400, 'account'],
    [133016, 400, 'account'],
    [134011, 400, 'account'],
    [135000, 400, SECOND],
    [136024, 400, 'account'],
    [136025, 400, 'account'],
    [139200, 400, 'account'],
  ];

  it.each(REFERENCE)('%i (%i) is %s', async (code, status, meaning) => {
    // Older pages give 429 and other statuses for the same codes: the code alone decides.
    for (const each of [status, 400, 429, 500]) {
      const result = await send(graphError(code, { status: each }));
      expect(result).toMatchObject({ reason: `meta_${code}` });
      if (typeof meaning === 'string')
        expect(result).toMatchObject({ outcome: 'rejected', failure: meaning });
      else {
        expect(result).toMatchObject({ outcome: 'retry' });
        expect((result as { afterMs: number }).afterMs).toBeGreaterThanOrEqual(meaning);
        expect((result as { afterMs: number }).afterMs).toBeLessThanOrEqual(MINUTE);
      }
    }
  });

  it.each(REFERENCE)('%i in a receipt (%i) is %s', (code, _status, meaning) => {
    const failed = { ...statusItem('failed'), errors: [{ code, title: 'x' }] };
    expect(receipts.parse(statuses([failed])).notices).toEqual([
      statusNotice('wamid.A', 'failed', {
        reason: `meta_${code}`,
        failure: typeof meaning === 'string' ? meaning : undefined,
        sender: undefined,
      }),
    ]);
  });

  it.each([133000, 133005, 133006, 133008, 133009, 133015, 133016, 136024, 136025])(
    '%i, of registration, is never tried again: guesses of a PIN are counted',
    async (code) => {
      for (const status of [400, 429])
        expect(await send(graphError(code, { status }))).toMatchObject({
          outcome: 'rejected',
          failure: 'account',
          reason: `meta_${code}`,
        });
    },
  );

  it('100/33, an unknown phone number id, stops the account and is no bug of ours', async () => {
    expect(await send(graphError(100, { error_subcode: 33 }))).toMatchObject({
      outcome: 'rejected',
      failure: 'account',
    });
  });

  it.each([
    ['that may pass', { status: 400, is_transient: true }, { outcome: 'retry' }],
    ['of a throttle', { status: 429 }, { outcome: 'retry' }],
    ['of an error of Meta’s', { status: 500 }, { outcome: 'unknown' }],
    ['of a refused token', { status: 401 }, { outcome: 'rejected', failure: 'account' }],
    ['of a missing right', { status: 403 }, { outcome: 'rejected', failure: 'account' }],
    ['of anything else', { status: 400 }, { outcome: 'rejected', failure: 'bug' }],
  ])(
    'a code that is not in the reference is judged by what comes with it: %s',
    async (_what, more, expected) => {
      expect(await send(graphError(199_999, more))).toMatchObject({ ...expected, reason: 'meta_199999' });
    },
  );

  it.each([1e300, -1, 1.5, '190', null, true, 10_000_000])(
    'a code written as %j is none, and the status decides',
    async (code) => {
      expect(await send(graphError(code, { status: 500 }))).toEqual({
        outcome: 'unknown',
        reason: 'status_500',
      });
      expect(await send(graphError(code, { status: 400 }))).toEqual({
        outcome: 'unknown',
        reason: 'status_400',
      });
    },
  );

  it('Meta’s own delay is kept before ours', async () => {
    expect(await send(graphError(4, { headers: { 'retry-after': '7' } }))).toMatchObject({ afterMs: 7_000 });
  });
});

function statusItem(status: string): Record<string, unknown> {
  return {
    id: 'wamid.A',
    status,
    timestamp: '1750030073',
    recipient_id: '15551234567',
    biz_opaque_callback_data: 'corr-7f3a',
  };
}
function statuses(items: unknown[]): unknown {
  return change('messages', { messaging_product: 'whatsapp', statuses: items });
}

describe('meta-cloud: template webhooks', () => {
  const update = (value: object): unknown =>
    change('message_template_status_update', {
      message_template_id: 1689556908129832,
      event: 'APPROVED',
      reason: 'NONE',
      ...value,
    });
  const parse = (value: object): ReturnType<typeof receipts.parse> => receipts.parse(update(value));

  it.each([
    ['APPROVED', 'approved'],
    ['REINSTATED', 'approved'],
    ['UNARCHIVED', 'approved'],
    ['FLAGGED', 'approved'],
    ['PENDING', 'pending'],
    ['IN_APPEAL', 'pending'],
    ['REJECTED', 'rejected'],
    ['LIMIT_EXCEEDED', 'rejected'],
    ['PAUSED', 'paused'],
    ['LOCKED', 'paused'],
    ['DISABLED', 'disabled'],
    ['ARCHIVED', 'disabled'],
    ['PENDING_DELETION', 'deleted'],
    ['DELETED', 'deleted'],
  ])('%s makes it %s', (event, status) => {
    expect(parse({ event })).toEqual({
      notices: [{ kind: 'template', externalId: '1689556908129832', status, reason: undefined }],
      ignored: 0,
      malformed: 0,
    });
  });

  it.each(['constructor', 'toString', '__proto__', 'approved', 'NEWLY_INVENTED', ''])(
    '%j is ignored',
    (event) => {
      expect(parse({ event })).toEqual({ notices: [], ignored: 1, malformed: 0 });
    },
  );

  it('tells a reason when it is a word of Meta’s, and no sentence', () => {
    expect(parse({ event: 'REJECTED', reason: 'INVALID_FORMAT' }).notices).toMatchObject([
      { reason: 'INVALID_FORMAT' },
    ]);
    for (const reason of ['NONE', 'a\u0000b', 'Your template, "login", …', 'X'.repeat(65), 5, null]) {
      expect(parse({ event: 'REJECTED', reason }).notices).toMatchObject([
        { status: 'rejected', reason: undefined },
      ]);
    }
  });

  it('takes an id as a number or as text, but none that JSON.parse has rounded', () => {
    expect(parse({ message_template_id: '122101234567890123' }).notices).toMatchObject([
      { externalId: '122101234567890123' },
    ]);
    const rounded = JSON.parse(
      JSON.stringify(update({})).replace('1689556908129832', '122101234567890123'),
    ) as unknown;
    expect(receipts.parse(rounded)).toEqual({ notices: [], ignored: 0, malformed: 1 });
    for (const id of [null, '', 1.5, {}, 'a\u0000'])
      expect(parse({ message_template_id: id })).toMatchObject({ notices: [], malformed: 1 });
  });
});

describe('meta-cloud: the handshake', () => {
  const config = configAt('https://graph.facebook.com');
  const query = {
    'hub.mode': 'subscribe',
    'hub.verify_token': config.verifyToken,
    'hub.challenge': '1158201444',
  };

  it('answers the challenge to who knows the token', () => {
    expect(receipts.handshake!(query, config)).toBe('1158201444');
    expect(receipts.handshake!({ ...query, 'hub.challenge': '<script>' }, config)).toBe('<script>');
    expect(
      receipts.handshake!({ ...query, 'hub.challenge': 'x'.repeat(5_000) }, config)!.length,
    ).toBeLessThanOrEqual(200);
  });

  it.each([
    ['a wrong token', { 'hub.verify_token': 'verify-token-of-other' }],
    ['a prefix of it', { 'hub.verify_token': 'verify-token-of-our' }],
    ['an empty token', { 'hub.verify_token': '' }],
    ['no token', { 'hub.verify_token': undefined }],
    ['the token twice', { 'hub.verify_token': [config.verifyToken, config.verifyToken] }],
    ['another mode', { 'hub.mode': 'unsubscribe' }],
    ['no mode', { 'hub.mode': undefined }],
    ['no challenge', { 'hub.challenge': undefined }],
    ['two challenges', { 'hub.challenge': ['1', '2'] }],
  ])('and nothing with %s', (_what, changes) => {
    expect(receipts.handshake!({ ...query, ...changes }, config)).toBeUndefined();
  });

  it('and nothing at all while no token is set', () => {
    for (const token of [undefined, '', 'undefined']) {
      expect(
        receipts.handshake!({ ...query, 'hub.verify_token': token }, { ...config, verifyToken: undefined }),
      ).toBeUndefined();
      expect(
        receipts.handshake!({ ...query, 'hub.verify_token': token }, { ...config, verifyToken: '' }),
      ).toBeUndefined();
    }
  });

  it('has a token made for it, another for each account, when the operator gives none', () => {
    const bare = { ...config, verifyToken: undefined };
    const [first, second] = [metaCloud.complete!(bare), metaCloud.complete!(bare)] as MetaCloudConfig[];
    expect(first!.verifyToken).toMatch(/^[\w-]{24}$/);
    expect(second!.verifyToken).not.toBe(first!.verifyToken);
    expect(metaCloud.webhookSettings!(first!)).toMatchObject({ verifyToken: first!.verifyToken });
  });
});

describe('meta-cloud: at the simulator', () => {
  let simulator: SimulatorUnderTest;
  let config: MetaCloudConfig;
  beforeEach(async () => {
    simulator = await SimulatorUnderTest.start();
    config = simulatedConfig(simulator);
  });
  afterEach(() => simulator.stop());

  const draft = {
    name: 'login_code',
    language: 'en_US',
    category: 'AUTHENTICATION' as const,
    addSecurityRecommendation: true,
    codeExpirationMinutes: 5,
    copyCodeButtonText: 'Copy it',
    ttlSeconds: 300,
  };
  const create = (changes: Partial<typeof draft> = {}): ReturnType<typeof templates.create> =>
    templates.create({ ...draft, ...changes }, config, context);
  const list = async (
    name?: string,
  ): Promise<{ name: string; language: string; status: string; reason?: string }[]> => {
    const found = await templates.list(name, config, context);
    if ('unavailable' in found) throw new Error(found.unavailable);
    return found;
  };

  it('a template is created with all its switches', async () => {
    const created = await create();
    expect(created).toEqual({
      outcome: 'created',
      externalId: expect.stringMatching(/^\d+$/),
      status: 'approved',
    });
    const { externalId } = created as { externalId: string };
    const fields = 'name,language,category,status,components,message_send_ttl_seconds';
    const { json: stored } = await simulator.graph('GET', `${externalId}?fields=${fields}`);
    expect(stored).toMatchObject({
      name: 'login_code',
      language: 'en_US',
      category: 'AUTHENTICATION',
      status: 'APPROVED',
      message_send_ttl_seconds: 300,
    });
    expect(stored.components).toMatchObject([
      { type: 'BODY', add_security_recommendation: true },
      { type: 'FOOTER', code_expiration_minutes: 5 },
      { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Copy it' }] },
    ]);
  });

  it('a template without the optional ones has none of them', async () => {
    const bare: TemplateDraft = {
      name: 'bare',
      language: 'es',
      category: 'AUTHENTICATION',
      addSecurityRecommendation: false,
    };
    const created = await templates.create(bare, config, context);
    expect(created).toMatchObject({ outcome: 'created' });
    const { json: stored } = await simulator.graph('GET', (created as { externalId: string }).externalId);
    expect(stored.components.map(({ type }: { type: string }) => type)).toEqual(['BODY', 'BUTTONS']);
  });

  it('a name that exists, or is still being deleted, is told as taken', async () => {
    await create();
    expect(await create()).toEqual({ outcome: 'refused', nameTaken: true, reason: 'name_exists' });
    expect(await create({ language: 'es' })).toMatchObject({ outcome: 'created' });
    await templates.delete('login_code', config, context);
    expect(await create()).toEqual({ outcome: 'refused', nameTaken: true, reason: 'name_being_deleted' });
  });

  it.each([
    ['a bad name', { name: 'Login Code' }],
    ['a language that there is not', { language: 'pt' }],
    ['a footer of two hours', { codeExpirationMinutes: 120 }],
    ['a button text too long', { copyCodeButtonText: 'x'.repeat(26) }],
  ])('what Meta refuses is refused for good: %s', async (_what, changes) => {
    expect(await create(changes)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/^meta_100(_\d+)?$/),
    });
  });

  it('what says nothing about the template leaves it open', async () => {
    config = { ...config, accessToken: 'a-token-of-nobody' };
    expect(await create()).toEqual({ outcome: 'unavailable', reason: 'meta_190' });
    expect(await templates.list(undefined, config, context)).toEqual({ unavailable: 'meta_190' });
    expect(await templates.delete('login_code', config, context)).toEqual({ unavailable: 'meta_190' });
  });

  it('a list tells status and reason, of one name or of all, over as many pages as there are', async () => {
    expect(await list()).toEqual([]);
    await simulator.control('PUT', 'behavior', { approval: 'hold' });
    await create({ name: 'waiting' });
    expect(await list('waiting')).toMatchObject([{ name: 'waiting', status: 'pending', reason: undefined }]);
    await simulator.control('PUT', 'behavior', { approval: 'reject', rejectReason: 'INVALID_FORMAT' });
    await create({ name: 'refused' });
    expect(await list('refused')).toMatchObject([{ status: 'rejected', reason: 'INVALID_FORMAT' }]);
    await simulator.control('PUT', 'behavior', { approval: 'auto' });
    await create({ name: 'both' });
    await create({ name: 'both', language: 'es' });
    expect((await list('both')).map(({ language }) => language).sort()).toEqual(['en_US', 'es']);
    for (let at = 0; at < 205; at++) await create({ name: `page_${at}` });
    const all = await list();
    expect(all).toHaveLength(4 + 205);
    expect(new Set(all.map(({ name, language }) => `${name} ${language}`)).size).toBe(4 + 205);
  });

  it('a deletion takes every language of the name', async () => {
    await create();
    await create({ language: 'es' });
    await create({ name: 'other' });
    expect(await templates.delete('login_code', config, context)).toEqual({ deleted: true });
    expect((await list()).map(({ name }) => name)).toEqual(['other']);
  });

  it('its webhooks prove themselves, escapes and all, and tell what became of the message', async () => {
    const receiver = await new WebhookReceiver().start();
    await simulator.subscribe(receiver.url);
    const { externalId } = (await create({ name: 'login_code' })) as { externalId: string };
    const result = await metaCloud.send(
      { ...metaCloudCase.message, to: '+525512345678', from: simulatedSender, correlationId: 'msg_é/1' },
      config,
      context,
    );
    expect(result).toMatchObject({ outcome: 'accepted' });
    const { providerMessageId } = result as { providerMessageId: string };
    const notices = await eventually(() => {
      const told = receiver.deliveries.flatMap(({ json: body }) => receipts.parse(body).notices);
      return told.some((notice) => notice.kind === 'status' && notice.status === 'delivered') &&
        told.some((notice) => notice.kind === 'template')
        ? told
        : undefined;
    });
    expect(notices).toContainEqual({ kind: 'template', externalId, status: 'approved', reason: undefined });
    for (const status of ['sent', 'delivered'] as const) {
      expect(notices).toContainEqual(
        statusNotice(providerMessageId, status, {
          correlationId: 'msg_é/1',
          sender: simulatedSender.externalId,
        }),
      );
    }
    expect(receiver.deliveries.some(({ raw }) => raw.includes('msg_\\u00e9\\/1'))).toBe(true);
    for (const { headers, raw } of receiver.deliveries) {
      const posted = { url: receiver.url, headers, query: {}, rawBody: raw };
      expect(receipts.verify(posted, config)).toBe(true);
      const again = Buffer.from(JSON.stringify(JSON.parse(raw.toString())));
      expect(receipts.verify({ ...posted, rawBody: again }, config)).toBe(again.equals(raw));
      expect(receipts.verify(posted, { ...config, appSecrets: ['of-another-app'] })).toBe(false);
    }
    await receiver.stop();
  });

  it('a receiver who is not on WhatsApp is told of later, as the receiver’s failure', async () => {
    const receiver = await new WebhookReceiver().start();
    await simulator.subscribe(receiver.url);
    await simulator.control('PUT', 'behavior', { faults: [{ kind: 'notOnWhatsApp' }] });
    await create();
    await metaCloud.send(
      { ...metaCloudCase.message, to: '+525512345678', from: simulatedSender },
      config,
      context,
    );
    const failed = await eventually(() =>
      receiver.deliveries
        .flatMap(({ json: body }) => receipts.parse(body).notices)
        .find((notice) => notice.kind === 'status' && notice.status === 'failed'),
    );
    expect(failed).toMatchObject({ reason: 'meta_131026', failure: 'receiver' });
    await receiver.stop();
  });

  const told = (findings: Finding[]): Record<string, boolean> =>
    Object.fromEntries(findings.map(({ check, ok }) => [check, ok]));
  const diagnose = (
    senders = [simulatedSender],
    changes: Partial<MetaCloudConfig> = {},
  ): Promise<Finding[]> => metaCloud.diagnose!({ ...config, ...changes }, senders, context);

  it('an account in order has nothing wrong with it', async () => {
    expect(told(await diagnose())).toEqual({
      credentials: true,
      permissions: true,
      expiry: true,
      sender: true,
    });
  });

  it('a wrong token is told as such, and shown nowhere', async () => {
    const findings = await diagnose([simulatedSender], { accessToken: 'a-token-of-nobody' });
    expect(told(findings)).toEqual({ credentials: false });
    expect(JSON.stringify(findings)).not.toContain('a-token-of-nobody');
  });

  it('a sender of somebody else is named, beside the one that is right', async () => {
    const findings = await diagnose([
      simulatedSender,
      { address: '15550001111', externalId: '999' },
      { address: '15550002222', externalId: undefined as never },
    ]);
    expect(
      findings
        .filter(({ check }) => check === 'sender')
        .map(({ ok, detail }) => [ok, detail.split(/[: ]/)[0]]),
    ).toEqual([
      [true, simulatedSender.address],
      [false, '15550001111'],
      [false, '15550002222'],
    ]);
  });

  it('a sender is found among as many as the WABA has', async () => {
    const phoneNumbers = Array.from({ length: 130 }, (_, at) => ({
      id: `${3_000 + at}`,
      displayNumber: `5255${10_000_000 + at}`,
    }));
    await simulator.control('PUT', 'accounts', { wabaId: config.wabaId, phoneNumbers });
    const findings = await diagnose(
      phoneNumbers.map(({ id, displayNumber }) => ({ address: displayNumber, externalId: id })),
    );
    expect(findings.filter(({ check, ok }) => check === 'sender' && !ok)).toEqual([]);
    expect(findings.filter(({ check }) => check === 'sender')).toHaveLength(130);
  });

  it('a WABA of somebody else is told, with what the token can do', async () => {
    expect(told(await diagnose([simulatedSender], { wabaId: '999999' }))).toEqual({
      credentials: true,
      permissions: true,
      expiry: true,
      sender: false,
    });
  });
});

describe('meta-cloud: a diagnosis', () => {
  let server: ScriptedServer;
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(() => server.stop());

  const sender = { address: '15550783881', externalId: SENDER };
  const SCOPES = ['whatsapp_business_messaging', 'whatsapp_business_management'];
  const days = (count: number): number => Math.floor(NOW / 1_000) + count * 86_400;

  /** Graph with this token, and one number in the WABA. */
  async function diagnose(token: Record<string, unknown>): Promise<Finding[]> {
    server.will((response, request) => {
      if (request.url.startsWith('/v23.0/debug_token?'))
        json(200, { data: { is_valid: true, scopes: SCOPES, expires_at: 0, ...token } })(response, request);
      else if (request.url.startsWith(`/v23.0/${WABA}/phone_numbers?`))
        json(200, { data: [{ id: SENDER }] })(response, request);
      else text(404, '')(response, request);
    });
    return metaCloud.diagnose!(configAt(server.url), [sender], context);
  }
  const failing = (findings: Finding[]): [string, string][] =>
    findings.filter(({ ok }) => !ok).map(({ check, detail }) => [check, detail]);

  it('finds nothing where all is well', async () => {
    expect(failing(await diagnose({}))).toEqual([]);
    expect(failing(await diagnose({ expires_at: days(30) }))).toEqual([]);
  });

  it.each(SCOPES)('names the right that is missing: %s', async (missing) => {
    const found = failing(
      await diagnose({ scopes: ['business_management', ...SCOPES.filter((scope) => scope !== missing)] }),
    );
    expect(found).toEqual([['permissions', expect.stringContaining(missing)]]);
  });

  it('says when the token ends, a week before it does', async () => {
    expect(failing(await diagnose({ expires_at: days(3) }))).toEqual([
      ['expiry', 'The token expires in 3 days.'],
    ]);
    expect(failing(await diagnose({ expires_at: days(7) }))).toEqual([
      ['expiry', expect.stringContaining('7 days')],
    ]);
    expect(failing(await diagnose({ expires_at: days(9) }))).toEqual([]);
    expect(failing(await diagnose({ expires_at: days(-2), is_valid: false }))).toContainEqual([
      'expiry',
      'The token has expired.',
    ]);
  });

  it('says that a token is not valid', async () => {
    const found = failing(await diagnose({ is_valid: false, scopes: [] }));
    expect(found.map(([check]) => check)).toContain('credentials');
  });

  it.each([
    ['nobody answers', () => ({ baseUrl: 'http://127.0.0.1:1' }), 'reachable'],
    ['a page answers', () => ({}), 'reachable'],
  ])('tells when %s instead of Graph', async (_what, changes, check) => {
    server.will(text(200, '<html>'));
    const findings = await metaCloud.diagnose!({ ...configAt(server.url), ...changes() }, [sender], context);
    expect(findings.map((finding) => [finding.check, finding.ok])).toEqual([[check, false]]);
  });

  it('tells the refusal of a token by its code, and repeats no words of it', async () => {
    server.will(graphError(190, { status: 401 }));
    const findings = await metaCloud.diagnose!(configAt(server.url), [sender], context);
    expect(findings).toEqual([
      { check: 'credentials', ok: false, detail: expect.stringContaining('meta_190') },
    ]);
    expect(JSON.stringify(findings)).not.toContain('093751');
  });
});
