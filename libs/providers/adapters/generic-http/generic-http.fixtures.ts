// The documented contract of a hook, for the conformance suite and for this adapter's own spec.
import { createHmac } from 'node:crypto';
import { SimulatorConfig } from '../../../../apps/simulator/src/simulator.config.js';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import {
  BROKEN_HTTP,
  type ProviderCase,
  type SimulatorStage,
} from '../../conformance/provider-case.fixtures.js';
import { fault, stageAt } from '../../conformance/simulated-stage.fixtures.js';
import { json } from '../../conformance/scripted-server.fixtures.js';
import type { OutboundMessage, StatusNotice, WebhookRequest } from '../../message-provider.js';
import type { GenericHttpConfig } from './generic-http.config.js';
import { genericHttp } from './generic-http.provider.js';

/** 25 and 28 bytes: one without padding, so that a character more is a byte more, and one with. */
const SECRETS = [
  'whsec_aG9vay1zZWNyZXQtb2Ytb3Vycy0wMDAwMQ',
  'whsec_aG9vay1zZWNyZXQtb2Ytb3Vycy0wMDAwLW5leHQ',
] as const;
const PROXY_TOKEN = 'Bearer proxy-token-5f1c9a';

export function configAt(baseUrl: string, changes: Partial<GenericHttpConfig> = {}): GenericHttpConfig {
  return {
    url: `${baseUrl}/codes?tenant=7`,
    secrets: [SECRETS[0]],
    headers: { 'x-proxy-authorization': PROXY_TOKEN },
    ...changes,
  };
}

export const hookMessage: OutboundMessage = {
  channel: 'sms',
  to: '+15551234567',
  from: { address: '15550783881' },
  code: '093751',
  correlationId: 'corr-7f3a',
  content: { text: 'Your code is 093751.' },
  lifeMs: 600_000,
  deadlineMs: 5_000,
};

export function item(id: unknown, status: unknown, correlationId?: unknown): Record<string, unknown> {
  return { id, status, ...(correlationId !== undefined && { correlationId }) };
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
    ...more,
  };
}

/** As Standard Webhooks tells it; `timestamp` in seconds, as it stands in the header. */
export function posted(
  rawBody: Buffer,
  secret: string,
  timestamp = String(Math.floor(Date.now() / 1_000)),
): WebhookRequest {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = Buffer.concat([Buffer.from(`msg_2K.${timestamp}.`), rawBody]);
  return {
    url: 'https://countersign.example/webhooks/generic-http/acc_1',
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'msg_2K',
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    },
    query: {},
    rawBody,
  };
}

export const hookCase: ProviderCase = {
  provider: genericHttp,
  config: (baseUrl) => configAt(baseUrl),
  secrets: [SECRETS[0], PROXY_TOKEN],
  message: hookMessage,
  request: {
    method: 'POST',
    url: '/codes?tenant=7',
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'corr-7f3a',
      'x-proxy-authorization': PROXY_TOKEN,
    },
    body: {
      v: 1,
      id: 'corr-7f3a',
      channel: 'sms',
      to: '+15551234567',
      from: '15550783881',
      code: '093751',
      text: 'Your code is 093751.',
      expiresInSeconds: 600,
    },
  },
  codeOccurrences: 2,
  accepted: (id) => json(202, { id }),
  badCredentials: json(401, { reason: 'bad_signature' }),
  badReceiver: json(422, { refused: 'receiver', reason: 'unknown_number' }),
  throttled: (headers) => json(429, {}, headers),
  unavailable: { play: json(503, { reason: 'down' }), outcome: 'unknown' },
  odd: { anyAnswerAccepts: true },
  receipts: {
    config: (secrets) => configAt('https://hooks.example', { secrets: [...secrets] }),
    secrets: SECRETS,
    post: (rawBody, secret) => posted(rawBody, secret),
    proofHeader: 'webhook-signature',
    provesBody: true,
    oddProofs: (right) => [
      right.slice('v1,'.length),
      right.replace('v1,', 'v2,'),
      right.replace('v1,', 'v1a,'),
      right.replace('v1,', 'V1,'),
      right.replace(',', '='),
      right.toLowerCase(),
      right.slice(0, -1),
      `${right}=`,
      `${right},${right}`,
      `${right}\n`,
      `v1,${'A'.repeat(43)}=`,
      'v1,',
      '__proto__',
    ],
    item,
    failedItem: (id, words) => ({
      item: { ...item(id, 'failed'), reason: words, refused: words },
      reason: 'hook_failed',
    }),
    envelope: (messages) => ({ messages }),
    batches: true,
    sample: {
      body: {
        messages: [
          item('h-1', 'sent', 'corr-7f3a'),
          { correlationId: 'corr-7f3a', status: 'delivered' },
          { ...item('h-2', 'failed', 'corr-7f3a'), reason: 'no_credit', refused: 'account' },
        ],
      },
      notices: [
        statusNotice('h-1', 'sent'),
        statusNotice('corr-7f3a', 'delivered'),
        statusNotice('h-2', 'failed', { reason: 'hook_no_credit', failure: 'account' }),
      ],
    },
    uninteresting: [{ messages: [] }, { messages: [item('h-1', 'queued')] }],
  },
  simulator: openStage,
  // Any 2xx takes the message here, a page too, and the simulator's page takes none.
  unplayed: [...BROKEN_HTTP.filter((name) => name !== 'empty' && name !== 'dripBody'), 'page'],
};

/** The hook that a fresh simulator has. */
export function simulatedConfig(
  simulator: SimulatorUnderTest,
  changes: Partial<GenericHttpConfig> = {},
): GenericHttpConfig {
  return { url: `${simulator.url}/hook/codes`, secrets: [new SimulatorConfig().hookSecret], ...changes };
}

async function openStage(): Promise<SimulatorStage> {
  const simulator = await SimulatorUnderTest.start();
  return stageAt(simulator, {
    config: simulatedConfig(simulator),
    message: hookMessage,
    play: {
      badCredentials: async () => simulatedConfig(simulator, { secrets: [SECRETS[1]] }),
      badReceiver: () => fault(simulator, 'refuse', { code: 'receiver' }),
      throttled: () => fault(simulator, 'graphError', { code: 130429 }),
      throttledForTwoSeconds: () => fault(simulator, 'graphError', { code: 130429, retryAfter: 2 }),
    },
  });
}
