// The whole way, through API, worker and simulator, for each provider that is not WhatsApp's own: a challenge is sent,
// the provider's webhook proves itself at our door, and the message is known to be delivered.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPORT_QUEUE } from '#challenges';
import { LimitPolicies } from '#limits';
import { SCOPES } from '#tenants';
import { AccountsService } from '#providers';
import { parseNative } from '#platform/identifiers';
import { Queues } from '#platform/queue';
import { SimulatorConfig } from '../../../apps/simulator/src/simulator.config.js';
import { type Answer, ask, type House, openHouse, until } from '../../support/house.js';
import { addInfobip } from '../../support/other-accounts.js';

const seeded = new SimulatorConfig();
let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

interface Row {
  provider: string;
  channel: string;
  sender: string;
  secret: string;
  config(simulator: string): Record<string, unknown>;
  /** A webhook of nobody's. */
  forged: { type: string; headers: Record<string, string>; body: string };
}

const ROWS: Row[] = [
  {
    provider: 'twilio-messaging',
    channel: 'sms',
    sender: '15550783881',
    secret: seeded.twilioAuthToken,
    config: (simulator) => ({
      baseUrl: `${simulator}/twilio`,
      accountSid: seeded.twilioAccountSid,
      authTokens: [seeded.twilioAuthToken],
    }),
    forged: {
      type: 'application/x-www-form-urlencoded',
      headers: { 'x-twilio-signature': `${'A'.repeat(27)}=` },
      body: 'MessageSid=SM1&MessageStatus=read',
    },
  },
  {
    provider: 'telegram-gateway',
    channel: 'telegram',
    sender: '@examplecodes',
    secret: seeded.telegramToken,
    config: (simulator) => ({ baseUrl: `${simulator}/telegram`, accessTokens: [seeded.telegramToken] }),
    forged: {
      type: 'application/json',
      headers: { 'x-request-timestamp': '1750030073', 'x-request-signature': '0'.repeat(64) },
      body: '{"request_id":"1","delivery_status":{"status":"read"}}',
    },
  },
  {
    provider: 'generic-http',
    channel: 'voice',
    sender: '15550783882',
    secret: 'a-key-for-the-proxy',
    config: (simulator) => ({
      url: `${simulator}/hook/codes`,
      secrets: [seeded.hookSecret],
      headers: { 'x-proxy-key': 'a-key-for-the-proxy' },
    }),
    forged: {
      type: 'application/json',
      headers: { 'webhook-id': 'x', 'webhook-timestamp': '1750030073', 'webhook-signature': 'v1,AAAA' },
      body: '{"messages":[{"correlationId":"x","status":"read"}]}',
    },
  },
];

describe.each(ROWS)('$provider', ({ provider, channel, sender, secret, config, forged }) => {
  let webhook: string;

  it('SEC-11 its account is made, and shows nothing that is secret', async () => {
    const account = {
      name: provider,
      provider,
      config: config(house.simulator.url),
      countries: ['*'],
      senders: [{ channel, address: sender }],
    };
    const created = await house.call('POST', '/v1/accounts', account);
    expect([created.status, created.json.simulator]).toEqual([201, true]);
    expect(created.text).not.toContain(secret);
    webhook = created.json.webhook.url;
    const tested = await house.call('POST', `/v1/accounts/${created.json.id}/test`);
    expect(tested.text).not.toContain('"ok":false');
  });

  it('FI-34 a code arrives on the phone, is known to be delivered, and is right', async () => {
    const generator = await house.call('POST', '/v1/generators', {
      name: provider,
      channels: [{ channel, sender }],
    });
    expect(generator.status, generator.text).toBe(201);
    const receiver = '+525512340099';
    const { json } = await house.call('POST', '/v1/challenges', { generator: generator.json.id, receiver });
    await until(
      async () => (await house.call('GET', `/v1/challenges/${json.id}`)).json.messages[0].status,
      (status) => status === 'delivered',
    );
    const message = (await house.simulated(receiver)).at(-1)!;
    expect(message).toMatchObject({ channel });
    const check = await house.call('POST', `/v1/challenges/${json.id}/check`, { code: message.code });
    expect(check.json).toMatchObject({ valid: true });
  });

  it('ATK-15 BI-74 a webhook of nobody’s is answered 401', async () => {
    const post = (headers: Record<string, string>): Promise<number> =>
      fetch(webhook, {
        method: 'POST',
        headers: { 'content-type': forged.type, ...headers },
        body: forged.body,
      }).then(({ status }) => status);
    expect(await post({})).toBe(401);
    expect(await post(forged.headers)).toBe(401);
  });
});

it.each([
  [
    'the site whose page may take it (WebOTP)',
    '+525512340101',
    { webOtpDomain: 'shop.example' },
    (code: string) => `@shop.example #${code}`,
  ],
  [
    'the Android app that may take it (SMS Retriever)',
    '+525512340102',
    { androidAppHash: 'K8a/AINcGX7' },
    () => 'K8a/AINcGX7',
  ],
] as const)('a code by SMS ends with the line that names %s', async (_who, receiver, option, line) => {
  const step = { channel: 'sms', sender: '15550783881', language: 'es', ...option };
  const generator = await house.call('POST', '/v1/generators', { name: 'autofill', channels: [step] });
  expect(generator.json.channels).toEqual([step]);
  const { json } = await house.call('POST', '/v1/challenges', { generator: generator.json.id, receiver });
  const [message] = await until(
    () => house.simulated(receiver),
    (found) => found.length === 1,
  );
  const [code] = /\d{6}/.exec(message!.text)!;
  const [words, gap, last, ...more] = message!.text.split('\n');
  expect(words).toBe(
    `${code} es su código para iniciar sesión. Es válido durante 10 minutos. No lo comparta con nadie.`,
  );
  expect([gap, last, more]).toEqual(['', line(code), []]);
  const checked = await house.call('POST', `/v1/challenges/${json.id}/check`, { code });
  expect(checked.json.valid).toBe(true);
});

it.each([
  ['letters', { alphabet: 'alphanumeric' }, 'alphabet'],
  ['nine digits', { codeLength: 9 }, 'codeLength'],
  ['codes of the caller’s own', { callerCodes: true }, 'callerCodes'],
])(
  'Telegram takes four to eight digits of ours: a generator with %s is refused',
  async (_what, rules, field) => {
    const answer = await house.call('POST', '/v1/generators', {
      name: 'telegram',
      channels: [{ channel: 'telegram', sender: '@examplecodes' }],
      ...rules,
    });
    expect([answer.status, answer.json.errors]).toEqual([
      422,
      [{ pointer: `#/${field}`, code: 'not_allowed', detail: expect.stringContaining('telegram') }],
    ]);
  },
);

it('ATK-13 a hook that would lead inside is told at the test of its account', async () => {
  const created = await house.call('POST', '/v1/accounts', {
    name: 'inside',
    provider: 'generic-http',
    config: { url: 'https://127.0.0.1:8443/codes', secrets: [seeded.hookSecret] },
    countries: ['*'],
    senders: [{ channel: 'line', address: 'Inside' }],
  });
  const tested = await house.call('POST', `/v1/accounts/${created.json.id}/test`);
  expect(tested.text).toContain('address_not_allowed');
});

describe('a message through Infobip', () => {
  let generator: string;
  let account: string;
  let key: string;

  beforeAll(async () => {
    const infobip = await addInfobip(house);
    account = infobip.id;
    const channels = [{ channel: 'sms', sender: infobip.senderOn('sms') }];
    generator = (await house.call('POST', '/v1/generators', { name: 'priced', channels })).json.id;
    key = await house.newKey('live', SCOPES);
  });

  const live = (method: string, path: string, body?: object): Promise<Answer> =>
    house.call(method, path, body, { authorization: `Bearer ${key}` });
  const delivered = async (receiver: string): Promise<{ id: string; code: string }> => {
    const opened = await live('POST', '/v1/challenges', { generator, receiver });
    expect(opened.status, opened.text).toBe(201);
    const path = `/v1/challenges/${opened.json.id}`;
    await until(
      () => house.call('GET', path),
      ({ json }) => json.messages[0].status === 'delivered' && json.messages[0].price !== undefined,
    );
    return { id: opened.json.id, code: (await house.simulated(receiver)).at(-1)!.code };
  };
  const conversions = async (): Promise<string[]> =>
    (await ask('GET', `${house.simulator.url}/_sim/infobip/conversions`)).json.conversions;
  const providerIdOf = async (id: string): Promise<string> => {
    const { json } = await until(
      () => house.call('GET', `/v1/challenges/${id}/timeline`),
      (found) => found.json.items?.some(({ type }: { type: string }) => type === 'message.accepted'),
    );
    return json.items.find(({ type }: { type: string }) => type === 'message.accepted').providerMessageId;
  };

  it('has the price of its report, in the challenge, in its timeline and when it has left Redis', async () => {
    const { id } = await delivered('+525512341001');
    const price = { micros: 10_000, currency: 'EUR' };
    const read = (): Promise<Answer> => house.call('GET', `/v1/challenges/${id}`);
    expect((await read()).json.messages[0]).toMatchObject({ price });
    const timeline = await until(
      () => house.call('GET', `/v1/challenges/${id}/timeline`),
      ({ json }) => json.items?.some(({ price: told }: { price?: object }) => told !== undefined),
    );
    expect(timeline.json.items.filter((item: { price?: object }) => item.price)).toMatchObject([{ price }]);
    await house.redis.del(...(await house.redis.keys(`{p*}:ch:${id.slice(4)}`)));
    expect((await read()).json.messages[0]).toMatchObject({ price });
  });

  it('FR-10: settles the budget of its currency on that price, and leaves that of another on the assumed one', async () => {
    const budgets = ['EUR', 'USD'].map((currency) => ({
      period: 'day',
      unit: 'money',
      currency,
      most: 100_000,
      assumedMicros: 60_000,
    }));
    const put = await live('PUT', '/v1/limits', { budgets });
    expect(put.status, put.text).toBe(200);
    const policies = house.worker!.app.get(LimitPolicies, { strict: false });
    await until(
      async () => policies.of(parseNative('tenant', house.demo.tenantId)!),
      (policy) => policy.budgets.length === budgets.length,
    );
    await delivered('+525512341002');
    const spent = async (currency: string): Promise<number> => {
      const [name] = await house.redis.keys(`{lim:*}:budget:all:${currency}:*`);
      return Number(await house.redis.hget(name!, 'n'));
    };
    await until(
      () => spent('EUR'),
      (micros) => micros === 10_000,
    );
    expect(await spent('USD')).toBe(60_000);
    await live('PUT', '/v1/limits', {});
  });

  it('is reported when it was answered, once, and not when it was not', async () => {
    const known = await conversions();
    const silent = await delivered('+525512341003');
    const { id, code } = await delivered('+525512341004');
    expect((await live('POST', `/v1/challenges/${id}/check`, { code })).json).toMatchObject({ valid: true });
    const wanted = await providerIdOf(id);
    const told = await until(conversions, (found) => found.includes(wanted));
    expect(told.filter((one) => !known.includes(one))).toEqual([wanted]);
    expect(told).not.toContain(await providerIdOf(silent.id));
  });

  it('is reported three times at most, and what stays of it is an id', async () => {
    const { id, code } = await delivered('+525512341005');
    const apiKey = 'a-key-that-is-not-known';
    await house.call('PATCH', `/v1/accounts/${account}`, { config: { apiKey } });
    const accounts = house.worker!.app.get(AccountsService, { strict: false });
    await until(
      async () => accounts.load(parseNative('account', account)!),
      (loaded) => JSON.stringify(loaded?.config).includes(apiKey),
    );
    await live('POST', `/v1/challenges/${id}/check`, { code });
    const queue = house.worker!.app.get(Queues).get(REPORT_QUEUE);
    const [failed] = await until(
      async () => {
        for (const job of await queue.getDelayed()) await job.promote().catch(() => undefined);
        return queue.getFailed();
      },
      (jobs) => jobs.length > 0,
    );
    expect(failed).toMatchObject({ attemptsMade: 3, failedReason: expect.stringMatching(/^infobip_\w+$/) });
    expect(failed!.data).toEqual({ v: 1, messageId: expect.stringMatching(/^[0-9a-z]{26}$/) });
    expect(await conversions()).not.toContain(await providerIdOf(id));
  });
});

describe('a plan is saved', () => {
  it('a plan through an account whose countries have no numbers is refused', async () => {
    const account = {
      name: 'nowhere',
      provider: 'generic-http',
      config: { url: `${house.simulator.url}/hook/codes`, secrets: [seeded.hookSecret] },
      countries: ['XX', 'ZZ'],
      senders: [{ channel: 'line', address: 'Nowhere' }],
    };
    const created = await house.call('POST', '/v1/accounts', account);
    expect(created.status, created.text).toBe(201);
    const plan = { name: 'nowhere', channels: [{ channel: 'line', sender: 'Nowhere' }] };
    const refused = await house.call('POST', '/v1/generators', plan);
    expect([refused.status, refused.json.errors]).toMatchObject([
      422,
      [{ pointer: '#/channels/0/sender', code: 'account_incomplete' }],
    ]);
    expect(refused.text).not.toContain('ZZ');
    await house.call('PATCH', `/v1/accounts/${created.json.id}`, { countries: ['ZZ', 'MX'] });
    expect((await house.call('POST', '/v1/generators', plan)).status).toBe(201);
  });

  it('FR-11 a plan that calls countries which the tenant does not let be called is told so', async () => {
    const account = {
      name: 'calls',
      provider: 'generic-http',
      config: { url: `${house.simulator.url}/hook/codes`, secrets: [seeded.hookSecret] },
      countries: ['MX'],
      senders: [{ channel: 'voice', address: '15550783899' }],
    };
    await house.call('POST', '/v1/accounts', account);
    const as = { authorization: `Bearer ${await house.newKey('live', SCOPES)}` };
    const plan = { name: 'calls', channels: [{ channel: 'voice', sender: '15550783899' }] };
    const save = async (voiceCountries: string[]): Promise<unknown> => {
      const put = await house.call('PUT', '/v1/limits', { voiceCountries }, as);
      expect(put.status, put.text).toBe(200);
      return (await house.call('POST', '/v1/generators', plan)).json.warnings;
    };
    const warned = [expect.stringContaining('voiceCountries')];
    expect(await save([])).toEqual(warned);
    expect(await save(['US'])).toEqual(warned);
    expect(await save(['MX'])).toBeUndefined();
    await house.call('PUT', '/v1/limits', {}, as);
  });
});
