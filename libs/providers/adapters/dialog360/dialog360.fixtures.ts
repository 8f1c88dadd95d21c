// 360dialog's documented requests, answers and webhooks for both kinds of numbers, for the conformance suite and the spec.
import { SimulatorConfig } from '../../../../apps/simulator/src/simulator.config.js';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import type { ProviderCase, ReceiptCase, SimulatorStage } from '../../conformance/provider-case.fixtures.js';
import { fault, stageAt } from '../../conformance/simulated-stage.fixtures.js';
import { json, type Play } from '../../conformance/scripted-server.fixtures.js';
import type { OutboundMessage, StatusNotice } from '../../message-provider.js';
import type { Dialog360Config, Dialog360Kind } from './dialog360.config.js';
import { CLOUD_CHAT } from '../whatsapp/cloud-chat.fixtures.js';
import { dialog360 } from './dialog360.provider.js';

const KEY = 'd360-key-of-the-number-7715';
const SECRETS = ['webhook-secret-of-ours-1', 'webhook-secret-of-ours-2'] as const;
const HEADER = 'X-Countersign-Key';
export const NAMESPACE = 'c6f2_namespace_of_ours';

export function configAt(baseUrl: string, changes: Partial<Dialog360Config> = {}): Dialog360Config {
  return {
    kind: 'cloud',
    baseUrl,
    apiKey: KEY,
    webhookHeader: { name: HEADER },
    webhookSecrets: [SECRETS[0]],
    ...changes,
  };
}

export function onPremiseAt(baseUrl: string, changes: Partial<Dialog360Config> = {}): Dialog360Config {
  return configAt(baseUrl, { kind: 'on-premise', namespace: NAMESPACE, ...changes });
}

/** The gateway's own refusal, in its newer spelling. */
export function gatewayError(status: number, words: string, headers: Record<string, string> = {}): Play {
  return json(
    status,
    { meta: { success: false, http_code: status, developer_message: `${words} 093751` } },
    headers,
  );
}

export function metaError(code: number, status = 400, headers: Record<string, string> = {}): Play {
  const message = `(#${code}) Something about +15551234567 and 093751`;
  return json(status, { error: { message, type: 'OAuthException', code, fbtrace_id: 'A1' } }, headers);
}

export function onPremiseError(code: number, status = 400, headers: Record<string, string> = {}): Play {
  const errors = [{ code, title: 'Something about 15551234567', details: 'and 093751' }];
  return json(status, { errors, meta: { api_status: 'stable', version: '2.53.3' } }, headers);
}

export const MESSAGE: OutboundMessage = {
  channel: 'whatsapp',
  to: '+15551234567',
  from: { address: '15550783881' },
  code: '093751',
  correlationId: 'corr-7f3a',
  template: { name: 'login_code', language: 'en_US' },
  deadlineMs: 5_000,
};

function statusItem(id: unknown, status: unknown): Record<string, unknown> {
  return {
    id,
    recipient_id: '15551234567',
    status,
    timestamp: '1750030073',
    conversation: { id: '72b14d', origin: { type: 'authentication' } },
    pricing: { billable: true, pricing_model: 'PMP', category: 'authentication' },
  };
}

function notice(
  providerMessageId: string,
  status: StatusNotice['status'],
  more: Partial<StatusNotice> = {},
): StatusNotice {
  return {
    kind: 'status',
    providerMessageId,
    correlationId: undefined,
    sender: undefined,
    status,
    reason: undefined,
    failure: undefined,
    ...more,
  };
}

export function cloudBody(field: string, value: unknown): Record<string, unknown> {
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: '102290129340398', changes: [{ field, value }] }],
  };
}

function cloudStatuses(statuses: readonly unknown[]): Record<string, unknown> {
  return cloudBody('messages', {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550783881', phone_number_id: '106540352242922' },
    statuses,
  });
}

/** Both kinds are posted alike; what differs is the body. */
const POSTS: Pick<ReceiptCase, 'secrets' | 'post' | 'proofHeader' | 'provesBody' | 'oddProofs' | 'batches'> =
  {
    secrets: SECRETS,
    post: (rawBody, secret) => ({
      url: 'https://countersign.example/webhooks/dialog360/acc_1',
      headers: { 'content-type': 'application/json', [HEADER.toLowerCase()]: secret },
      query: {},
      rawBody,
    }),
    proofHeader: HEADER.toLowerCase(),
    provesBody: false,
    oddProofs: (right) => [
      right.toUpperCase(),
      right.slice(0, -1),
      `${right} `,
      ` ${right}`,
      `${right}\n`,
      `${right}0`,
      `Bearer ${right}`,
      `${right},${right}`,
      `${right}, ${right}`,
      'undefined',
      '__proto__',
    ],
    batches: true,
  };

const FAILED = { title: 'Message undeliverable', href: 'https://developers.facebook.com/' };

const CLOUD_RECEIPTS: ReceiptCase = {
  ...POSTS,
  config: (secrets) => configAt('http://127.0.0.1:1', { webhookSecrets: [...secrets] }),
  item: (id, status, correlation = 'corr-7f3a') => ({
    ...statusItem(id, status),
    biz_opaque_callback_data: correlation,
  }),
  failedItem: (id, words) => ({
    item: { ...statusItem(id, 'failed'), errors: [{ code: 131026, title: words, message: words }] },
    reason: 'meta_131026',
  }),
  envelope: cloudStatuses,
  sample: {
    body: cloudStatuses([
      { ...statusItem('wamid.A', 'sent'), biz_opaque_callback_data: 'corr-7f3a' },
      { ...statusItem('wamid.B', 'failed'), errors: [{ code: 131026, ...FAILED }] },
    ]),
    notices: [
      notice('wamid.A', 'sent', { correlationId: 'corr-7f3a' }),
      notice('wamid.B', 'failed', { reason: 'meta_131026', failure: 'receiver' }),
    ],
  },
  uninteresting: [
    {},
    { object: 'whatsapp_business_account', entry: [] },
    cloudBody('account_update', { event: 'PARTNER_ADDED' }),
    cloudBody('a_field_of_next_year', {}),
  ],
};

const ON_PREMISE_RECEIPTS: ReceiptCase = {
  ...POSTS,
  config: (secrets) => onPremiseAt('http://127.0.0.1:1', { webhookSecrets: [...secrets] }),
  item: statusItem,
  failedItem: (id, words) => ({
    item: { ...statusItem(id, 'failed'), errors: [{ code: 1026, title: words }] },
    reason: 'onprem_1026',
  }),
  envelope: (statuses) => ({ statuses }),
  sample: {
    body: {
      statuses: [
        statusItem('gBEGkYiEB1VXAglK1ZEqA1YKPrU', 'delivered'),
        { ...statusItem('gBEG.B', 'failed'), errors: [{ code: 402, title: 'Payment' }] },
      ],
    },
    notices: [
      notice('gBEGkYiEB1VXAglK1ZEqA1YKPrU', 'delivered'),
      notice('gBEG.B', 'failed', { reason: 'onprem_402', failure: 'account' }),
    ],
  },
  uninteresting: [
    {},
    { contacts: [{ wa_id: '15551234567' }] },
    { messages: [{ from: '15551234567', id: 'a', type: 'image', image: { id: '5' } }] },
    { messages: [{ from: '15551234567', id: 'a', group_id: 'g', type: 'text', text: { body: 'Y' } }] },
  ],
};

const BODY_PARAMETERS = [{ type: 'text', text: '093751' }];

export const cloudCase: ProviderCase = {
  provider: dialog360,
  config: (baseUrl) => configAt(baseUrl),
  secrets: [KEY, SECRETS[0]],
  message: MESSAGE,
  request: {
    method: 'POST',
    url: '/messages',
    headers: { 'd360-api-key': KEY, 'content-type': 'application/json' },
    // Meta's body. 360dialog's own sample has `components` beside `template`, where Meta does not look.
    body: {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '+15551234567',
      type: 'template',
      template: {
        name: 'login_code',
        language: { code: 'en_US' },
        components: [
          { type: 'body', parameters: BODY_PARAMETERS },
          { type: 'button', sub_type: 'url', index: '0', parameters: BODY_PARAMETERS },
        ],
      },
      biz_opaque_callback_data: 'corr-7f3a',
    },
  },
  codeOccurrences: 2,
  accepted: (id) =>
    json(200, {
      messaging_product: 'whatsapp',
      contacts: [{ input: '+15551234567', wa_id: '15551234567' }],
      messages: [{ id }],
    }),
  badCredentials: gatewayError(401, 'Invalid api_key'),
  badReceiver: metaError(131030),
  throttled: (headers) => gatewayError(400, 'You have exceeded the endpoint rate limit.', headers),
  unavailable: { play: gatewayError(502, 'WhatsApp for Business API not available'), outcome: 'retry' },
  chat: CLOUD_CHAT.map(({ body, ...chat }) => ({
    ...chat,
    request: { method: 'POST', url: '/messages', headers: { 'd360-api-key': KEY }, body },
    windowClosed: metaError(131047),
  })),
  receipts: CLOUD_RECEIPTS,
  simulator: () => openStage('cloud'),
};

export const onPremiseCase: ProviderCase = {
  ...cloudCase,
  config: (baseUrl) => onPremiseAt(baseUrl),
  request: {
    method: 'POST',
    url: '/v1/messages',
    headers: { 'd360-api-key': KEY, 'content-type': 'application/json' },
    body: {
      to: '15551234567',
      type: 'template',
      template: {
        namespace: NAMESPACE,
        name: 'login_code',
        language: { code: 'en_US', policy: 'deterministic' },
        components: [
          { type: 'body', parameters: BODY_PARAMETERS },
          { type: 'button', sub_type: 'url', index: 0, parameters: BODY_PARAMETERS },
        ],
      },
    },
  },
  accepted: (id) => json(200, { messages: [{ id }] }),
  badReceiver: onPremiseError(1013, 404),
  throttled: (headers) => onPremiseError(1015, 429, headers),
  unavailable: { play: onPremiseError(1016, 503), outcome: 'retry' },
  chat: [
    {
      name: 'a text',
      message: {
        channel: 'whatsapp',
        to: '+15551234567',
        from: MESSAGE.from,
        text: 'Was it you?',
        inReplyTo: 'gBEG.THEIRS',
        deadlineMs: 5_000,
      },
      request: {
        method: 'POST',
        url: '/v1/messages',
        headers: { 'd360-api-key': KEY },
        body: {
          to: '15551234567',
          recipient_type: 'individual',
          context: { message_id: 'gBEG.THEIRS' },
          type: 'text',
          text: { body: 'Was it you?' },
        },
      },
      windowClosed: onPremiseError(470),
    },
  ],
  receipts: ON_PREMISE_RECEIPTS,
  simulator: () => openStage('on-premise'),
};

const SEEDED = new SimulatorConfig();

/** The seeded key of a fresh simulator, made to be of this kind. */
export async function simulatedConfig(
  simulator: SimulatorUnderTest,
  kind: Dialog360Kind = 'cloud',
): Promise<Dialog360Config> {
  const apiKey = SEEDED.dialog360ApiKey;
  const { json: key } = await simulator.control('PUT', 'dialog360', { apiKey, kind });
  return configAt(`${simulator.url}/dialog360`, {
    apiKey,
    kind,
    ...(kind === 'on-premise' && { namespace: key.namespace as string }),
  });
}

async function openStage(kind: Dialog360Kind): Promise<SimulatorStage> {
  const simulator = await SimulatorUnderTest.start();
  await simulator.createTemplate({ ...MESSAGE.template });
  const config = await simulatedConfig(simulator, kind);
  return stageAt(simulator, {
    config,
    message: MESSAGE,
    play: {
      badCredentials: async () => ({ ...config, apiKey: 'a-key-of-nobody-at-all' }),
      badReceiver: () => fault(simulator, 'graphError', { code: 131030 }),
      throttled: () => fault(simulator, 'graphError', { code: 130429 }),
      throttledForTwoSeconds: () =>
        fault(simulator, 'graphError', { code: 130429, status: 429, retryAfter: 2 }),
      unavailable: () => fault(simulator, 'status', { status: 502 }),
    },
  });
}
