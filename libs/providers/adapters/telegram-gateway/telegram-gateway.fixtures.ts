// The Gateway's documented requests, answers and reports, for the conformance suite and for this adapter's own spec.
import { createHash, createHmac } from 'node:crypto';
import { SimulatorConfig } from '../../../../apps/simulator/src/simulator.config.js';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import type { ProviderCase, SimulatorStage } from '../../conformance/provider-case.fixtures.js';
import { fault, stageAt } from '../../conformance/simulated-stage.fixtures.js';
import { json, type Play } from '../../conformance/scripted-server.fixtures.js';
import type { OutboundMessage, StatusNotice, WebhookRequest } from '../../message-provider.js';
import type { TelegramGatewayConfig } from './telegram-gateway.config.js';
import { telegramGateway } from './telegram-gateway.provider.js';

const TOKENS = ['AAHa-telegram-token-5f1c', 'AAHa-telegram-token-next'] as const;

export function configAt(
  baseUrl: string,
  changes: Partial<TelegramGatewayConfig> = {},
): TelegramGatewayConfig {
  return { baseUrl, accessTokens: [TOKENS[0]], ...changes };
}

export function telegramError(
  error: unknown,
  { status = 400, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Play {
  return json(status, { ok: false, error }, headers);
}

/** The question before a message, answered as documented. */
export const ABILITY = json(200, {
  ok: true,
  result: { request_id: '1a2b3c', phone_number: '+15551234567', request_cost: 0.01, remaining_balance: 8.5 },
});

export const telegramMessage: OutboundMessage = {
  channel: 'telegram',
  to: '+15551234567',
  from: { address: '@examplecodes' },
  code: '093751',
  correlationId: 'corr-7f3a',
  lifeMs: 600_000,
  deadlineMs: 5_000,
};

/** A RequestStatus as a report carries it. */
export function report(
  id: unknown,
  status: unknown,
  correlationId: unknown = 'corr-7f3a',
): Record<string, unknown> {
  return {
    request_id: id,
    phone_number: '+15551234567',
    request_cost: 0.01,
    delivery_status: { status, updated_at: 1_750_030_073 },
    payload: correlationId,
  };
}

export function statusNotice(
  providerMessageId: string,
  status: StatusNotice['status'],
  more: Partial<StatusNotice> = {},
): StatusNotice {
  return {
    kind: 'status',
    providerMessageId,
    correlationId: 'corr-7f3a',
    status,
    reason: undefined,
    failure: undefined,
    price: { amount: '0.01', currency: 'USD' },
    ...more,
  };
}

/** As the Gateway's page tells it; `timestamp` in seconds, as it stands in the header. */
export function posted(
  rawBody: Buffer,
  token: string,
  timestamp = String(Math.floor(Date.now() / 1_000)),
): WebhookRequest {
  const key = createHash('sha256').update(token).digest();
  const signed = Buffer.concat([Buffer.from(`${timestamp}\n`), rawBody]);
  return {
    url: 'https://countersign.example/webhooks/telegram-gateway/acc_1',
    headers: {
      'content-type': 'application/json',
      'x-request-timestamp': timestamp,
      'x-request-signature': createHmac('sha256', key).update(signed).digest('hex'),
    },
    query: {},
    rawBody,
  };
}

export const telegramCase: ProviderCase = {
  provider: telegramGateway,
  config: (baseUrl) => configAt(baseUrl),
  secrets: [TOKENS[0]],
  message: telegramMessage,
  request: {
    method: 'POST',
    url: '/sendVerificationMessage',
    headers: { authorization: `Bearer ${TOKENS[0]}`, 'content-type': 'application/json' },
    body: {
      phone_number: '+15551234567',
      request_id: '1a2b3c',
      sender_username: 'examplecodes',
      code: '093751',
      ttl: 600,
      payload: 'corr-7f3a',
    },
  },
  prelude: { '/checkSendAbility': ABILITY },
  codeOccurrences: 1,
  accepted: (id) =>
    json(200, {
      ok: true,
      result: {
        request_id: id,
        phone_number: '+15551234567',
        request_cost: 0,
        delivery_status: { status: 'sent' },
      },
    }),
  badCredentials: telegramError('ACCESS_TOKEN_INVALID', { status: 401 }),
  badReceiver: telegramError('PHONE_NUMBER_NOT_FOUND'),
  throttled: (headers) => telegramError('FLOOD_WAIT_5', { status: 429, headers }),
  unavailable: { play: telegramError('INTERNAL_ERROR', { status: 500 }), outcome: 'unknown' },
  odd: { codes: ['0000', '000123', '00000000'] },
  receipts: {
    config: (secrets) => configAt('https://gatewayapi.telegram.org', { accessTokens: [...secrets] }),
    secrets: TOKENS,
    post: (rawBody, secret) => posted(rawBody, secret),
    proofHeader: 'x-request-signature',
    provesBody: true,
    oddProofs: (right) => [
      right.toUpperCase(),
      right.slice(0, -1),
      `${right}0`,
      ` ${right}`,
      `${right}\n`,
      `sha256=${right}`,
      Buffer.from(right, 'hex').toString('base64'),
      '0'.repeat(64),
      right.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      `${right},${right}`,
      '__proto__',
    ],
    item: report,
    failedItem: (id, words) => ({
      item: { ...report(id, 'expired'), phone_number: words, error: words },
      reason: 'telegram_expired',
    }),
    envelope: ([item]) => item,
    batches: false,
    sample: { body: report('1a2b3c', 'delivered'), notices: [statusNotice('1a2b3c', 'delivered')] },
    uninteresting: [
      { request_id: '1a2b3c', verification_status: { status: 'code_valid', updated_at: 1_750_030_073 } },
      report('1a2b3c', 'of_next_year'),
    ],
  },
  simulator: openStage,
};

/** The account that a fresh simulator has. */
export function simulatedConfig(
  simulator: SimulatorUnderTest,
  changes: Partial<TelegramGatewayConfig> = {},
): TelegramGatewayConfig {
  return configAt(`${simulator.url}/telegram`, {
    accessTokens: [new SimulatorConfig().telegramToken],
    ...changes,
  });
}

async function openStage(): Promise<SimulatorStage> {
  const simulator = await SimulatorUnderTest.start();
  return stageAt(simulator, {
    config: simulatedConfig(simulator),
    message: telegramMessage,
    play: {
      badCredentials: async () => simulatedConfig(simulator, { accessTokens: ['a-token-of-nobody'] }),
      badReceiver: () => fault(simulator, 'refuse', { code: 'PHONE_NUMBER_NOT_FOUND' }),
      throttled: () => fault(simulator, 'graphError', { code: 130429 }),
      throttledForTwoSeconds: () => fault(simulator, 'refuse', { code: 'FLOOD_WAIT_2' }),
    },
  });
}
