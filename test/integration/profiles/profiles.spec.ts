// Generators under a standard, through the whole house: what is refused at saving, and what is refused at opening.
import { AccountsService } from '#providers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChallengesService, OpeningsService } from '#challenges';
import { GeneratorsService, type PublishedGenerator } from '#generators';
import type { Principal } from '#tenants';
import { parseNative } from '#platform/identifiers';
import { type Answer, type House, openHouse, until } from '../../support/house.js';

let house: House;
let template: string;
let numbers = 0;

beforeAll(async () => {
  house = await openHouse();
  const generator = await house.newGenerator();
  template = (await house.call('GET', `/v1/generators/${generator}`)).json.channels[0].template;
});
afterAll(() => house.close());

const newReceiver = (): string => `+5255123${String(70_000 + ++numbers)}`;
const save = (rules: object): Promise<Answer> =>
  house.call('POST', '/v1/generators', {
    name: 'profiled',
    channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template }],
    ...rules,
  });
const newGenerator = async (rules: object): Promise<string> => {
  const saved = await save(rules);
  expect(saved.status, saved.text).toBe(201);
  return saved.json.id;
};
const open = (body: object): Promise<Answer> =>
  house.call('POST', '/v1/challenges', { receiver: newReceiver(), ...body });
const check = (id: string, body: object): Promise<Answer> =>
  house.call('POST', `/v1/challenges/${id}/check`, body);
const codeOf = async (id: string): Promise<string> =>
  (await house.call('GET', `/v1/challenges/${id}/code`)).json.code;
const wrong = (code: string): string => (code === '000000' ? '000001' : '000000');
const fieldsOf = (answer: Answer): string[] =>
  answer.json.errors.map((error: { pointer: string; code: string }) => `${error.pointer} ${error.code}`);

describe('rules of a generator under a standard', () => {
  it.each([
    ['STD-03 BI-23', { lifeSeconds: 601 }, '#/lifeSeconds too_large'],
    ['STD-01 BI-24', { codeLength: 5 }, '#/codeLength too_small'],
    ['STD-01 BI-24', { codeLength: 4, alphabet: 'alphanumeric' }, '#/codeLength too_small'],
    ['ATK-02 BI-25', { maxAttempts: 6 }, '#/maxAttempts too_large'],
    ['BI-29', { callerCodes: true }, '#/callerCodes not_allowed'],
  ])('%s %o is refused with the field and the rule', async (_id, rules, field) => {
    for (const profile of ['nist', 'asvs-l2', 'psd2']) {
      const answer = await save({ profile, ...rules });
      expect([answer.status, answer.json.code]).toEqual([422, 'request.invalid']);
      expect(fieldsOf(answer)).toEqual([field]);
      expect(answer.json.errors[0].detail).toMatch(new RegExp(`^profile ${profile} `));
    }
    // A rule that is the standard's alone.
    expect((await save(rules)).status).toBe(201);
  });

  it.each([
    ['BI-23', 'lifeSeconds', ['0', '-1', '1e400', '"300"', '1.5', 'null', '86401']],
    ['BI-24', 'codeLength', ['3', '16', '"6"', 'null', '1e400']],
    ['BI-25 ATK-02', 'maxAttempts', ['0', '11', 'null', '1e400', '-1', '"5"']],
    ['BI-23', 'profile', ['"fips"', 'null', '1']],
    ['STD-35', 'purposes', ['[]', '["login"]', '["recovery","recovery"]', 'null']],
    ['BI-29', 'callerCodes', ['"true"', '1', 'null']],
  ])('%s %s beyond its range is refused under every profile', async (_id, name, values) => {
    for (const profile of ['default', 'psd2'])
      for (const value of values) {
        const base = {
          name: 'refused',
          channels: [{ channel: 'whatsapp', sender: house.demo.senderAddress, template }],
          ...(name !== 'profile' && { profile }),
        };
        const body = `${JSON.stringify(base).slice(0, -1)},"${name}":${value}}`;
        const answer = await house.call('POST', '/v1/generators', body, {
          'content-type': 'application/json',
        });
        expect([value, answer.status]).toEqual([value, 422]);
        expect(answer.json.errors[0].pointer).toMatch(new RegExp(`^#/${name}`));
      }
  });

  it('are shown back, and kept by the next version', async () => {
    const rules = {
      profile: 'psd2',
      purposes: ['transaction'],
      callbackUrl: 'https://shop.example/countersign?x=1',
      metadata: { team: 'payments', tier: 1 },
    };
    const id = await newGenerator(rules);
    expect((await house.call('GET', `/v1/generators/${id}`)).json).toMatchObject({
      ...rules,
      callerCodes: false,
    });
  });

  it.each([
    'ftp://shop.example',
    'shop.example',
    'https://user:secret@shop.example',
    'https://@shop.example',
    'https://shop.example/#',
    'https://',
    'https://shop.example/\u00e9',
    'javascript:alert(1)',
    `https://shop.example/${'x'.repeat(2_048)}`,
  ])('take no callback of %s', async (callbackUrl) => {
    expect(fieldsOf(await save({ callbackUrl }))).toEqual(['#/callbackUrl url_required']);
  });

  it('take no wording on WhatsApp, whose texts are approved beforehand, and no step without a template', async () => {
    const step = { channel: 'whatsapp', sender: house.demo.senderAddress };
    const worded = await save({ channels: [{ ...step, template, wording: { text: '{{code}}' } }] });
    expect(fieldsOf(worded)).toEqual(['#/channels/0/wording not_allowed']);
    expect(fieldsOf(await save({ channels: [step] }))).toEqual(['#/channels/0/template required']);
  });

  it('BI-83 judge the wording of a step before anything is looked up', async () => {
    const step = { channel: 'email', sender: 'codes@shop.example' };
    const answer = await save({ channels: [{ ...step, wording: { text: 'your code is {{code' } }] });
    expect(fieldsOf(answer)).toEqual(['#/channels/0/wording/text placeholder_unclosed']);
  });
});

describe('a challenge under a standard', () => {
  it('lives 600 s over all its messages, three resends included (STD-03)', async () => {
    for (const profile of ['nist', 'asvs-l2', 'psd2']) {
      const generator = await newGenerator({ profile });
      for (const [afterMs, approved] of [
        [599_000, true],
        [601_000, false],
      ] as const) {
        const { json } = await open({ generator });
        const code = await codeOf(json.id);
        for (let turn = 0; turn < 3; turn++)
          expect((await house.call('POST', `/v1/challenges/${json.id}/resend`)).json.expiresAt).toBe(
            json.expiresAt,
          );
        house.moveClock(afterMs);
        const answer = await check(json.id, { code });
        house.moveClock(-afterMs);
        if (approved) expect(answer.json).toMatchObject({ status: 'approved', valid: true });
        else expect(answer.json).toMatchObject({ code: 'challenge.not_pending', state: 'expired' });
      }
    }
  });

  it('lives as long as was said when nobody cleans up: life is read, TTL is not (ATK-06)', async () => {
    const generator = await newGenerator({ profile: 'nist', lifeSeconds: 60 });
    const { json } = await open({ generator });
    const code = await codeOf(json.id);
    const id = parseNative('challenge', json.id)!;
    const [key] = await house.redis.keys(`{p*}:ch:${id}`);
    expect(await house.redis.persist(key!)).toBe(1);
    house.moveClock(61_000);
    const answer = await check(json.id, { code });
    house.moveClock(-61_000);
    expect(answer.json).toMatchObject({ code: 'challenge.not_pending', state: 'expired' });
  });

  it('is for a purpose its generator serves, and no other (STD-35)', async () => {
    const generator = await newGenerator({ purposes: ['recovery'] });
    const refused = await open({ generator });
    expect([refused.status, refused.json.code]).toEqual([422, 'challenge.purpose_not_allowed']);
    const { json } = await open({ generator, purpose: 'recovery' });
    const code = await codeOf(json.id);
    expect((await check(json.id, { code, purpose: 'authentication' })).json.valid).toBe(false);
    expect((await check(json.id, { code, purpose: 'recovery' })).json.valid).toBe(true);
  });
});

describe('a transaction', () => {
  const context = { amount: '120.00', currency: 'MXN', payee: 'ACME S.A.' };

  it.each([{ profile: 'psd2' }, { purposes: ['transaction'] }])(
    'names amount, currency and payee when it is opened under %o (STD-34)',
    async (rules) => {
      const generator = await newGenerator(rules);
      const refused = async (given?: object): Promise<string[]> =>
        fieldsOf(await open({ generator, purpose: 'transaction', context: given }));
      expect(await refused()).toEqual(
        ['amount', 'currency', 'payee'].map((name) => `#/context/${name} required`),
      );
      for (const name of Object.keys(context)) {
        expect(await refused({ ...context, [name]: ' ' })).toEqual([`#/context/${name} required`]);
        expect(await refused({ ...context, [name]: 'x'.repeat(71) })).toEqual([`#/context/${name} too_long`]);
      }
      expect(await refused({ ...context, currency: 'mxn' })).toEqual(['#/context/currency format']);
      expect(await refused({ ...context, payee: 'ACME\u202e' })).toEqual(['#/context/payee format']);
      expect(await refused({ ...context, payee: 'http://evil' })).toEqual(['#/context/payee format']);
      expect((await open({ generator, purpose: 'transaction', context })).status).toBe(201);
    },
  );

  it.each([
    ['nothing', undefined],
    ['another amount', { ...context, amount: '120.01' }],
    ['an amount of another length', { ...context, amount: '120.0' }],
    ['another currency', { ...context, currency: 'MXV' }],
    ['a payee in another case', { ...context, payee: 'Acme S.A.' }],
    ['a payee with a space behind', { ...context, payee: 'ACME S.A. ' }],
    ['a member more', { ...context, note: '' }],
    ['a member less', { amount: context.amount, currency: context.currency }],
    ['members that changed places', { amount: 'MXN', currency: '120.00', payee: context.payee }],
  ])('is void when it is checked with %s (STD-34, BI-44)', async (_what, given) => {
    const generator = await newGenerator({ profile: 'psd2' });
    const { json } = await open({ generator, purpose: 'transaction', context });
    const code = await codeOf(json.id);
    const answer = await check(json.id, { code, ...(given && { context: given }) });
    expect([answer.status, answer.json.code]).toEqual([409, 'challenge.context_mismatch']);
    const again = await check(json.id, { code, context });
    expect([again.status, again.json.code]).toEqual([409, 'challenge.context_mismatch']);
  });

  it('is confirmed with the same context, in whatever order', async () => {
    const generator = await newGenerator({ profile: 'psd2' });
    const { json } = await open({ generator, purpose: 'transaction', context });
    const { amount, currency, payee } = context;
    const answer = await check(json.id, {
      code: await codeOf(json.id),
      context: { payee, currency, amount },
    });
    expect(answer.json).toMatchObject({ status: 'approved', valid: true });
  });

  it('is refused alike under psd2, whatever was wrong, and locked after five (STD-32)', async () => {
    const generator = await newGenerator({ profile: 'psd2' });
    const details = new Set<string>();
    const opened = async (): Promise<[id: string, code: string]> => {
      const { json } = await open({ generator, purpose: 'transaction', context });
      return [json.id, await codeOf(json.id)];
    };
    const [id, code] = await opened();
    details.add((await check(id, { code: wrong(code), context })).json.detail);
    details.add((await check(id, { code, context, purpose: 'authentication' })).json.detail);
    details.add((await check(id, { code: '1', context })).json.detail ?? 'none');
    details.delete('none');
    details.add((await check(id, { code: '12345', context })).json.detail);
    details.add((await check(id, { code, context: { ...context, amount: '1' } })).json.detail);
    expect([...details]).toEqual([expect.stringMatching(/^The .+\.$/)]);

    const [locked, right] = await opened();
    for (let left = 4; left >= 0; left--) {
      const { json } = await check(locked, { code: wrong(right), context });
      expect(json).toMatchObject({
        valid: false,
        attemptsRemaining: left,
        status: left ? 'pending' : 'locked',
      });
      details.add(json.detail);
    }
    expect(details.size).toBe(1);
    const timeline = await until(
      () => house.call('GET', `/v1/challenges/${locked}/timeline`),
      ({ json }) => json.items?.some(({ type }: { type: string }) => type === 'challenge.locked'),
    );
    expect(timeline.status).toBe(200);
    const usual = await open({ generator: await newGenerator({}) });
    expect(
      (await check(usual.json.id, { code: wrong(await codeOf(usual.json.id)) })).json,
    ).not.toHaveProperty('detail');
  });
});

describe('a change of number (STD-36)', () => {
  it('is proven with the old one, not older than five minutes', async () => {
    for (const profile of ['nist', 'asvs-l2', 'psd2']) {
      const generator = await newGenerator({ profile });
      const [old, other] = [newReceiver(), newReceiver()];
      const prove = async (receiver: string): Promise<string> => {
        const { json } = await open({ generator, receiver });
        await check(json.id, { code: await codeOf(json.id) });
        return json.id;
      };
      const change = (fields: object): Promise<Answer> =>
        open({ generator, purpose: 'address_verification', replaces: old, ...fields });
      const proof = await prove(old);
      expect(fieldsOf(await change({}))).toEqual(['#/provenBy required']);
      expect(fieldsOf(await change({ replaces: undefined, provenBy: proof }))).toEqual([
        '#/replaces required',
      ]);
      expect(fieldsOf(await change({ purpose: 'authentication', provenBy: proof }))).toEqual([
        '#/replaces not_allowed',
      ]);
      const pending = (await open({ generator, receiver: old })).json.id;
      for (const provenBy of ['x', `chl_${'0'.repeat(26)}`, pending, await prove(other)])
        expect((await change({ provenBy })).json.code).toBe('challenge.proof_not_accepted');
      expect((await change({ provenBy: proof, replaces: other })).json.code).toBe(
        'challenge.proof_not_accepted',
      );
      expect((await change({ provenBy: proof })).status).toBe(201);
      house.moveClock(301_000);
      const late = await change({ provenBy: proof });
      house.moveClock(-301_000);
      expect(late.json.code).toBe('challenge.proof_not_accepted');
    }
  });

  it('of another tenant proves nothing here', async () => {
    const generator = await newGenerator({ profile: 'nist' });
    const receiver = newReceiver();
    const { json } = await open({ generator, receiver });
    await check(json.id, { code: await codeOf(json.id) });
    const loaded = await load(generator);
    const { tenantId } = await house.newTenantKey('stranger');
    const stranger = { ...caller(), tenantId };
    const result = await openings().open(stranger, {
      generator: loaded,
      receiver: newReceiver(),
      purpose: 'recovery',
      replaces: receiver,
      provenBy: json.id,
      onLive: 'resend',
    });
    expect('refused' in result && result.refused.code).toBe('challenge.proof_not_accepted');
  });

  it('may be said under profile default without proof', async () => {
    const generator = await newGenerator({});
    expect((await open({ generator, purpose: 'recovery', replaces: newReceiver() })).status).toBe(201);
  });
});

/** No account here carries SMS, so the plan is handed to the engine as it would have been published. */
describe('a channel that a profile speaks about', () => {
  let mailboxes = 0;
  const mailWay = async (): Promise<{ accountId: string; senderId: string }> => {
    const accounts = house.api.app.get(AccountsService, { strict: false });
    const { senderAddress } = house.demo.email!;
    const { account, sender } = (await accounts.findSender(caller().tenantId, 'email', senderAddress))!;
    return { accountId: account.id, senderId: sender.id };
  };
  const opening = async (
    rules: Partial<PublishedGenerator>,
    channel: string,
    request: { receiver?: string; purpose?: 'authentication' | 'recovery' | 'address_verification' } = {},
  ) => {
    const generator = await load(await newGenerator({ profile: rules.profile }));
    const way = channel === 'email' ? await mailWay() : {};
    const plan = [{ ...generator.plan[0]!, ...way, channel, templateId: undefined, language: 'en' }];
    const receiver = channel === 'email' ? `person${++mailboxes}@example.com` : newReceiver();
    const input = { receiver, onLive: 'resend' as const, ...request };
    return openings().open(caller(), { ...input, generator: { ...generator, ...rules, plan } });
  };

  /** A real one: its message is really sent. */
  const openByMail = async (rules: object) => {
    const channels = [{ channel: 'email', sender: house.demo.email!.senderAddress }];
    const id = await newGenerator({ ...rules, purposes: ['recovery', 'address_verification'], channels });
    const generator = await load(id);
    const receiver = `person${++mailboxes}@example.com`;
    return openings().open(caller(), { generator, receiver, purpose: 'recovery', onLive: 'resend' });
  };

  it('e-mail is not for authentication under nist (STD-09)', async () => {
    const refused = await opening({ profile: 'nist' }, 'email');
    expect('refused' in refused && [refused.refused.status, refused.refused.code]).toEqual([
      422,
      'channel.not_permitted',
    ]);
    for (const profile of ['default', 'asvs-l2', 'psd2'] as const)
      expect(await opening({ profile }, 'email')).toHaveProperty('opened');
    expect(await opening({ profile: 'nist' }, 'email', { purpose: 'recovery' })).toHaveProperty('opened');
  });

  it('a recovery code lives 24 hours by e-mail and ten minutes by text (STD-15)', async () => {
    const rules = { profile: 'nist', lifeSeconds: 86_400 } as const;
    const idOf = (result: object): string => (result as { opened: { id: string } }).opened.id;
    const find = async (id: string) => (await challenges().find(caller(), id))!;
    const mail = idOf(await openByMail(rules));
    // Taken up in its last second it would be too late to send.
    await until(
      () => find(mail),
      ({ messages }) => !['queued', 'sending'].includes(messages[0]!.state),
    );
    house.moveClock(86_399_000);
    expect((await find(mail)).state).toBe('pending');
    house.moveClock(2_000);
    expect((await find(mail)).state).toBe('expired');
    house.moveClock(-86_401_000);
    const { openedAt, expiresAt } = await find(idOf(await opening(rules, 'sms', { purpose: 'recovery' })));
    expect(expiresAt - openedAt).toBe(600_000);
  });

  it('SMS and voice are told to be restricted under nist and asvs-l2 (STD-08)', async () => {
    for (const [profile, channel, told] of [
      ['nist', 'sms', 'restricted'],
      ['nist', 'voice', 'restricted'],
      ['asvs-l2', 'sms', 'restricted'],
      ['nist', 'whatsapp', undefined],
      ['default', 'sms', undefined],
    ] as const) {
      const result = await opening({ profile }, channel, { purpose: 'recovery' });
      expect([
        profile,
        channel,
        (result as { opened: { channelClass?: string } }).opened.channelClass,
      ]).toEqual([profile, channel, told]);
    }
  });

  it('asvs-l2 authenticates by SMS a number that was verified, and no other (STD-12)', async () => {
    const receiver = newReceiver();
    const refused = await opening({ profile: 'asvs-l2' }, 'sms', { receiver });
    expect('refused' in refused && [refused.refused.status, refused.refused.code]).toEqual([
      409,
      'receiver.not_verified',
    ]);
    const verifying = await opening({ profile: 'asvs-l2' }, 'sms', {
      receiver,
      purpose: 'address_verification',
    });
    const { id } = (verifying as { opened: { id: string } }).opened;
    const { code } = (await challenges().findDisclosing(caller(), id))!;
    await challenges().check(caller(), { id, code: wrong(code!) });
    expect(await opening({ profile: 'asvs-l2' }, 'sms', { receiver })).toHaveProperty('refused');
    await challenges().check(caller(), { id, code: code! });
    expect(await opening({ profile: 'asvs-l2' }, 'sms', { receiver })).toHaveProperty('opened');
    expect(await opening({ profile: 'asvs-l2' }, 'sms', { receiver: newReceiver() })).toHaveProperty(
      'refused',
    );
  });

  it('psd2 takes no number that has no handset behind it', async () => {
    const receiver = '+815012345678';
    const refused = await open({ generator: await newGenerator({ profile: 'psd2' }), receiver });
    expect([refused.status, refused.json.code]).toEqual([403, 'receiver.number_class_not_allowed']);
    expect((await open({ generator: await newGenerator({ profile: 'nist' }), receiver })).status).toBe(201);
  });
});

const openings = (): OpeningsService => house.api.app.get(OpeningsService, { strict: false });
const challenges = (): ChallengesService => house.api.app.get(ChallengesService, { strict: false });
const load = async (generator: string): Promise<PublishedGenerator> =>
  (await house.api.app
    .get(GeneratorsService, { strict: false })
    .load(parseNative('tenant', house.demo.tenantId)!, parseNative('generator', generator)!))!;
const caller = (): Principal => ({
  tenantId: parseNative('tenant', house.demo.tenantId)!,
  keyId: parseNative('tenant', house.demo.tenantId)!,
  mode: 'test',
  scopes: new Set(),
  expiresAt: Number.MAX_SAFE_INTEGER,
});
