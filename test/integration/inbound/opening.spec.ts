// What a generator and a challenge of kind inbound take and refuse, what is kept of them, and what can be proved later.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GeneratorsService } from '#generators';
import { SCOPES } from '#tenants';
import { newId, parseNative } from '#platform/identifiers';
import { InboundStore, type Writing } from '../../../libs/challenges/hot-store/inbound-store.js';
import { InboundOpeningsService } from '../../../libs/challenges/inbound/inbound-openings.service.js';
import { TokenVault } from '../../../libs/challenges/inbound/token-vault.js';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { CONSENT, inboundGenerator, openInbound, prefilled } from '../../support/inbound.js';
import { GENERATORS } from '../../support/messangi.js';
import { addInfobip } from '../../support/other-accounts.js';
import { person } from '../../support/person.js';
import { behave } from '../../support/second-account.js';

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const PKCE = { challenge: createHash('sha256').update(VERIFIER).digest('base64url'), method: 'S256' };

let house: House;
let infobip: Awaited<ReturnType<typeof addInfobip>>;
let login: string;
let consent: string;
let people = 0;
const somebody = (): string => `+573003${String(++people).padStart(6, '0')}`;
const whatsapp = () => ({ channel: 'whatsapp', sender: house.demo.senderAddress });

beforeAll(async () => {
  house = await openHouse();
  await behave(house, { statuses: { sentAfterMs: 1, deliveredAfterMs: 2 } });
  infobip = await addInfobip(house);
  login = await inboundGenerator(house, [whatsapp()], { purpose: 'login' });
  consent = await inboundGenerator(house, [whatsapp()], { purpose: 'consent', consentText: CONSENT });
});
afterAll(() => house.close());

const faults = ({ status, json }: Answer): [number, ...string[]] => [
  status,
  ...(json.errors ?? []).map(({ pointer, code }: Record<string, string>) => `${pointer} ${code}`),
];
const save = (body: object): Promise<Answer> =>
  house.call('POST', '/v1/generators', {
    name: 'spec',
    kind: 'inbound',
    inbound: { purpose: 'login' },
    channels: [whatsapp()],
    ...body,
  });
const open = (body: object): Promise<Answer> => house.call('POST', '/v1/challenges', body);

/** A consent given at a phone. */
async function agree(generator = consent): Promise<{ id: string; receiver: string }> {
  const receiver = somebody();
  const ana = person(house, receiver);
  const browser = await openInbound(house, generator);
  const sent = await ana.types('whatsapp', prefilled(browser.links['whatsapp']!), house.demo.senderAddress);
  const question = await ana.waitsFor('whatsapp', CONSENT, sent);
  await ana.presses(question.id, 'Yes');
  await browser.becomes('approved');
  return { id: browser.id, receiver };
}

describe('a generator of kind inbound', () => {
  it.each(['email', 'voice', 'telegram'])(
    'is refused on a channel that hears nobody: %s',
    async (channel) => {
      const channels = [whatsapp(), { channel, sender: infobip.senderOn(channel) }];
      expect(faults(await save({ channels }))).toEqual([422, '#/channels/1/channel not_allowed']);
    },
  );

  it('is refused by SMS from a name, which nobody can write to', async () => {
    const channels = [{ channel: 'sms', sender: infobip.senderOn('sms') }];
    expect(faults(await save({ channels }))).toEqual([422, '#/channels/0/sender not_allowed']);
  });

  it.each([
    [{ inbound: undefined }, '#/inbound required'],
    [{ kind: 'code' }, '#/inbound not_allowed'],
    [{ inbound: { purpose: 'marketing' } }, '#/inbound/purpose not_allowed'],
    [{ inbound: { purpose: 'consent' } }, '#/inbound/consentText required'],
    [{ inbound: { purpose: 'consent', consentText: ' ' } }, '#/inbound/consentText format'],
    [{ inbound: { purpose: 'consent', consentText: 'a\u202eb' } }, '#/inbound/consentText format'],
    [{ inbound: { purpose: 'login', consentText: CONSENT } }, '#/inbound/consentText not_allowed'],
    [{ inbound: { purpose: 'login', confirmInChat: false } }, '#/inbound/confirmInChat not_allowed'],
    [{ lifeSeconds: 601 }, '#/lifeSeconds too_large'],
    [{ maxAttempts: 3 }, '#/maxAttempts too_large'],
    [{ profile: 'psd2' }, '#/kind not_allowed'],
    [{ revealCode: true }, '#/revealCode not_allowed'],
    [{ callerCodes: true }, '#/callerCodes not_allowed'],
    [{ strictApproval: true }, '#/strictApproval not_allowed'],
  ])('is refused with field and rule: %o', async (body, fault) => {
    const refused = faults(await save(body));
    expect(refused[0]).toBe(422);
    expect(refused).toContain(fault);
  });

  it.each(['template', 'wording', 'fallbackAfterSeconds', 'onUnknown'])(
    'takes no %s: nothing is sent first',
    async (name) => {
      const values: Record<string, unknown> = {
        template: 'tpl_00000000004000800000000000',
        wording: { text: '{{code}}' },
        fallbackAfterSeconds: 30,
        onUnknown: 'hold',
      };
      const answer = await save({ channels: [{ ...whatsapp(), [name]: values[name] }] });
      expect([404, 422]).toContain(answer.status);
      if (answer.status === 422) expect(faults(answer)[1]).toBe(`#/channels/0/${name} not_allowed`);
    },
  );

  it('lets people think about a consent for a day', async () => {
    const inbound = { purpose: 'consent', consentText: CONSENT };
    const { status, json } = await save({ inbound, lifeSeconds: 86_400 });
    expect([status, json.inbound, json.maxAttempts]).toEqual([201, inbound, 2]);
  });
});

describe('opening', () => {
  it('answers with everything that brings a person into the chat', async () => {
    const sms = { channel: 'sms', sender: house.demo.chat!.sms };
    const viber = { channel: 'viber', sender: house.demo.chat!.viber };
    const generator = await inboundGenerator(house, [whatsapp(), sms, viber], { purpose: 'login' });
    const { status, json } = await open({ generator, pkce: PKCE, language: 'pt_BR' });
    expect(status).toBe(201);
    expect(json.token).toMatch(/^[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}$/);
    expect(json.matchNumber).toMatch(/^[1-9]\d$/);
    const said = encodeURIComponent(`Meu código de acesso é ${json.token}`);
    expect(json.links).toEqual({
      whatsapp: `https://wa.me/${house.demo.senderAddress}?text=${said}`,
      sms: `sms:+${sms.sender}?body=${said}`,
      smsApple: `sms:+${sms.sender}&body=${said}`,
      viber: `viber://pa?chatURI=${viber.sender}&text=${said}`,
    });
    expect(json.qrSvg).toMatch(/^<svg [^<>]*><title>[^<>]*<\/title>(<path [^<>]*\/>){2}<\/svg>$/);
    expect(json.pageUrl).toMatch(new RegExp(`^${house.api.url}/p/i/${json.id}\\.[\\w-]{22}$`));
  });

  it.each([
    [{ receiver: '+573001234567' }, [422, '#/receiver not_allowed']],
    [
      { channel: 'whatsapp', code: '123456', onLive: 'return' },
      [422, '#/channel not_allowed', '#/code not_allowed', '#/onLive not_allowed'],
    ],
    [{ pkce: undefined }, [422, '#/pkce required']],
    [{ pkce: { ...PKCE, challenge: 'short' } }, [422, '#/pkce/challenge format']],
    [{ expectedFrom: '+1555' }, [422, '#/expectedFrom invalid_phone']],
    [{ expectedFrom: 'two words' }, [422, '#/expectedFrom invalid_phone']],
    [{ endUser: { device: 'see https://evil.example' } }, [422, '#/endUser/device format']],
    [{ endUser: { city: 'Bogot\u0301\u202ea' } }, [422, '#/endUser/city format']],
  ])('refuses %o', async (body, refusal) => {
    expect(faults(await open({ generator: login, pkce: PKCE, ...body }))).toEqual(refusal);
  });

  it('wants a receiver of every other kind, and takes no fields of this one there', async () => {
    const generator = await house.newGenerator();
    expect(faults(await open({ generator }))).toEqual([422, '#/receiver required']);
    const body = { generator, receiver: somebody(), expectedFrom: somebody() };
    expect(faults(await open(body))).toEqual([422, '#/expectedFrom not_allowed']);
  });

  it('repeated under one operation opens one challenge with one code, after a crash, too', async () => {
    const openings = house.api.app.get(InboundOpeningsService, { strict: false });
    const tenantId = parseNative('tenant', house.demo.tenantId)!;
    const generators = house.api.app.get(GeneratorsService, { strict: false });
    const generator = (await generators.load(tenantId, parseNative('generator', login)!))!;
    const caller = { tenantId, keyId: newId(), mode: 'test', scopes: new Set(SCOPES), expiresAt: 0 } as const;
    const input = { generator, pkce: PKCE.challenge, asking: {}, operation: Buffer.alloc(16, 7) };
    const [one, two, other] = [
      await openings.open(caller, input),
      await openings.open(caller, input),
      await openings.open(caller, { ...input, operation: undefined }),
    ];
    expect(two).toEqual(one);
    expect(other).not.toMatchObject({
      opened: { token: (one as { opened: { token: string } }).opened.token },
    });
  });

  it('under a live key is for people: a test key reaches simulators alone', async () => {
    const { status, json } = await house.call('POST', '/v1/accounts', {
      name: 'elsewhere',
      provider: 'meta-cloud',
      config: {
        wabaId: '300000000000014',
        accessToken: 'a-token-of-nobody-at-all',
        appSecrets: ['some-secret-of-ours'],
      },
      countries: ['*'],
      senders: [{ channel: 'whatsapp', address: '584222220014', externalId: '300000000000015' }],
    });
    expect(status).toBe(201);
    const sender = json.senders[0].address;
    const generator = await inboundGenerator(house, [{ channel: 'whatsapp', sender }], { purpose: 'login' });
    expect((await open({ generator, pkce: PKCE })).json.code).toBe('auth.test_key_live_account');
  });
});

describe('what else is asked of such a challenge', () => {
  it('is refused where its kind has none', async () => {
    const { id } = await openInbound(house, login);
    const ask = async (path: string, body?: object): Promise<string> =>
      (await house.call('POST', `/v1/challenges/${id}/${path}`, body)).json.code;
    expect(await ask('check', { code: '123456' })).toBe('challenge.other_kind');
    expect(await ask('resend')).toBe('challenge.other_kind');
  });

  it('is not opened by a dialect, which knows nothing of kinds', async () => {
    const { json } = await house.call('GET', `/v1/generators/${login}`);
    const path = `${GENERATORS}/${json.number}/codes`;
    const { status, text } = await house.call('POST', path, { channel: 'WHATSAPP', receiver: somebody() });
    expect([status, text]).toEqual([404, expect.stringContaining('GENERATOR_NOT_FOUND')]);
  });

  it('shows the code again to whom that is allowed, and none after a cancellation', async () => {
    const { id, token, status } = await openInbound(house, login);
    expect((await house.call('GET', `/v1/challenges/${id}/code`)).json.code).toBe(token.replace('-', ''));
    const canceled = await house.call('POST', `/v1/challenges/${id}/cancel`);
    expect(canceled.json).toMatchObject({ status: 'canceled', sends: 0, attemptsRemaining: 2 });
    expect(await status()).toMatchObject({ status: 'canceled', kind: 'inbound', messages: [] });
    const ana = person(house, somebody());
    const sent = await ana.types('whatsapp', token, house.demo.senderAddress);
    await ana.waitsFor('whatsapp', 'has ended', sent);
  });

  it('is nothing to another tenant, whose senders do not know the code either', async () => {
    const { id, token, codeVerifier } = await openInbound(house, login);
    const { key } = await house.newTenantKey('stranger');
    const authorization = `Bearer ${key}`;
    for (const [path, body] of [
      ['exchange', { codeVerifier }],
      ['cancel', {}],
    ] as const) {
      const answer = await house.call('POST', `/v1/challenges/${id}/${path}`, body, { authorization });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    const vault = house.api.app.get(TokenVault, { strict: false });
    const plain = token.replace('-', '');
    const places = [parseNative('tenant', house.demo.tenantId)!, newId()].map((tenant) =>
      vault.place(tenant, plain),
    );
    const store = house.api.app.get(InboundStore, { strict: false });
    expect(await Promise.all(places.map((place) => store.find(place)))).toEqual([id.slice(4), undefined]);
  });
});

describe('races on real Redis', () => {
  const writing = (person: string, operation: string): Writing => ({
    tenantId: parseNative('tenant', house.demo.tenantId)!,
    senderId: newId(),
    person: { partition: 0, ref: person },
    operation,
  });
  const receive = (store: InboundStore, id: string, person: string, operation: string) =>
    store.receive(id, {
      ...writing(person, operation),
      ...{ phone: true, channelLetter: 'w', receiverRef: 'r', providerMessageId: operation },
      ...{ assurance: 'medium', sealedReceiver: { sr: 'k1.x' } },
    });
  const tally = (verdicts: string[]): Record<string, number> =>
    Object.fromEntries(
      [...new Set(verdicts)].sort().map((name) => [name, verdicts.filter((one) => one === name).length]),
    );

  it('a code sent by forty people at once has one receiver, and forty right answers of theirs make one approval', async () => {
    const { id: name } = await openInbound(house, login);
    const id = name.slice(4);
    const store = house.api.app.get(InboundStore, { strict: false });
    const crowd = Array.from({ length: 40 }, (_, at) => `person-${at}`);
    const receptions = await Promise.all(crowd.map((one) => receive(store, id, one, `code-${one}`)));
    expect(tally(receptions.map(({ verdict }) => verdict))).toEqual({ received: 1, taken: 39 });
    const first = crowd[receptions.findIndex(({ verdict }) => verdict === 'received')]!;
    const answers = await Promise.all(
      crowd.map((_, at) =>
        store.answer(id, writing(first, `answer-${at}`), 'right', { ch: 'w', pid: String(at) }),
      ),
    );
    expect(tally(answers.map(({ verdict }) => verdict))).toEqual({ approved: 1, ended: 39 });
    expect(
      (await store.answer(id, writing(crowd[0] === first ? crowd[1]! : crowd[0]!, 'late'), 'no', {})).verdict,
    ).toBe('unknown');
  });

  it('forty wrong numbers at once are two tries, and one that is repeated is one', async () => {
    const { id: name } = await openInbound(house, login);
    const id = name.slice(4);
    const store = house.api.app.get(InboundStore, { strict: false });
    await receive(store, id, 'ana', 'code');
    const wrong = (operation: string) => store.answer(id, writing('ana', operation), 'wrong', {});
    expect(
      (await Promise.all([wrong('same'), wrong('same'), wrong('same')])).map(({ verdict }) => verdict),
    ).toEqual(Array(3).fill('wrong'));
    const [key] = await house.redis.keys(`{p*}:ch:${id}`);
    expect(await house.redis.hget(key!, 'f')).toBe('1');
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => wrong(`wrong-${at}`)));
    expect(tally(answers.map(({ verdict }) => verdict))).toEqual({ ended: 39, locked: 1 });
    expect((await store.answer(id, writing('ana', 'right'), 'right', {})).verdict).toBe('ended');
  });
});

describe('consent records', () => {
  /** The provider's id of the message behind a transition. */
  const messageOf = async (id: string, type: string): Promise<string> => {
    const told = (): Promise<Answer> => house.call('GET', `/v1/challenges/${id}/timeline`);
    const { json } = await until(told, ({ text }) => text.includes(type));
    return json.items.find((item: { type: string }) => item.type === type).providerMessageId;
  };
  const list = async (query = ''): Promise<Answer['json'][]> =>
    (await house.call('GET', `/v1/consents?limit=100${query}`)).json.items;
  const onRecord = (id: string) =>
    until(
      () => list(),
      (items) => items.some((item) => item.id === id),
    );

  it('are exported with wording, time and message id, as who was to see them may', async () => {
    const { id, receiver } = await agree();
    const message = await messageOf(id, 'challenge.approved');
    await onRecord(id);
    const [listed] = await list(`&receiver=${encodeURIComponent(receiver)}`);
    expect(listed).toMatchObject({
      id,
      wording: CONSENT,
      channel: 'whatsapp',
      messageId: message,
      mode: 'test',
    });
    expect(message).toMatch(/^wamid\./);
    expect(message).not.toBe(await messageOf(id, 'challenge.received'));
    expect(listed.receiver).toContain('•••');
    const export_ = (headers?: Record<string, string>): Promise<Answer> =>
      house.call('GET', `/v1/consents/export?receiver=${encodeURIComponent(receiver)}`, undefined, headers);
    expect((await export_()).status).toBe(403);
    const authorization = `Bearer ${await house.newKey('test', ['consents:export'])}`;
    const { headers, text } = await export_({ authorization });
    expect(headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      {
        ...listed,
        receiver,
        wordingHash: createHash('sha256').update(CONSENT).digest('hex'),
        messageId: message,
      },
    ]);
    expect(Math.abs(Date.parse(lines[0].givenAt) - Date.now())).toBeLessThan(60_000);
    const { key } = await house.newTenantKey('nosy');
    const theirs = await house.call('GET', '/v1/consents', undefined, { authorization: `Bearer ${key}` });
    expect(theirs.json.items).toEqual([]);
  });

  it('keep the words that were agreed to when the generator says others later', async () => {
    const generator = await inboundGenerator(house, [whatsapp()], {
      purpose: 'consent',
      consentText: CONSENT,
    });
    const { id } = await agree(generator);
    const inbound = { purpose: 'consent', consentText: 'Something else altogether.' };
    const body = { name: 'inbound', kind: 'inbound', inbound, channels: [whatsapp()] };
    expect((await house.call('PUT', `/v1/generators/${generator}`, body)).status).toBe(200);
    const items = await onRecord(id);
    expect(items.find((item) => item.id === id).wording).toBe(CONSENT);
  });

  it('without confirmInChat the code alone is the yes', async () => {
    const inbound = { purpose: 'consent', consentText: CONSENT, confirmInChat: false };
    const generator = await inboundGenerator(house, [whatsapp()], inbound);
    const ana = person(house, somebody());
    const browser = await openInbound(house, generator);
    await ana.types('whatsapp', prefilled(browser.links['whatsapp']!), house.demo.senderAddress);
    await ana.waitsFor('whatsapp', 'Thank you');
    const items = await onRecord(browser.id);
    const { messageId } = items.find((item) => item.id === browser.id);
    expect(messageId).toMatch(/^wamid\./);
    expect(messageId).toBe(await messageOf(browser.id, 'challenge.received'));
  });

  it('are paged, newest first, and no cursor of another tenant is taken', async () => {
    for (let at = 0; at < 2; at++) await onRecord((await agree()).id);
    const first = (await house.call('GET', '/v1/consents?limit=1')).json;
    const second = (await house.call('GET', `/v1/consents?limit=1&cursor=${first.nextCursor}`)).json;
    expect(second.items[0].givenAt < first.items[0].givenAt).toBe(true);
    const { key } = await house.newTenantKey('reader');
    const path = `/v1/consents?limit=1&cursor=${first.nextCursor}`;
    expect((await house.call('GET', path, undefined, { authorization: `Bearer ${key}` })).status).toBe(400);
  });
});

it('neither code nor number is in clear in Redis or in the journal, and no key stays for ever', async () => {
  const receiver = somebody();
  const ana = person(house, receiver);
  const browser = await openInbound(house, login);
  await ana.types('whatsapp', prefilled(browser.links['whatsapp']!), house.demo.senderAddress);
  await ana.waitsFor('whatsapp', browser.matchNumber);
  await ana.types('whatsapp', 'STOP', house.demo.senderAddress);
  await browser.becomes('denied');
  const plain = browser.token.replace('-', '');
  const found: string[] = [];
  for (const key of await house.redis.keys('*')) {
    const dump = (await house.redis.dumpBuffer(key))?.toString('latin1') ?? '';
    for (const secret of [plain, browser.token, receiver.slice(1), browser.codeVerifier])
      if (key.includes(secret) || dump.includes(secret)) found.push(key);
    if (/:(tok|asked|miss|unclear|stop):/.test(key) && (await house.redis.pttl(key)) === -1)
      found.push(`${key} stays`);
  }
  expect(found).toEqual([]);
});
