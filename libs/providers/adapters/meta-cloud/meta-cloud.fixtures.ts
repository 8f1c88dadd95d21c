// Meta's documented requests, answers and webhooks, for the conformance suite and for this adapter's own spec.
import { createHmac } from 'node:crypto';
import { SimulatorConfig } from '../../../../apps/simulator/src/simulator.config.js';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import type { ProviderCase, SimulatorStage } from '../../conformance/provider-case.fixtures.js';
import { fault, stageAt } from '../../conformance/simulated-stage.fixtures.js';
import { json, type Play } from '../../conformance/scripted-server.fixtures.js';
import type { OutboundMessage, StatusNotice } from '../../message-provider.js';
import { CLOUD_CHAT } from '../whatsapp/cloud-chat.fixtures.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';
import { metaCloud } from './meta-cloud.provider.js';

export const WABA = '102290129340398';
export const SENDER = '106540352242922';
const TOKEN = 'EAAJB-system-user-token-ZCqP0';
const SECRETS = ['app-secret-5f1c9a', 'app-secret-next-77'] as const;

export function configAt(baseUrl: string, changes: Partial<MetaCloudConfig> = {}): MetaCloudConfig {
  return {
    baseUrl,
    graphVersion: 'v23.0',
    wabaId: WABA,
    accessToken: TOKEN,
    appSecrets: [SECRETS[0]],
    verifyToken: 'verify-token-of-ours',
    ...changes,
  };
}

/** The envelope of every error of Graph. Its words repeat what was sent, as Meta's sometimes do. */
export function graphError(
  code: unknown,
  {
    status = 400,
    headers = {},
    ...more
  }: { status?: number; headers?: Record<string, string>; [name: string]: unknown } = {},
): Play {
  return json(
    status,
    {
      error: {
        message: `(#${String(code)}) Something about +15551234567 and 093751`,
        type: 'OAuthException',
        code,
        error_data: { messaging_product: 'whatsapp', details: 'More about 093751.' },
        fbtrace_id: 'A1b2C3d4',
        ...more,
      },
    },
    headers,
  );
}

const MESSAGE: OutboundMessage = {
  channel: 'whatsapp',
  to: '+15551234567',
  from: { address: '15550783881', externalId: SENDER },
  code: '093751',
  correlationId: 'corr-7f3a',
  template: { name: 'login_code', language: 'en_US' },
  deadlineMs: 5_000,
};

/** One element of `statuses`, as it comes with a message of the `authentication` category. */
function statusItem(
  id: unknown,
  status: unknown,
  correlationId: unknown = 'corr-7f3a',
): Record<string, unknown> {
  return {
    id,
    status,
    timestamp: '1750030073',
    recipient_id: '15551234567',
    biz_opaque_callback_data: correlationId,
    conversation: { id: '72b14d', expiration_timestamp: '1750116480', origin: { type: 'authentication' } },
    pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: 'authentication' },
  };
}

export function change(field: string, value: unknown): Record<string, unknown> {
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: WABA, time: 1750030073, changes: [{ field, value }] }],
  };
}

function statusesBody(statuses: readonly unknown[]): Record<string, unknown> {
  return change('messages', {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550783881', phone_number_id: SENDER },
    statuses,
  });
}

const FAILED = {
  code: 131026,
  title: 'Message undeliverable',
  message: 'Message undeliverable',
  error_data: { details: 'Message Undeliverable.' },
  href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
};

export function statusNotice(
  providerMessageId: string,
  status: StatusNotice['status'],
  more: Partial<StatusNotice> = {},
): StatusNotice {
  return {
    kind: 'status',
    providerMessageId,
    correlationId: 'corr-7f3a',
    sender: SENDER,
    status,
    reason: undefined,
    failure: undefined,
    ...more,
  };
}

export const metaCloudCase: ProviderCase = {
  provider: metaCloud,
  config: (baseUrl) => configAt(baseUrl),
  secrets: [TOKEN, SECRETS[0]],
  message: MESSAGE,
  request: {
    method: 'POST',
    url: `/v23.0/${SENDER}/messages`,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    // The documented body. `to` may come with its +, and then Meta puts no country of its own in front.
    body: {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '+15551234567',
      type: 'template',
      template: {
        name: 'login_code',
        language: { code: 'en_US' },
        components: [
          { type: 'body', parameters: [{ type: 'text', text: '093751' }] },
          { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: '093751' }] },
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
      messages: [{ id, message_status: 'accepted' }],
    }),
  badCredentials: graphError(190, { status: 401, error_subcode: 463 }),
  badReceiver: graphError(131030),
  throttled: (headers) => graphError(130429, { status: 429, headers }),
  unavailable: { play: graphError(131016, { status: 500 }), outcome: 'retry' },
  chat: CLOUD_CHAT.map(({ body, ...chat }) => ({
    ...chat,
    request: {
      method: 'POST',
      url: `/v23.0/${SENDER}/messages`,
      headers: { authorization: `Bearer ${TOKEN}` },
      body,
    },
    windowClosed: graphError(131047),
  })),
  receipts: {
    config: (secrets) => configAt('https://graph.facebook.com', { appSecrets: [...secrets] }),
    secrets: SECRETS,
    post: (rawBody, secret) => ({
      url: 'https://countersign.example/webhooks/meta-cloud/acc_1',
      headers: {
        'content-type': 'application/json',
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(rawBody).digest('hex')}`,
        'x-hub-signature': `sha1=${createHmac('sha1', secret).update(rawBody).digest('hex')}`,
      },
      query: {},
      rawBody,
    }),
    proofHeader: 'x-hub-signature-256',
    provesBody: true,
    oddProofs: (right) => [
      right.slice('sha256='.length),
      'sha256=',
      'sha256',
      right.toUpperCase(),
      `sha256=${right.slice('sha256='.length).toUpperCase()}`,
      right.replace('sha256', 'sha1'),
      right.replace('sha256', 'sha512'),
      right.replace('sha256', 'SHA256'),
      right.replace('=', ':'),
      `${right} `,
      ` ${right}`,
      `${right}\n`,
      `${right}0`,
      right.slice(0, -1),
      `${right},${right}`,
      `${right};sha256=${'0'.repeat(64)}`,
      `sha256=${'0'.repeat(64)}`,
      right.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      `sha256=${Buffer.from(right.slice('sha256='.length), 'hex').toString('base64')}`,
      '__proto__',
    ],
    item: statusItem,
    failedItem: (id, words) => ({
      item: {
        ...statusItem(id, 'failed'),
        errors: [{ ...FAILED, title: words, message: words, error_data: { details: words } }],
      },
      reason: 'meta_131026',
    }),
    envelope: statusesBody,
    batches: true,
    sample: {
      body: {
        object: 'whatsapp_business_account',
        entry: [
          ...(statusesBody([statusItem('wamid.HBgL1', 'sent'), statusItem('wamid.HBgL1', 'delivered')])[
            'entry'
          ] as unknown[]),
          ...(statusesBody([{ ...statusItem('wamid.HBgL2', 'failed'), errors: [FAILED] }])[
            'entry'
          ] as unknown[]),
        ],
      },
      notices: [
        statusNotice('wamid.HBgL1', 'sent'),
        statusNotice('wamid.HBgL1', 'delivered'),
        statusNotice('wamid.HBgL2', 'failed', { reason: 'meta_131026', failure: 'receiver' }),
      ],
    },
    uninteresting: [
      {},
      { object: 'page', entry: statusesBody([statusItem('wamid.A', 'sent')])['entry'] },
      { object: 'whatsapp_business_account', entry: [] },
      change('messages', { messaging_product: 'whatsapp' }),
      change('messages', {
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: '15550783881', phone_number_id: SENDER },
        messages: [{ from: '16505551234', id: 'wamid.B', type: 'image', image: { id: '5' } }],
      }),
      change('messages', { errors: [{ code: 130429, title: 'Rate limit hit' }] }),
      change('message_template_quality_update', {
        new_quality_score: 'A_COLOUR_OF_NEXT_YEAR',
        message_template_id: 806312974732579,
      }),
      change('template_category_update', {
        correct_category: 'MARKETING',
        message_template_id: 806312974732579,
      }),
      change('account_update', { event: 'PARTNER_ADDED' }),
      change('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'constructor' } }),
      change('security', { event: 'PIN_CHANGED' }),
      change('phone_number_quality_update', { event: 'toString' }),
      change('a_field_of_next_year', {}),
      change('__proto__', {}),
    ],
  },
  simulator: openStage,
};

const SEEDED = new SimulatorConfig();

/** The account that a fresh simulator has. */
export function simulatedConfig(
  simulator: SimulatorUnderTest,
  changes: Partial<MetaCloudConfig> = {},
): MetaCloudConfig {
  return configAt(simulator.url, {
    wabaId: SEEDED.wabaId,
    accessToken: SEEDED.accessToken,
    appSecrets: [SEEDED.appSecret],
    ...changes,
  });
}

export const simulatedSender = { address: SEEDED.senderAddress, externalId: SEEDED.phoneNumberId };

/** A simulator with an approved template, and its faults in the place of the script. */
async function openStage(): Promise<SimulatorStage> {
  const simulator = await SimulatorUnderTest.start();
  await simulator.createTemplate({ ...MESSAGE.template });
  return stageAt(simulator, {
    config: simulatedConfig(simulator),
    message: { ...MESSAGE, from: simulatedSender },
    play: {
      badCredentials: async () => simulatedConfig(simulator, { accessToken: 'a-token-of-nobody' }),
      badReceiver: () => fault(simulator, 'graphError', { code: 131030 }),
      throttled: () => fault(simulator, 'graphError', { code: 130429 }),
      throttledForTwoSeconds: () =>
        fault(simulator, 'graphError', { code: 130429, status: 429, retryAfter: 2 }),
    },
  });
}
