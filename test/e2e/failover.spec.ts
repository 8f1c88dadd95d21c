// A code arrives when a provider does not: another account, another channel, the same code, the same challenge.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { addDialog360, addInfobip, approvedTemplate } from '../support/other-accounts.js';

const TTL_SECONDS = 30;
const DROP_BUFFER_SECONDS = 15;

describe('a plan over three providers', () => {
  let house: House;
  let meta: object;
  let short: object;
  let dialog360: object;
  let sms: object;

  beforeAll(async () => {
    house = await openHouse();
    const infobip = await addInfobip(house);
    const other = await addDialog360(house);
    const step = { channel: 'whatsapp', sender: house.demo.senderAddress };
    meta = { ...step, template: await approvedTemplate(house, house.demo.accountId, 'through_meta') };
    const ttlSeconds = TTL_SECONDS;
    short = {
      ...step,
      template: await approvedTemplate(house, house.demo.accountId, 'short', { ttlSeconds }),
    };
    dialog360 = { channel: 'whatsapp', sender: other.sender, template: other.template };
    sms = { channel: 'sms', sender: infobip.senderOn('sms') };
  });
  afterEach(() => ask('POST', `${house.simulator.url}/_sim/behavior/reset`));
  afterAll(() => house.close());

  const behave = (behavior: object): Promise<Answer> =>
    ask('PUT', `${house.simulator.url}/_sim/behavior`, behavior);

  async function open(receiver: string, ...channels: object[]): Promise<string> {
    const generator = await house.call('POST', '/v1/generators', { name: 'plan', channels });
    expect(generator.status, generator.text).toBe(201);
    const opened = await house.call('POST', '/v1/challenges', { generator: generator.json.id, receiver });
    expect(opened.status, opened.text).toBe(201);
    return opened.json.id;
  }

  /** The challenge, once its messages are in these states. */
  function untilMessages(id: string, wanted: string, timeoutMs?: number): Promise<Answer> {
    const states = ({ json }: Answer): string =>
      json.messages.map(({ status }: { status: string }) => status).join();
    return until(
      () => house.call('GET', `/v1/challenges/${id}`),
      (answer) => states(answer) === wanted,
      timeoutMs,
    );
  }

  async function check(id: string, code: string): Promise<Answer['json']> {
    return (await house.call('POST', `/v1/challenges/${id}/check`, { code })).json;
  }

  it('Meta answers 5xx, 360dialog carries the code, its webhook says delivered, and the answer is right', async () => {
    await behave({ faults: [{ match: { phoneNumberId: '200000000000001' }, kind: 'status', status: 503 }] });
    const receiver = '+525512380001';
    const id = await open(receiver, meta, dialog360, sms);
    const { json } = await untilMessages(id, 'failed,delivered', 30_000);
    expect(json.messages[0]).toMatchObject({ channel: 'whatsapp', reason: 'meta_2' });
    const [message, ...others] = await house.simulated(receiver);
    expect(others).toEqual([]);
    expect(message).toMatchObject({ channel: 'whatsapp', templateName: 'through_360_cloud' });
    expect(await check(id, message!.code)).toMatchObject({ status: 'approved', valid: true });
  });

  it('a number that is not on WhatsApp is told of by webhook, and gets an SMS through Infobip at once', async () => {
    await behave({ faults: [{ match: { phoneNumberId: '200000000000001' }, kind: 'notOnWhatsApp' }] });
    const receiver = '+525512380002';
    const id = await open(receiver, meta, sms);
    const { json } = await untilMessages(id, 'failed,delivered', 30_000);
    expect(json.messages).toMatchObject([{ channel: 'whatsapp', reason: 'meta_131026' }, { channel: 'sms' }]);
    const [whatsapp, text] = await house.simulated(receiver);
    expect(text).toMatchObject({ channel: 'sms', code: whatsapp!.code });
    const [failedAt, sentAt] = await moments(id, 'message.failed', 'message.accepted');
    expect(sentAt! - failedAt!).toBeLessThan(5_000);
    expect(await check(id, text!.code)).toMatchObject({ valid: true });
  });

  it('a mute Meta: dropped at the template’s TTL and the buffer, and an SMS carries the same code', async () => {
    await behave({ webhooks: { mute: true } });
    const receiver = '+525512380003';
    const id = await open(receiver, short, sms);
    await untilMessages(id, 'accepted');
    house.moveClock((TTL_SECONDS + DROP_BUFFER_SECONDS + 1) * 1_000);
    const { json } = await untilMessages(id, 'dropped,accepted', 15_000);
    expect(json.messages[0]).toMatchObject({ reason: 'inferred' });
    const codes = (await house.simulated(receiver)).map(({ channel, code }) => ({ channel, code }));
    expect(codes.map(({ channel }) => channel)).toEqual(['whatsapp', 'sms']);
    expect(new Set(codes.map(({ code }) => code)).size).toBe(1);
    expect(await check(id, codes[1]!.code)).toMatchObject({ valid: true });
  });

  /** When the first message failed and the second was accepted, ms. */
  async function moments(id: string, ...types: string[]): Promise<number[]> {
    const { json } = await until(
      () => house.call('GET', `/v1/challenges/${id}/timeline`),
      (answer) =>
        types.every((type) => answer.json.items?.some((item: { type: string }) => item.type === type)),
    );
    return types.map((type) =>
      Date.parse(json.items.filter((item: { type: string }) => item.type === type).at(-1).at),
    );
  }
});

describe('each channel of Infobip', () => {
  let house: House;
  let infobip: Awaited<ReturnType<typeof addInfobip>>;

  beforeAll(async () => {
    house = await openHouse();
    infobip = await addInfobip(house);
  });
  afterAll(() => house.close());

  it.each(['whatsapp', 'sms', 'voice', 'email', 'viber', 'line', 'kakao', 'zalo'])(
    'carries a code by %s, which is known to be delivered, and right',
    async (channel) => {
      const receiver = channel === 'email' ? 'ana@example.com' : '+525512380010';
      const template =
        channel === 'whatsapp' ? await approvedTemplate(house, infobip.id, 'through_infobip') : undefined;
      const step = { channel, sender: infobip.senderOn(channel), template };
      const generator = await house.call('POST', '/v1/generators', { name: channel, channels: [step] });
      expect(generator.status, generator.text).toBe(201);
      const opened = await house.call('POST', '/v1/challenges', { generator: generator.json.id, receiver });
      expect(opened.status, opened.text).toBe(201);
      await until(
        () => house.call('GET', `/v1/challenges/${opened.json.id}`),
        ({ json }) => ['delivered', 'read'].includes(json.messages[0].status),
      );
      const message = (await house.simulated(receiver)).at(-1)!;
      expect(message.channel).toBe(channel);
      const answer = await house.call('POST', `/v1/challenges/${opened.json.id}/check`, {
        code: message.code,
      });
      expect(answer.json).toMatchObject({ valid: true });
    },
  );

  const infobipWith = (): object => ({
    baseUrl: `${house.simulator.url}/infobip`,
    apiKey: 'another-key',
    webhookSecrets: ['another-secret'],
  });
  it.each([
    ['infobip', 'kakao', 'kakao', infobipWith],
    ['infobip', 'zalo', 'zalo', infobipWith],
    [
      'twilio-messaging',
      'whatsapp',
      'whatsappContentSid',
      () => ({ accountSid: `AC${'0'.repeat(32)}`, authTokens: ['a-token-of-twilio'] }),
    ],
    [
      'telegram-gateway',
      'telegram',
      'codeOwner: countersign',
      () => ({ accessTokens: ['a-token-of-telegram'], codeOwner: 'telegram' }),
    ],
  ])('a plan through %s by %s is refused without config.%s', async (provider, channel, member, config) => {
    const bare = await house.call('POST', '/v1/accounts', {
      name: `bare ${channel}`,
      provider,
      config: config(),
      countries: ['*'],
      senders: [{ channel, address: `Bare${channel}` }],
    });
    expect(bare.status, bare.text).toBe(201);
    const channels = [{ channel, sender: `Bare${channel}` }];
    const refused = await house.call('POST', '/v1/generators', { name: channel, channels });
    expect([refused.status, refused.json.errors]).toEqual([
      422,
      [
        {
          pointer: '#/channels/0/sender',
          code: 'account_incomplete',
          detail: expect.stringContaining(`config.${member}`),
        },
      ],
    ]);
  });
});
