// Numbers of a WABA through the API, at a simulator over HTTP: the PIN, registration and what has to come first.
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SCOPES } from '#tenants';
import { parseNative, renderUuid } from '#platform/identifiers';
import { Housekeeping, HOUSEKEEPING_QUEUE, Queues } from '#platform/queue';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { expectRefusal } from './bad-input/refusals.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TOKEN = 'numbers-access-token';
const SECRET = 'numbers-app-secret';
const WABA = '100000000000077';

let house: House;
let account: string;
let made = 0;
/** A sender of its own for each test: verified at the provider, not registered, without a PIN. */
let sender: { id: string; path: string; phoneNumberId: string; address: string };

beforeAll(async () => {
  house = await openHouse();
  await simulate('PUT', '/_sim/accounts', { wabaId: WABA, accessToken: TOKEN, appSecret: SECRET });
  const created = await house.call('POST', '/v1/accounts', {
    name: 'numbers',
    provider: 'meta-cloud',
    config: { baseUrl: house.simulator.url, wabaId: WABA, accessToken: TOKEN, appSecrets: [SECRET] },
    countries: ['*'],
    senders: [],
  });
  expect(created.status, created.text).toBe(201);
  account = created.json.id;
});
afterAll(() => house.close());

beforeEach(async () => {
  await simulate('POST', '/_sim/behavior/reset');
  sender = await newSender();
});

const simulate = (method: string, path: string, body?: unknown, token?: string): Promise<Answer> =>
  ask(
    method,
    house.simulator.url + path,
    body,
    token === undefined ? {} : { authorization: `Bearer ${token}` },
  );

async function newSender(number: Record<string, unknown> = {}): Promise<typeof sender> {
  const phoneNumberId = String(300_000_000_000_000 + ++made);
  const address = String(584_130_000_000 + made);
  await simulate('PUT', '/_sim/accounts', {
    wabaId: WABA,
    phoneNumbers: [
      { id: phoneNumberId, displayNumber: address, verified: true, registered: false, ...number },
    ],
  });
  const known = (await house.call('GET', `/v1/accounts/${account}`)).json.senders as Record<string, string>[];
  const senders = [
    ...known.map(({ channel, address, externalId }) => ({ channel, address, externalId })),
    { channel: 'whatsapp', address, externalId: phoneNumberId },
  ];
  const updated = await house.call('PATCH', `/v1/accounts/${account}`, { senders });
  expect(updated.status, updated.text).toBe(200);
  const { id } = updated.json.senders.find((each: { address: string }) => each.address === address);
  return { id, path: `/v1/senders/${id}`, phoneNumberId, address };
}

const setPin = (pin: unknown, more: object = {}, path = sender.path): Promise<Answer> =>
  house.call('PUT', `${path}/pin`, { pin, ...more });
const post = (action: string, body?: object): Promise<Answer> =>
  house.call('POST', `${sender.path}/${action}`, body);
const read = async (): Promise<Answer['json']> => (await house.call('GET', sender.path)).json;
const events = async (): Promise<Answer['json'][]> =>
  (await house.call('GET', `${sender.path}/events`)).json.items;
const types = async (): Promise<string[]> => (await events()).map(({ type }) => type).reverse();

/** Register and deregister calls of the sender that came to the provider. */
async function callsAtProvider(): Promise<number> {
  const { accounts } = (await simulate('GET', '/_sim/accounts')).json;
  const numbers = accounts.flatMap((each: Answer['json']) => each.phoneNumbers);
  return numbers.find(({ id }: { id: string }) => id === sender.phoneNumberId).registrationCalls;
}

/** As somebody would in WhatsApp Manager. */
async function setElsewhere(pin: string): Promise<void> {
  const answer = await simulate('POST', `/v25.0/${sender.phoneNumberId}`, { pin }, TOKEN);
  expect(answer.status, answer.text).toBe(200);
}

let pins = 0;
/** A PIN that no other sender of this spec has, and that is not weak. */
const nextPin = (): string => String(480_713 + 1_117 * pins++);

describe('setting the PIN', () => {
  it('keeps it sealed, shows when it was set, and never what it is', async () => {
    const pin = nextPin();
    const answer = await setPin(pin);
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({ id: sender.id, pinStored: true, pinSetAt: expect.any(String) }),
    ]);
    const { pinSetAt, pinDueAt } = answer.json;
    expect(Date.parse(pinDueAt) - Date.parse(pinSetAt)).toBe(90 * DAY);
    const rows = await keptRows();
    const told = [
      answer.text,
      JSON.stringify(rows),
      JSON.stringify(await events()),
      (await post('register')).text,
    ];
    for (const each of told) expect(each).not.toContain(pin);
  });

  it('once more is the same PIN, no younger; another one is', async () => {
    const first = (await setPin('481902')).json.pinSetAt;
    house.moveClock(DAY);
    try {
      expect((await setPin('481902')).json.pinSetAt).toBe(first);
      const changed = (await setPin('562907')).json.pinSetAt;
      expect(Date.parse(changed) - Date.parse(first)).toBeGreaterThanOrEqual(DAY);
    } finally {
      house.moveClock(-DAY);
    }
    // The provider has the last one.
    expect((await post('register')).json).toMatchObject({ registered: true });
    expect(await types()).toEqual([
      'sender.pin_set',
      'sender.pin_set',
      'sender.pin_set',
      'sender.registered',
    ]);
  });

  it.each([
    ['000000', 'one digit six times'],
    ['123456', 'digits in a row'],
    ['876543', 'digits in a row'],
    ['123123', 'two or three digits'],
    ['159753', 'tried first'],
  ])('BI a weak one is refused with the reason: %s', async (pin, reason) => {
    const answer = await setPin(pin);
    expectRefusal('native', answer, { status: 422, code: 'request.invalid', field: ['#/pin', 'weak_pin'] }, [
      pin,
    ]);
    expect(answer.json.errors[0].detail).toContain(reason);
    expect((await read()).missing).toContain('pin');
  });

  it('a weak one is taken when that is said, and told in the journal by its weakness only', async () => {
    expect((await setPin('999999', { allowWeakPin: true })).status).toBe(200);
    const [event] = await events();
    expect(event.data).toEqual({ account, stored: 'yes', weakness: 'one_digit' });
  });

  it.each([
    ['five digits', '48071', 'format'],
    ['seven digits', '4807131', 'format'],
    ['letters', '48o713', 'format'],
    ['other digits', '４８０７１３', 'format'],
    ['a number', 480713, 'string_required'],
    ['nothing', undefined, 'required'],
    ['null', null, 'null_not_allowed'],
  ])('BI %s are refused by name', async (_what, pin, code) => {
    expectRefusal(
      'native',
      await setPin(pin),
      { status: 422, code: 'request.invalid', field: ['#/pin', code] },
      typeof pin === 'string' ? [pin] : [],
    );
  });

  it('one that another sender of the tenant has is refused; another tenant may have it', async () => {
    const pin = nextPin();
    const first = sender;
    expect((await setPin(pin)).status).toBe(200);
    sender = await newSender();
    const refusal = { status: 422, code: 'request.invalid', field: ['#/pin', 'not_unique'] as const };
    expectRefusal('native', await setPin(pin), refusal, [pin]);
    expect((await read()).missing).toContain('pin');
    // It is free again once the other one has changed.
    expect((await setPin(nextPin(), {}, first.path)).status).toBe(200);
    expect((await setPin(pin)).status).toBe(200);

    const theirs = await neighbour();
    expect((await theirs.call('PUT', `${theirs.path}/pin`, { pin })).status).toBe(200);
  });

  it('two senders given one PIN at one moment do not both keep it', async () => {
    const [one, other] = [sender, await newSender()];
    const pin = nextPin();
    const answers = await Promise.all([one, other].map(({ path }) => setPin(pin, {}, path)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
  });

  it('without storing: register asks for it, and takes no other', async () => {
    const pin = nextPin();
    expect((await setPin(pin, { storePin: false })).json).toMatchObject({ pinStored: false });
    const [row] = await keptRows();
    expect(row).toMatchObject({ sealed_pin: null, pin_mark: expect.any(String) });
    expectRefusal('native', await post('register'), {
      status: 422,
      code: 'request.invalid',
      field: ['#/pin', 'required'],
    });
    const wrong = await post('register', { pin: '700001' });
    expectRefusal('native', wrong, { status: 409, code: 'sender.pin_mismatch' }, [pin, '700001']);
    // The provider counts guesses, so it was not asked.
    expect(await callsAtProvider()).toBe(0);
    expect((await post('register', { pin })).json).toMatchObject({ registered: true });
  });

  it('cannot be undone: DELETE is 405, says why and where a PIN is recovered', async () => {
    const answer = await house.call('DELETE', `${sender.path}/pin`);
    expectRefusal('native', answer, { status: 405, code: 'sender.pin_permanent' });
    expect(answer.json.detail).toContain('WhatsApp Manager');
    expect(answer.headers['allow']).toBe('PUT');
    const whole = await house.call('DELETE', sender.path);
    expect([whole.status, whole.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('stays with the sender when its account is changed', async () => {
    await setPin(nextPin());
    const { id, path } = sender;
    await newSender();
    const { senders } = (await house.call('GET', `/v1/accounts/${account}`)).json;
    expect(senders.map((each: { id: string }) => each.id)).toContain(id);
    expect((await house.call('GET', path)).json).toMatchObject({ pinStored: true });
  });
});

describe('what comes before what', () => {
  it('a new number is told all that is missing, in order, and each step as it is done', async () => {
    sender = await newSender({ verified: false });
    const missing = async (): Promise<string[]> => (await read()).missing;
    const later = ['template_approved', 'webhook_subscribed'];
    expect(await missing()).toEqual(['pin', 'verified', 'registered', ...later]);

    const early = await post('register');
    expectRefusal('native', early, { status: 409, code: 'sender.step_missing' });
    expect(early.json.missing).toEqual(['pin', 'verified']);
    await setPin(nextPin());
    expect((await post('register')).json.missing).toEqual(['verified']);
    expect(await callsAtProvider()).toBe(0);

    expect((await post('request-code', { method: 'SMS', language: 'en_US' })).status).toBe(200);
    const soon = await post('request-code', { method: 'VOICE', language: 'en' });
    expectRefusal('native', soon, { status: 429, code: 'sender.code_too_soon' });
    expect(Number(soon.headers['retry-after'])).toBeGreaterThan(0);
    const code = await codeAtProvider();
    const wrong = code === '314159' ? '314158' : '314159';
    expectRefusal(
      'native',
      await post('verify-code', { code: wrong }),
      { status: 422, code: 'sender.code_wrong' },
      [wrong],
    );
    expect((await post('verify-code', { code })).json.missing).toEqual(['registered', ...later]);
    expect((await post('register')).json.missing).toEqual(later);

    const template = await house.call('POST', '/v1/templates', {
      account,
      name: 'numbers',
      category: 'AUTHENTICATION',
      languages: [{ language: 'en' }],
    });
    expect(template.status, template.text).toBe(201);
    await until(
      () => house.call('POST', `/v1/templates/${template.json.id}/sync`),
      ({ json }) => json.languages[0].status === 'approved',
    );
    expect(await missing()).toEqual(['webhook_subscribed']);
    const { webhook } = (await house.call('GET', `/v1/accounts/${account}`)).json;
    const subscribed = await simulate(
      'POST',
      `/v25.0/${WABA}/subscribed_apps`,
      { override_callback_uri: webhook.url, verify_token: webhook.verifyToken },
      TOKEN,
    );
    expect(subscribed.status, subscribed.text).toBe(200);
    expect(await missing()).toEqual([]);
    expect(await types()).toEqual([
      'sender.pin_set',
      'sender.code_requested',
      'sender.verified',
      'sender.registered',
    ]);
  });

  it('a number that is not registered is not deregistered', async () => {
    const answer = await post('deregister');
    expectRefusal('native', answer, { status: 409, code: 'sender.step_missing' });
    expect(answer.json.missing).toEqual(['registered']);
    expect(await callsAtProvider()).toBe(0);
  });

  it('what the provider does not say is unknown, and what was seen last stands', async () => {
    await setPin(nextPin());
    await post('register');
    await simulate('PUT', '/_sim/accounts', { wabaId: WABA, accessToken: 'another-token' });
    try {
      const { missing, unknown, registered } = await read();
      expect({ unknown, registered }).toEqual({ unknown: ['webhook_subscribed'], registered: true });
      expect(missing).not.toContain('registered');
    } finally {
      await simulate('PUT', '/_sim/accounts', { wabaId: WABA, accessToken: TOKEN });
    }
  });

  it('a sender of another channel, or without its id at the provider, has nothing to set up', async () => {
    const { items } = (await house.call('GET', '/v1/senders')).json;
    const mail = items.find(({ channel }: { channel: string }) => channel === 'email');
    expect(mail).toMatchObject({ administered: false });
    expect((await house.call('GET', `/v1/senders/${mail.id}`)).json).toMatchObject({ missing: [] });
    const answer = await setPin(nextPin(), {}, `/v1/senders/${mail.id}`);
    expectRefusal('native', answer, { status: 409, code: 'sender.not_administered' });
  });

  it('the numbers of the WABA are listed, those too that are no senders', async () => {
    await simulate('PUT', '/_sim/accounts', {
      wabaId: WABA,
      phoneNumbers: [{ id: '399', displayNumber: '584190000000', registered: false }],
    });
    const { status, json } = await house.call('GET', `/v1/senders?account=${account}`);
    expect(status).toBe(200);
    expect(json.others).toEqual([
      {
        externalId: '399',
        address: '584190000000',
        name: 'Countersign demo',
        registered: false,
        verified: true,
      },
    ]);
    expect(json.items.find(({ id }: { id: string }) => id === sender.id)).toMatchObject({
      address: sender.address,
      registered: false,
      verified: true,
      quality: 'high',
      messagesPerSecond: 80,
    });
  });
});

describe('registration', () => {
  it('the eleventh call in 72 hours is refused beforehand, with the time to wait', async () => {
    await setPin(nextPin());
    for (let call = 0; call < 5; call++) {
      expect((await post('register')).status).toBe(200);
      house.moveClock(HOUR);
      expect((await post('deregister')).status).toBe(200);
    }
    try {
      expect((await read()).registrationCalls).toEqual({ left: 0, nextAt: expect.any(String) });
      const answer = await post('register');
      expectRefusal('native', answer, { status: 429, code: 'sender.registration_limit' });
      const wait = Number(answer.headers['retry-after']);
      expect(wait).toBeGreaterThan(66 * 3_600);
      expect(wait).toBeLessThanOrEqual(67 * 3_600);
      expect(await callsAtProvider()).toBe(10);

      house.moveClock(wait * 1_000);
      expect((await post('register')).status).toBe(200);
      expect(await callsAtProvider()).toBe(11);
      house.moveClock(-wait * 1_000);
    } finally {
      house.moveClock(-5 * HOUR);
    }
  });

  it('ten at once are counted as ten', async () => {
    await setPin(nextPin());
    const answers = await Promise.all(Array.from({ length: 14 }, () => post('register')));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(10).fill(200), ...Array(4).fill(429)]);
    expect(await callsAtProvider()).toBe(10);
  });

  it('when the provider has counted more, its word holds', async () => {
    await setPin(nextPin());
    await simulate('PUT', '/_sim/behavior', { numberError: 133016 });
    const answer = await post('register');
    expectRefusal('native', answer, { status: 429, code: 'sender.registration_limit' });
    expect(answer.headers['retry-after']).toBe(String(72 * 3_600));
    await simulate('POST', '/_sim/behavior/reset');
    expect((await post('register')).status).toBe(429);
    expect(await callsAtProvider()).toBe(0);
  });

  it('133005 a wrong PIN is asked once, forgotten, and never again', async () => {
    await setPin(nextPin());
    await setElsewhere('777001');
    const answer = await post('register');
    expectRefusal('native', answer, { status: 409, code: 'sender.pin_mismatch' });
    expect(answer.json.detail).toContain('WhatsApp Manager');
    expect(await callsAtProvider()).toBe(1);
    for (let again = 0; again < 3; again++) {
      const later = await post('register');
      expect([later.status, later.json.missing]).toEqual([409, ['pin']]);
    }
    expect(await callsAtProvider()).toBe(1);
    expect(await read()).toMatchObject({ pinStored: false, missing: expect.arrayContaining(['pin']) });
    expect(await types()).toEqual(['sender.pin_set', 'sender.pin_refused']);
    expect((await setPin('777001')).status).toBe(200);
    expect((await post('register')).status).toBe(200);
  });

  it.each([
    [10, 422, 'sender.refused', 'no_permission'],
    [200, 422, 'sender.refused', 'no_permission'],
    [100, 422, 'sender.refused', 'invalid_parameter'],
    [131031, 422, 'sender.refused', 'account_locked'],
    [133000, 422, 'sender.refused', 'incomplete_deregistration'],
    [133004, 503, 'provider.unavailable', undefined],
    [133005, 409, 'sender.pin_mismatch', 'pin_mismatch'],
    [133006, 409, 'sender.step_missing', undefined],
    [133008, 429, 'sender.pin_blocked', 'pin_too_many_guesses'],
    [133009, 429, 'sender.pin_blocked', 'pin_guessed_too_fast'],
    [133010, 409, 'sender.step_missing', undefined],
    [133015, 422, 'sender.refused', 'deleted_recently'],
    [133016, 429, 'sender.registration_limit', 'registration_limit'],
    [136024, 422, 'sender.refused', 'code_not_sent'],
    [136025, 422, 'sender.code_wrong', 'code_wrong'],
    [139200, 422, 'sender.refused', 'meta_139200'],
  ])('%i is explained: %i %s', async (error, status, code, reason) => {
    await setPin(nextPin());
    await simulate('PUT', '/_sim/behavior', { numberError: error });
    const answer = await post('register');
    expectRefusal('native', answer, { status, code });
    expect(answer.json.reason).toBe(reason);
    expect(answer.json.detail.length).toBeGreaterThan(10);
    if (status === 429 || status === 503 || error === 133015)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    else expect(answer.headers).not.toHaveProperty('retry-after');
    expect(await types()).not.toContain('sender.registered');
  });

  it('10 and 100 are explained when a PIN is set, and nothing of it is kept', async () => {
    for (const [error, reason] of [
      [10, 'no_permission'],
      [100, 'invalid_parameter'],
    ] as const) {
      await simulate('PUT', '/_sim/behavior', { numberError: error });
      const answer = await setPin(nextPin());
      expectRefusal('native', answer, { status: 422, code: 'sender.refused' });
      expect(answer.json.reason).toBe(reason);
    }
    expect(await read()).not.toHaveProperty('pinSetAt');
    expect(await events()).toEqual([]);
  });

  it.each([
    ['request-code', { method: 'FAX', language: 'en' }, '#/method', 'not_allowed'],
    ['request-code', { method: 'SMS', language: 'English' }, '#/language', 'format'],
    ['verify-code', { code: '123-456' }, '#/code', 'format'],
    ['register', { pin: '12345' }, '#/pin', 'format'],
    ['deregister', { pin: '480713' }, '#/pin', 'unknown_field'],
  ])('BI %s with %j', async (action, body, pointer, code) => {
    const answer = await post(action, body);
    expectRefusal('native', answer, { status: 422, code: 'request.invalid', field: [pointer, code] });
  });
});

describe('reminders', () => {
  const keepHouse = (chore: string): Promise<boolean> =>
    house.worker!.app.get(Housekeeping, { strict: false }).run(chore);

  it('are chores that a worker has scheduled', async () => {
    const queue = house.worker!.app.get(Queues, { strict: false }).get(HOUSEKEEPING_QUEUE);
    await expect
      .poll(async () => (await queue.getJobSchedulers()).map(({ key }) => key))
      .toEqual(expect.arrayContaining(['pin-reminders', 'token-warnings']));
  });

  it('sender.pin_due comes after 90 days, and once in each 90 after', async () => {
    // Not through the API: this far ahead its keys have ended.
    const due = async (): Promise<number> => {
      const sql = `SELECT count(*)::int AS told FROM tenant_events WHERE type = 'sender.pin_due' AND subject = $1`;
      const [row] = await query<{ told: number }>(sql, [sender.id]);
      return row!.told;
    };
    const days = async (count: number): Promise<number> => {
      house.moveClock(count * DAY);
      moved += count;
      await Promise.all([keepHouse('pin-reminders'), keepHouse('pin-reminders')]);
      return due();
    };
    let moved = 0;
    await setPin(nextPin());
    try {
      expect(await days(89)).toBe(0);
      expect(await days(2)).toBe(1);
      expect(await days(5)).toBe(1);
      expect(await days(84)).toBe(1);
      expect(await days(2)).toBe(2);
    } finally {
      house.moveClock(-moved * DAY);
    }
    const event = (await events()).find(({ type }) => type === 'sender.pin_due');
    expect(event).toMatchObject({ subject: sender.id, data: { pinSetAt: expect.any(String) } });
  });

  it('sender.pin_due waits 90 days more when the PIN was changed', async () => {
    await setPin(nextPin());
    const first = await dueAt();
    house.moveClock(30 * DAY);
    try {
      await setPin(nextPin());
    } finally {
      house.moveClock(-30 * DAY);
    }
    expect((await dueAt()) - first).toBeGreaterThanOrEqual(30 * DAY);
  });

  it('account.token_expiring comes once for each end of the token, in its last seven days', async () => {
    const told = async (): Promise<Answer['json'][]> => {
      await keepHouse('token-warnings');
      const { items } = (await house.call('GET', `/v1/accounts/${account}/events`)).json;
      return items.filter(({ type }: { type: string }) => type === 'account.token_expiring');
    };
    const endsIn = (ms: number): Promise<Answer> =>
      simulate('PUT', '/_sim/accounts', {
        wabaId: WABA,
        tokenExpiresAt: Math.floor((Date.now() + ms) / 1_000),
      });
    expect(await told()).toHaveLength(0);
    await endsIn(8 * DAY);
    expect(await told()).toHaveLength(0);
    house.moveClock(2 * DAY);
    try {
      const [event] = await told();
      expect(event).toMatchObject({ subject: account, data: { account, expiresAt: expect.any(String) } });
      expect(await told()).toHaveLength(1);
      await endsIn(7 * DAY);
      expect(await told()).toHaveLength(2);
    } finally {
      house.moveClock(-2 * DAY);
    }
    await simulate('PUT', '/_sim/accounts', { wabaId: WABA, tokenExpiresAt: 0 });
  });
});

describe('ATK-10 another tenant’s sender', () => {
  it('is an unknown one on every call, and stays as it is', async () => {
    await setPin(nextPin());
    const theirs = await neighbour();
    const calls: [string, string, object?][] = [
      ['GET', ''],
      ['GET', '/events'],
      ['PUT', '/pin', { pin: nextPin() }],
      ['POST', '/request-code', { method: 'SMS', language: 'en' }],
      ['POST', '/verify-code', { code: '480713' }],
      ['POST', '/register', {}],
      ['POST', '/deregister', {}],
    ];
    const before = await events();
    for (const [method, path, body] of calls) {
      const answer = await theirs.call(method, sender.path + path, body);
      expectRefusal('native', answer, { status: 404, code: 'sender.not_found' }, [sender.id]);
    }
    expect((await theirs.call('GET', '/v1/senders')).text).not.toContain(sender.id);
    expect((await theirs.call('GET', `/v1/senders?account=${account}`)).status).toBe(404);
    expect(await events()).toEqual(before);
    expect(await callsAtProvider()).toBe(0);
  });

  it('is changed by a key with accounts:write only', async () => {
    const authorization = `Bearer ${await house.newKey('test', ['accounts:read'])}`;
    expect((await house.call('GET', sender.path, undefined, { authorization })).status).toBe(200);
    const writes = SCOPES.filter((scope) => scope !== 'accounts:write');
    const nearly = { authorization: `Bearer ${await house.newKey('test', writes)}` };
    for (const [method, action] of [
      ['PUT', 'pin'],
      ['DELETE', 'pin'],
      ['POST', 'register'],
      ['POST', 'deregister'],
      ['POST', 'request-code'],
      ['POST', 'verify-code'],
    ] as const) {
      const body = method === 'DELETE' ? undefined : {};
      expect((await house.call(method, `${sender.path}/${action}`, body, nearly)).status).toBe(403);
    }
  });
});

async function codeAtProvider(): Promise<string> {
  const { accounts } = (await simulate('GET', '/_sim/accounts')).json;
  const numbers = accounts.flatMap((each: Answer['json']) => each.phoneNumbers);
  return numbers.find(({ id }: { id: string }) => id === sender.phoneNumberId).verificationCode;
}

/** What is kept of the sender. */
const keptRows = (): Promise<Record<string, unknown>[]> =>
  query('SELECT * FROM sender_numbers WHERE sender_id = $1', [renderUuid(parseNative('sender', sender.id)!)]);

async function query<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: house.databaseUrl });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

const dueAt = async (): Promise<number> => Date.parse((await read()).pinDueAt);

let neighbours = 0;

/** Another tenant with an account at the same simulator, and a number of its own there. */
async function neighbour(): Promise<{
  path: string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
}> {
  const { key } = await house.newTenantKey(`neighbour-${++neighbours}`);
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    house.call(method, path, body, { authorization: `Bearer ${key}` });
  const wabaId = String(100_000_000_000_800 + neighbours);
  const accessToken = `neighbour-token-${neighbours}`;
  const number = { id: `${wabaId}1`, displayNumber: String(584_170_000_000 + neighbours) };
  await simulate('PUT', '/_sim/accounts', { wabaId, accessToken, phoneNumbers: [number] });
  const created = await call('POST', '/v1/accounts', {
    name: 'theirs',
    provider: 'meta-cloud',
    config: { baseUrl: house.simulator.url, wabaId, accessToken, appSecrets: ['their-app-secret'] },
    countries: ['*'],
    senders: [{ channel: 'whatsapp', address: number.displayNumber, externalId: number.id }],
  });
  expect(created.status, created.text).toBe(201);
  return { path: `/v1/senders/${created.json.senders[0].id}`, call };
}
