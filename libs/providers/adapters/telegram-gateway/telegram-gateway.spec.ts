import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  SimulatorUnderTest,
  WebhookReceiver,
} from '../../../../apps/simulator/src/simulator.fixtures.js';
import { HttpClient } from '#platform/http-client';
import { describeProvider } from '../../conformance/describe-provider.fixtures.js';
import { json, type Play, ScriptedServer, text } from '../../conformance/scripted-server.fixtures.js';
import type { Notice, OutboundMessage, ProviderContext, SendResult } from '../../message-provider.js';
import { TelegramGatewayConfig } from './telegram-gateway.config.js';
import {
  ABILITY,
  configAt,
  posted,
  report,
  simulatedConfig,
  statusNotice,
  telegramCase,
  telegramError,
  telegramMessage,
} from './telegram-gateway.fixtures.js';
import { telegramGateway } from './telegram-gateway.provider.js';

describeProvider(telegramCase);

const receipts = telegramGateway.receipts!;
const http = new HttpClient();
const context: ProviderContext = { http, now: () => Date.now() };
afterAll(() => http.onApplicationShutdown());

/** The Gateway, whose question is always answered well. */
class Gateway {
  private constructor(readonly server: ScriptedServer) {}

  static async start(): Promise<Gateway> {
    return new Gateway(await ScriptedServer.start());
  }

  send(
    play: Play,
    changes: Partial<OutboundMessage> = {},
    settings: Partial<TelegramGatewayConfig> = {},
    more: Partial<ProviderContext> = {},
  ): Promise<SendResult> {
    this.server.will((response, request) =>
      (request.url === '/checkSendAbility' ? ABILITY : play)(response, request),
    );
    const message = { ...telegramMessage, ...changes };
    return telegramGateway.send(message, configAt(this.server.url, settings), { ...context, ...more });
  }
}

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(() => gateway.server.stop());

describe('telegram-gateway: what is sent', () => {
  async function sent(
    ...args: Parameters<Gateway['send']> extends [Play, ...infer Rest] ? Rest : never
  ): Promise<Record<string, unknown>> {
    await gateway.send(telegramCase.accepted('1a2b3c'), ...args);
    return JSON.parse(gateway.server.received.at(-1)!.body) as Record<string, unknown>;
  }

  it('the question names the receiver and nothing else', async () => {
    await sent();
    const { url, body } = gateway.server.received.at(-2)!;
    expect([url, JSON.parse(body)]).toEqual(['/checkSendAbility', { phone_number: '+15551234567' }]);
  });

  it.each([
    [undefined, undefined],
    [1_000, 30],
    [90_500, 90],
    [86_400_000, 3_600],
  ])('a life of %s ms is a ttl of %s s', async (lifeMs, ttl) => {
    expect((await sent({ lifeMs }))['ttl']).toBe(ttl);
  });

  it.each([
    ['@examplecodes', 'examplecodes'],
    ['examplecodes', 'examplecodes'],
    ['15550783881', undefined],
  ])('the sender %s is the channel %s', async (address, channel) => {
    expect((await sent({ from: { address } }))['sender_username']).toBe(channel);
  });

  it('reports go to where the account is reached', async () => {
    const body = await sent({}, {}, { webhookUrl: 'https://a.example/webhooks/telegram-gateway/acc_1' });
    expect(body['callback_url']).toBe('https://a.example/webhooks/telegram-gateway/acc_1');
  });

  it('a code that Telegram makes is of the same length, and ours stays here', async () => {
    const body = await sent({ code: '12345678' }, { codeOwner: 'telegram' });
    expect(body).toMatchObject({ code_length: 8 });
    expect(JSON.stringify(body)).not.toContain('12345678');
  });

  it.each(['123', '123456789', 'A1B2C3', '１２３４', ''])(
    'a code such as %j is refused before anything is asked',
    async (code) => {
      const before = gateway.server.received.length;
      expect(await gateway.send(telegramCase.accepted('1'), { code })).toEqual({
        outcome: 'rejected',
        reason: 'telegram_code_must_be_4_to_8_digits',
        failure: 'bug',
      });
      expect(gateway.server.received).toHaveLength(before);
    },
  );

  it('FI-24 both calls together keep to the deadline', async () => {
    const from = performance.now();
    gateway.server.will((response, request) => {
      if (request.url === '/checkSendAbility') setTimeout(() => ABILITY(response, request), 200);
    });
    const result = await telegramGateway.send(
      { ...telegramMessage, deadlineMs: 400 },
      configAt(gateway.server.url),
      context,
    );
    expect(result).toMatchObject({ outcome: 'unknown', reason: 'timeout' });
    expect(performance.now() - from).toBeLessThan(400 + 700);
  });
});

describe('telegram-gateway: what each word means', () => {
  it.each([
    ['ACCESS_TOKEN_INVALID', { outcome: 'rejected', failure: 'account' }],
    ['BALANCE_NOT_ENOUGH', { outcome: 'rejected', failure: 'account' }],
    ['SENDER_USERNAME_INVALID', { outcome: 'rejected', failure: 'account' }],
    ['PHONE_NUMBER_INVALID', { outcome: 'rejected', failure: 'receiver' }],
    ['PHONE_NUMBER_NOT_FOUND', { outcome: 'rejected', failure: 'receiver' }],
    ['CODE_INVALID', { outcome: 'rejected', failure: 'bug' }],
    ['REQUEST_ID_INVALID', { outcome: 'retry' }],
    ['FLOOD_WAIT_42', { outcome: 'retry', throttled: true, afterMs: 42_000, reason: 'telegram_flood_wait' }],
    ['FLOOD_WAIT_0', { outcome: 'retry', throttled: true, afterMs: 1_000 }],
    ['TOO_MANY_REQUESTS', { outcome: 'retry', throttled: true }],
    ['INTERNAL_ERROR', { outcome: 'unknown' }],
  ])('%s, whatever the status', async (word, expected) => {
    for (const status of [200, 400, 401, 429, 500])
      expect(await gateway.send(telegramError(word, { status })), String(status)).toMatchObject(expected);
  });

  it.each([
    [200, { outcome: 'rejected', failure: 'bug' }],
    [400, { outcome: 'rejected', failure: 'bug' }],
    [403, { outcome: 'rejected', failure: 'account' }],
    [429, { outcome: 'retry', throttled: true }],
    [500, { outcome: 'unknown' }],
  ])('a word of next year with %i is judged by the status', async (status, expected) => {
    const result = await gateway.send(telegramError('SOMETHING_NEW', { status }));
    expect(result).toMatchObject({ ...expected, reason: 'telegram_something_new' });
  });

  it.each([5, null, 'a sentence about +15551234567', 'lower_case', 'A'.repeat(60), {}])(
    'an error written as %j is no word, and nobody can say what happened',
    async (error) => {
      expect(await gateway.send(telegramError(error))).toEqual({ outcome: 'unknown', reason: 'status_400' });
    },
  );
});

describe('telegram-gateway: reports', () => {
  const config = configAt('https://gatewayapi.telegram.org');
  const token = config.accessTokens[0]!;
  const body = Buffer.from(JSON.stringify(report('1a2b3c', 'sent')));
  const NOW = 1_750_030_073_000;
  const at = (offsetSeconds: number): string => String(NOW / 1_000 + offsetSeconds);

  it.each([-299, 0, 299])('ATK-16 a report of %i s is believed', (offset) => {
    expect(receipts.verify({ ...posted(body, token, at(offset)), receivedAt: NOW }, config)).toBe(true);
  });

  it.each([at(-360), at(360), at(3_600), 'NaN', '', `${at(0)}.5`, ` ${at(0)}`, '1e9', `-${at(0)}`])(
    'BI-78 a report whose time is %j is not',
    (timestamp) => {
      expect(receipts.verify({ ...posted(body, token, timestamp), receivedAt: NOW }, config)).toBe(false);
    },
  );

  it('ATK-15 the time is signed as well', () => {
    const request = posted(body, token, at(0));
    const moved = { ...request, headers: { ...request.headers, 'x-request-timestamp': at(1) } };
    expect(receipts.verify({ ...request, receivedAt: NOW }, config)).toBe(true);
    expect(receipts.verify({ ...moved, receivedAt: NOW }, config)).toBe(false);
    const without = { ...request.headers, 'x-request-timestamp': undefined };
    expect(receipts.verify({ ...request, headers: without, receivedAt: NOW }, config)).toBe(false);
  });

  it.each([
    ['sent', {}],
    ['delivered', {}],
    ['read', {}],
    ['expired', { status: 'failed', reason: 'telegram_expired', failure: 'receiver' }],
    ['revoked', { status: 'failed', reason: 'telegram_revoked' }],
  ] as const)('%s', (word, changes) => {
    expect(receipts.parse(report('1a2b3c', word)).notices).toEqual([
      statusNotice('1a2b3c', word as 'sent', changes),
    ]);
  });

  it.each([
    [{ is_refunded: true }, { amount: '0', currency: 'USD' }],
    [{ request_cost: 0 }, { amount: '0', currency: 'USD' }],
    [{ request_cost: '0.01' }, undefined],
    [{ request_cost: -1 }, undefined],
    [{ request_cost: 1e-9 }, undefined],
    [{ request_cost: undefined }, undefined],
  ])('a cost of %j is a price of %j', (changes, price) => {
    const [notice] = receipts.parse({ ...report('1a2b3c', 'sent'), ...changes }).notices;
    expect((notice as { price?: unknown }).price).toEqual(price);
  });
});

describe('telegram-gateway: answers that Telegram checks', () => {
  const check = (play: Play): Promise<unknown> => {
    gateway.server.will(play);
    return telegramGateway.check!('1a2b3c', '093751', configAt(gateway.server.url), context);
  };
  const verified = (status: unknown): Play =>
    json(200, { ok: true, result: { ...report('1a2b3c', 'read'), verification_status: { status } } });

  it.each([
    ['code_valid', { outcome: 'right' }],
    ['code_invalid', { outcome: 'wrong' }],
    ['code_max_attempts_exceeded', { outcome: 'ended' }],
    ['expired', { outcome: 'ended' }],
    ['constructor', { outcome: 'unavailable', reason: 'answer_without_status' }],
    [5, { outcome: 'unavailable', reason: 'answer_without_status' }],
  ])('%s', async (status, expected) => {
    expect(await check(verified(status))).toEqual(expected);
    const { url, body } = gateway.server.received.at(-1)!;
    expect([url, JSON.parse(body)]).toEqual([
      '/checkVerificationStatus',
      { request_id: '1a2b3c', code: '093751' },
    ]);
  });

  it('nothing is right that Telegram does not call so', async () => {
    for (const play of [
      text(200, ''),
      text(200, '<html>'),
      text(500, ''),
      json(200, { ok: true, result: {} }),
    ])
      expect(await check(play)).toMatchObject({ outcome: 'unavailable' });
    expect(await check(telegramError('ACCESS_TOKEN_INVALID'))).toEqual({
      outcome: 'unavailable',
      reason: 'telegram_access_token_invalid',
    });
  });
});

describe('telegram-gateway: at the simulator', () => {
  let simulator: SimulatorUnderTest;
  let receiver: WebhookReceiver;
  let config: TelegramGatewayConfig;
  beforeEach(async () => {
    simulator = await SimulatorUnderTest.start();
    receiver = await new WebhookReceiver().start();
    config = simulatedConfig(simulator);
  });
  afterEach(async () => {
    await simulator.stop();
    await receiver.stop();
  });
  const send = (changes: Partial<OutboundMessage> = {}): Promise<SendResult> =>
    telegramGateway.send({ ...telegramMessage, ...changes }, config, {
      ...context,
      webhookUrl: receiver.url,
    });

  it('its reports prove themselves and tell the way', async () => {
    const { providerMessageId } = (await send({ correlationId: 'msg_é/1' })) as { providerMessageId: string };
    const told = await eventually(() => {
      const notices: Notice[] = receiver.deliveries.flatMap(({ json: body }) => receipts.parse(body).notices);
      return notices.length >= 2 ? notices : undefined;
    });
    for (const status of ['sent', 'delivered'] as const)
      expect(told).toContainEqual(statusNotice(providerMessageId, status, { correlationId: 'msg_é/1' }));
    for (const { headers, raw } of receiver.deliveries) {
      const request = { url: receiver.url, headers, query: {}, rawBody: raw };
      expect(receipts.verify(request, config)).toBe(true);
      expect(receipts.verify(request, { ...config, accessTokens: ['of-another-account'] })).toBe(false);
    }
  });

  it('a receiver who is not on Telegram is refused at once', async () => {
    expect(await send({ to: '+12025550126' })).toEqual({
      outcome: 'rejected',
      reason: 'telegram_phone_number_not_found',
      failure: 'receiver',
    });
  });

  it('a code of Telegram’s own is right once it is the one on the phone', async () => {
    config = { ...config, codeOwner: 'telegram' };
    const { providerMessageId } = (await send()) as { providerMessageId: string };
    const { json: log } = await simulator.control('GET', 'messages');
    const { code } = log.messages[0] as { code: string };
    expect(code).toMatch(/^\d{6}$/);
    const answer = (given: string): Promise<unknown> =>
      telegramGateway.check!(providerMessageId, given, config, context);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    expect(await answer(wrong)).toEqual({ outcome: 'wrong' });
    expect(await answer(code)).toEqual({ outcome: 'right' });
    for (let more = 0; more < 3; more++) await answer(wrong);
    expect(await answer(code)).toEqual({ outcome: 'ended' });
  });

  it('a token in order is told as such, and a wrong one too', async () => {
    expect(await telegramGateway.diagnose!(config, [], context)).toMatchObject([
      { check: 'credentials', ok: true },
    ]);
    const wrong = { ...config, accessTokens: ['a-token-of-nobody'] };
    const findings = await telegramGateway.diagnose!(wrong, [], context);
    expect(findings).toMatchObject([{ check: 'credentials', ok: false }]);
    expect(JSON.stringify(findings)).not.toContain('nobody');
  });
});

it('telegram-gateway: a page in the place of the Gateway is told as unreachable', async () => {
  gateway.server.will(text(200, '<html>'));
  const findings = await telegramGateway.diagnose!(configAt(gateway.server.url), [], context);
  expect(findings).toMatchObject([{ check: 'reachable', ok: false }]);
});

describe('telegram-gateway: the settings', () => {
  const wrong = (changes: object): string[] =>
    validateSync(
      plainToInstance(TelegramGatewayConfig, { ...configAt('https://gatewayapi.telegram.org'), ...changes }),
    ).map(({ property }) => property);

  it.each([
    [[], {}],
    [[], { codeOwner: 'telegram' }],
    [['accessTokens'], { accessTokens: [] }],
    [['accessTokens'], { accessTokens: ['with a space in it'] }],
    [['codeOwner'], { codeOwner: 'both' }],
    [['baseUrl'], { baseUrl: 'gatewayapi.telegram.org' }],
  ])('name %j where they are wrong', (properties, changes) => {
    expect(wrong(changes)).toEqual(properties);
  });
});
