// Infobip's documented requests, answers and reports, for the conformance suite and for this adapter's own spec.
import { SimulatorConfig } from '../../../../apps/simulator/src/simulator.config.js';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import type {
  ChatCase,
  ProviderCase,
  ReceiptCase,
  SimulatorStage,
} from '../../conformance/provider-case.fixtures.js';
import { fault, stageAt } from '../../conformance/simulated-stage.fixtures.js';
import { json, type Play } from '../../conformance/scripted-server.fixtures.js';
import type { ChatMessage, OutboundMessage, StatusNotice } from '../../message-provider.js';
import type { InfobipConfig } from './infobip.config.js';
import { infobip } from './infobip.provider.js';

export const KEY = 'a1b2c3d4e5f6-infobip-api-key';
export const SENDER = '441134960000';
export const SECRETS = ['Webhook secret-5f1c9a', 'Webhook secret-next-77'] as const;
const CODE = '093751';
const TEXT = `Your code is ${CODE}. It is of use for 10 minutes.`;
const HTML = `<p>Your code is <strong>${CODE}</strong></p>`;
const CORRELATION = 'corr-7f3a';

export function configAt(baseUrl: string, changes: Partial<InfobipConfig> = {}): InfobipConfig {
  return {
    baseUrl: `${baseUrl}/infobip`,
    apiKey: KEY,
    webhookSecrets: [SECRETS[0]],
    whatsappSender: SENDER,
    kakao: { templateCode: 'login_code_1', text: 'Example: {code} is your code.' },
    zalo: { templateId: 204813, codeParameter: 'otp' },
    voice: { language: 'en', voiceName: 'Joanna' },
    ...changes,
  };
}

export const MESSAGE: OutboundMessage = {
  channel: 'whatsapp',
  to: '+441134960001',
  from: { address: SENDER },
  code: CODE,
  correlationId: CORRELATION,
  template: { name: 'login_code', language: 'en_GB', category: 'AUTHENTICATION' },
  deadlineMs: 5_000,
};

const ENROUTE = {
  groupId: 1,
  groupName: 'PENDING',
  id: 7,
  name: 'PENDING_ENROUTE',
  description: 'Message sent to next instance',
};
const DELIVERED = {
  groupId: 3,
  groupName: 'DELIVERED',
  id: 5,
  name: 'DELIVERED_TO_HANDSET',
  description: 'Message delivered to handset',
};
const NOT_REGISTERED = {
  groupId: 5,
  groupName: 'REJECTED',
  id: 18,
  name: 'REJECTED_DESTINATION_NOT_REGISTERED',
  description: `Destination 441134960001 not registered for ${CODE}`,
};
const NO_ERROR = {
  id: 0,
  name: 'NO_ERROR',
  description: 'No Error',
  groupId: 0,
  groupName: 'OK',
  permanent: false,
};

export function legacyError(
  status: number,
  messageId: string,
  { headers, ...more }: { headers?: Record<string, string>; [member: string]: unknown } = {},
): Play {
  const text = `Something about 441134960001 and ${CODE}`;
  return json(status, { requestError: { serviceException: { messageId, text, ...more } } }, headers);
}

export function platformError(
  status: number,
  errorCode: string,
  { headers, ...more }: { headers?: Record<string, string>; [member: string]: unknown } = {},
): Play {
  return json(
    status,
    {
      errorCode,
      description: `Something about 441134960001 and ${CODE}`,
      action: 'Check the request.',
      violations: [],
      resources: [],
      ...more,
    },
    headers,
  );
}

interface ChannelSample {
  message: Partial<OutboundMessage>;
  path: string;
  form: 'legacy' | 'platform';
  body: object;
  codeOccurrences: number;
  odd?: ProviderCase['odd'];
}

type Spoken = (text: string) => string;
/** `0, 9, 3` as it was written: digits and letters that stand alone between commas. */
const together: Spoken = (text) => text.replace(/(?<=\b[0-9A-Z]), (?=[0-9A-Z]\b)/g, '');

const content = { subject: 'Your code', text: TEXT, html: HTML };
const webhooks = { callbackData: CORRELATION };
const destinations = [{ to: '441134960001' }];
const validity = { validityPeriod: { amount: 540, timeUnit: 'SECONDS' } };

/** One message per channel, as Infobip's reference writes it. */
const SAMPLES: Record<string, ChannelSample> = {
  whatsapp: {
    message: {},
    path: '/whatsapp/1/message/template',
    form: 'legacy',
    codeOccurrences: 2,
    body: {
      from: SENDER,
      to: '441134960001',
      content: {
        templateName: 'login_code',
        language: 'en_GB',
        templateData: {
          body: { placeholders: [CODE] },
          buttons: [{ type: 'URL', parameter: CODE }],
        },
      },
      callbackData: CORRELATION,
    },
  },
  sms: {
    message: { content, lifeMs: 540_999 },
    path: '/sms/3/messages',
    form: 'platform',
    codeOccurrences: 1,
    body: { sender: SENDER, destinations, content: { text: TEXT }, options: validity, webhooks },
  },
  voice: {
    message: { content, lifeMs: 540_999 },
    path: '/tts/3/advanced',
    form: 'legacy',
    codeOccurrences: 1,
    odd: { written: together },
    body: {
      from: SENDER,
      destinations,
      text: 'Your code is 0, 9, 3, 7, 5, 1. It is of use for 10 minutes.',
      language: 'en',
      voice: { name: 'Joanna' },
      callbackData: CORRELATION,
      validityPeriod: 9,
    },
  },
  email: {
    message: { content, to: 'ana@example.com', from: { address: 'codes@sender.example' } },
    path: '/email/4/messages',
    form: 'platform',
    codeOccurrences: 2,
    body: {
      sender: 'codes@sender.example',
      destinations: [{ to: [{ destination: 'ana@example.com' }] }],
      content,
      webhooks,
    },
  },
  viber: {
    message: { content, from: { address: 'Example' } },
    path: '/viber/2/messages',
    form: 'platform',
    codeOccurrences: 1,
    body: { sender: 'Example', destinations, content: { type: 'TEXT', text: TEXT }, webhooks },
  },
  line: {
    message: { content, from: { address: 'example', externalId: '@example' } },
    path: '/line/1/messages',
    form: 'platform',
    codeOccurrences: 2,
    body: {
      sender: '@example',
      destinations,
      content: {
        altText: TEXT,
        contents: {
          body: { type: 'box', layout: 'vertical', contents: [{ type: 'text', text: TEXT, wrap: true }] },
        },
      },
      webhooks,
    },
  },
  kakao: {
    message: { from: { address: 'example-profile' } },
    path: '/kakao-alim/1/messages',
    form: 'platform',
    codeOccurrences: 1,
    body: {
      sender: 'example-profile',
      destinations,
      content: {
        type: 'TEMPLATE',
        templateCode: 'login_code_1',
        text: `Example: ${CODE} is your code.`,
      },
      webhooks,
    },
  },
  zalo: {
    message: { from: { address: '4102017231' } },
    path: '/zalo/2/messages',
    form: 'platform',
    codeOccurrences: 1,
    body: {
      sender: '4102017231',
      destinations,
      content: { type: 'TEMPLATE', templateName: 204813, templateData: { otp: CODE } },
      webhooks,
    },
  },
};

const WORDS = 'Was it you? Reply YES or NO.';

function chatOn(
  channel: OutboundMessage['channel'],
  sender: string,
  path: string,
  body: object,
  more: Partial<ChatMessage> = {},
): ChatCase {
  const { inReplyTo, buttons } = more;
  return {
    name: buttons ? 'buttons' : 'a text',
    message: {
      channel,
      to: '+441134960001',
      from: { address: sender },
      text: WORDS,
      ...(buttons && { buttons }),
      ...(inReplyTo !== undefined && { inReplyTo }),
      deadlineMs: 5_000,
    },
    request: { method: 'POST', url: `/infobip${path}`, headers: { authorization: `App ${KEY}` }, body },
  };
}

/** The endpoints for WhatsApp conversations take one message, and answer with that one. */
const ONE: Pick<ChatCase, 'accepted' | 'windowClosed'> = {
  accepted: (id) => json(200, { to: '441134960001', messageCount: 1, messageId: id, status: ENROUTE }),
  windowClosed: json(200, {
    to: '441134960001',
    messageCount: 1,
    messageId: 'rejected-1',
    status: { groupId: 2, groupName: 'UNDELIVERABLE', id: 9, name: 'UNDELIVERABLE_NOT_DELIVERED' },
    error: { id: 7010, name: 'EC_NO_SESSION', groupId: 2, groupName: 'USER_ERRORS', permanent: true },
  }),
};

const platformChat = (sender: string, content: object): object => ({
  messages: [{ sender, destinations, content }],
});
const TEXT_WORDS = { type: 'TEXT', text: WORDS };

const CHAT: Partial<Record<OutboundMessage['channel'], readonly ChatCase[]>> = {
  whatsapp: [
    {
      ...chatOn(
        'whatsapp',
        SENDER,
        '/whatsapp/1/message/text',
        {
          from: SENDER,
          to: '441134960001',
          context: { replyToMessageId: 'wamid.THEIRS' },
          content: { text: WORDS, previewUrl: false },
        },
        { inReplyTo: 'wamid.THEIRS' },
      ),
      ...ONE,
    },
    {
      ...chatOn(
        'whatsapp',
        SENDER,
        '/whatsapp/1/message/interactive/buttons',
        {
          from: SENDER,
          to: '441134960001',
          content: {
            body: { text: WORDS },
            action: { buttons: [{ type: 'REPLY', id: 'chl_1|yes', title: 'Yes' }] },
          },
        },
        { buttons: [{ payload: 'chl_1|yes', title: 'Yes' }] },
      ),
      ...ONE,
    },
  ],
  sms: [chatOn('sms', SENDER, '/sms/3/messages', platformChat(SENDER, { text: WORDS }))],
  viber: [chatOn('viber', 'Example', '/viber/2/messages', platformChat('Example', TEXT_WORDS))],
  kakao: [chatOn('kakao', '@example', '/kakao-sangdam/1/messages', platformChat('@example', TEXT_WORDS))],
  zalo: [chatOn('zalo', '4102017231', '/zalo/2/messages', platformChat('4102017231', TEXT_WORDS))],
  line: [
    chatOn('line', '@example', '/messages-api/1/messages', {
      messages: [{ channel: 'LINE_ON', sender: '@example', destinations, content: { body: TEXT_WORDS } }],
    }),
  ],
};

export function infobipCase(channel: OutboundMessage['channel']): ProviderCase {
  const { message, path, form, body, codeOccurrences, odd } = SAMPLES[channel]!;
  const older = form === 'legacy';
  const error = (status: number, name: string, headers: Record<string, string> = {}): Play =>
    older ? legacyError(status, name, { headers }) : platformError(status, `E${status}`, { headers });
  const sent: OutboundMessage = { ...MESSAGE, template: undefined, ...message, channel };
  if (channel === 'whatsapp') sent.template = MESSAGE.template;
  return {
    provider: infobip,
    config: (baseUrl) => configAt(baseUrl),
    secrets: [KEY, SECRETS[0]],
    message: sent,
    request: {
      method: 'POST',
      url: `/infobip${path}`,
      headers: { authorization: `App ${KEY}`, 'content-type': 'application/json' },
      body: { messages: [body] },
    },
    codeOccurrences,
    odd,
    accepted: (id) =>
      json(200, {
        bulkId: '2034072219640523073',
        messages: [{ messageId: id, status: ENROUTE, to: sent.to }],
      }),
    badCredentials: error(401, 'UNAUTHORIZED'),
    badReceiver: json(200, { messages: [{ messageId: 'rejected-1', status: NOT_REGISTERED, to: sent.to }] }),
    throttled: (headers) => error(429, 'TOO_MANY_REQUESTS', headers),
    unavailable: { play: error(503, 'SERVICE_UNAVAILABLE'), outcome: 'retry' },
    ...(CHAT[channel] && { chat: CHAT[channel] }),
    receipts: RECEIPTS,
    simulator: () => openStage(sent, odd?.written ?? ((text) => text)),
  };
}

const TIMES = { sentAt: '2025-01-01T10:10:00.000+0000', doneAt: '2025-01-01T10:10:02.000+0000' };
export const REPORT = {
  bulkId: '2034072219640523073',
  price: { pricePerMessage: 0.0125, currency: 'EUR' },
  messageCount: 1,
  to: '441134960001',
  ...TIMES,
};

/** A report as Infobip writes it; a `read` is a seen report, which says nothing of a correlation. */
export function reportItem(
  messageId: unknown,
  status: unknown,
  callbackData: unknown = CORRELATION,
): Record<string, unknown> {
  if (status === 'read')
    return { messageId, from: SENDER, to: '441134960001', sentAt: TIMES.sentAt, seenAt: TIMES.doneAt };
  const known = new Map<unknown, object>([
    ['sent', ENROUTE],
    ['delivered', DELIVERED],
  ]);
  const unheardOf =
    typeof status === 'string'
      ? { id: 4711, groupId: 9, groupName: status, name: status, description: status }
      : status;
  return { ...REPORT, messageId, status: known.get(status) ?? unheardOf, error: NO_ERROR, callbackData };
}

export function statusNotice(
  providerMessageId: string,
  status: StatusNotice['status'],
  more: Partial<StatusNotice> = {},
): StatusNotice {
  return {
    kind: 'status',
    providerMessageId,
    correlationId: CORRELATION,
    price: { amount: '0.0125', currency: 'EUR' },
    status,
    ...more,
  };
}

const FAILED = {
  status: {
    groupId: 2,
    groupName: 'UNDELIVERABLE',
    id: 9,
    name: 'UNDELIVERABLE_NOT_DELIVERED',
    description: 'Message sent not delivered',
  },
  error: {
    id: 7002,
    name: 'EC_UNKNOWN_USER',
    description: 'Unknown user',
    groupId: 1,
    groupName: 'HANDSET_ERRORS',
    permanent: true,
  },
};

const RECEIPTS: ReceiptCase = {
  config: (secrets) => configAt('https://xyz1ab.api.infobip.com', { webhookSecrets: [...secrets] }),
  secrets: SECRETS,
  post: (rawBody, secret) => ({
    url: 'https://countersign.example/webhooks/infobip/acc_1',
    headers: { 'content-type': 'application/json', authorization: secret },
    query: {},
    rawBody,
  }),
  proofHeader: 'authorization',
  provesBody: false,
  oddProofs: (right) => [
    right.slice(1),
    right.slice(0, -1),
    right.toUpperCase(),
    right.toLowerCase(),
    `${right} `,
    ` ${right}`,
    `${right}\n`,
    `${right}, ${right}`,
    `Basic ${Buffer.from(right).toString('base64')}`,
    right.replace(' ', ''),
    '__proto__',
  ],
  item: reportItem,
  failedItem: (id, words) => ({
    item: {
      ...reportItem(id, 'delivered'),
      status: { ...FAILED.status, name: words, description: words },
      error: { ...FAILED.error, name: words, description: words },
    },
    reason: 'infobip_error_7002',
  }),
  envelope: (results) => ({ results }),
  batches: true,
  sample: {
    body: {
      results: [
        reportItem('a28dd97c-1ffb-4fcf-99f1-0b557ed381da', 'delivered'),
        reportItem('a28dd97c-1ffb-4fcf-99f1-0b557ed381da', 'read'),
        { ...reportItem('wamid.HBgL2', 'delivered'), ...FAILED },
      ],
    },
    notices: [
      statusNotice('a28dd97c-1ffb-4fcf-99f1-0b557ed381da', 'delivered'),
      { kind: 'status', providerMessageId: 'a28dd97c-1ffb-4fcf-99f1-0b557ed381da', status: 'read' },
      statusNotice('wamid.HBgL2', 'failed', { reason: 'infobip_error_7002', failure: 'receiver' }),
    ],
  },
  uninteresting: [
    {},
    { results: [] },
    { from: SENDER, content: { type: 'of_next_year' }, createdAt: TIMES.sentAt },
    { messageTemplateId: '111', change: { type: 'TEMPLATE_OF_NEXT_YEAR' } },
    { results: [reportItem('id-1', 'accepted')] },
  ],
};

const SEEDED = new SimulatorConfig();

/** The account that a fresh simulator has. */
export function simulatedConfig(url: string, changes: Partial<InfobipConfig> = {}): InfobipConfig {
  return configAt(url, { apiKey: SEEDED.infobipApiKey, ...changes });
}

/** The template that `MESSAGE` is sent in, made through Infobip's API. */
export function createLoginCode(
  simulator: SimulatorUnderTest,
  language = 'en_GB',
): Promise<{ status: number }> {
  return simulator.call(
    'POST',
    `/infobip/whatsapp/2/senders/${SENDER}/templates`,
    {
      name: 'login_code',
      language,
      category: 'AUTHENTICATION',
      structure: {
        body: { addSecurityRecommendation: true },
        footer: { codeExpirationMinutes: 5 },
        buttons: [{ otpType: 'COPY_CODE', text: 'Copy code' }],
      },
    },
    { authorization: `App ${SEEDED.infobipApiKey}` },
  );
}

/** A simulator with an approved template, and its faults in the place of the script. */
async function openStage(message: OutboundMessage, written: Spoken): Promise<SimulatorStage> {
  const simulator = await SimulatorUnderTest.start();
  await createLoginCode(simulator);
  return stageAt(simulator, {
    config: simulatedConfig(simulator.url),
    message,
    play: {
      badCredentials: async () => simulatedConfig(simulator.url, { apiKey: 'a-key-of-nobody' }),
      badReceiver: () => fault(simulator, 'graphError', { code: 131030 }),
      throttled: () => fault(simulator, 'graphError', { code: 130429 }),
      throttledForTwoSeconds: () => fault(simulator, 'graphError', { code: 130429, retryAfter: 2 }),
    },
    codeOf: ({ text }) => /\b0\d{5}\b/.exec(written(text))?.[0] ?? '',
  });
}
