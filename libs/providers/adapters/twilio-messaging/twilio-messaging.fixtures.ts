// Twilio's documented requests, answers and callbacks, for the conformance suite and for this adapter's own spec.
import { createHmac } from 'node:crypto';
import { SimulatorConfig } from '../../../../apps/simulator/src/simulator.config.js';
import { SimulatorUnderTest } from '../../../../apps/simulator/src/simulator.fixtures.js';
import type { ChatCase, ProviderCase, SimulatorStage } from '../../conformance/provider-case.fixtures.js';
import { fault, stageAt } from '../../conformance/simulated-stage.fixtures.js';
import { json, type Play } from '../../conformance/scripted-server.fixtures.js';
import type { OutboundMessage, StatusNotice } from '../../message-provider.js';
import type { TwilioMessagingConfig } from './twilio-messaging.config.js';
import { twilioMessaging } from './twilio-messaging.provider.js';

export const ACCOUNT = 'AC2a6f0e1d3c5b7a998877665544332211';
export const CONTENT = 'HX4c1e2f3a5b6c7d8e9f00112233445566';
const TOKENS = ['twilio-token-5f1c9a77', 'twilio-token-next-31'] as const;

export function configAt(
  baseUrl: string,
  changes: Partial<TwilioMessagingConfig> = {},
): TwilioMessagingConfig {
  return { baseUrl, accountSid: ACCOUNT, authTokens: [TOKENS[0]], whatsappContentSid: CONTENT, ...changes };
}

/** The body of every error. Its words repeat what was sent, as Twilio's do. */
export function twilioError(
  code: unknown,
  { status = 400, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Play {
  const message = `The number +15551234567 can't be sent 093751`;
  return json(
    status,
    { code, message, more_info: `https://www.twilio.com/docs/errors/${String(code)}`, status },
    headers,
  );
}

export const smsMessage: OutboundMessage = {
  channel: 'sms',
  to: '+15551234567',
  from: { address: '15550783881' },
  code: '093751',
  correlationId: 'corr-7f3a',
  content: { text: 'Your code is 093751.' },
  lifeMs: 600_000,
  deadlineMs: 5_000,
};

export const whatsappMessage: OutboundMessage = { ...smsMessage, channel: 'whatsapp', content: undefined };

/** The fields of a callback, and under `m` what stands in its address. */
export function callback(
  id: unknown,
  status: unknown,
  correlationId: unknown = 'corr-7f3a',
): Record<string, unknown> {
  return {
    AccountSid: ACCOUNT,
    ApiVersion: '2010-04-01',
    From: '+15550783881',
    To: '+15551234567',
    MessageSid: id,
    SmsSid: id,
    MessageStatus: status,
    SmsStatus: status,
    m: correlationId,
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
    ...more,
  };
}

/** As Twilio's page tells it: the address, then each name and value in the order of the names. */
export function signatureOf(url: string, rawBody: Buffer, token: string): string {
  const fields = [...new URLSearchParams(rawBody.toString())].map(([name, value]) => name + value);
  return createHmac('sha1', token)
    .update(url + fields.sort().join(''))
    .digest('base64');
}

const CALLBACK_URL = 'https://countersign.example/webhooks/twilio-messaging/acc_1?m=corr-7f3a';

const common: Omit<ProviderCase, 'message' | 'request'> = {
  provider: twilioMessaging,
  config: (baseUrl) => configAt(baseUrl),
  secrets: [TOKENS[0]],
  codeOccurrences: 1,
  accepted: (sid) =>
    json(201, {
      account_sid: ACCOUNT,
      api_version: '2010-04-01',
      direction: 'outbound-api',
      error_code: null,
      num_segments: '1',
      price: null,
      price_unit: 'USD',
      sid,
      status: 'queued',
    }),
  badCredentials: twilioError(20003, { status: 401 }),
  badReceiver: twilioError(21211),
  throttled: (headers) => twilioError(20429, { status: 429, headers }),
  unavailable: { play: twilioError(20503, { status: 503 }), outcome: 'retry' },
  receipts: {
    config: (secrets) => configAt('https://api.twilio.com', { authTokens: [...secrets] }),
    secrets: TOKENS,
    post: (rawBody, secret) => ({
      url: CALLBACK_URL,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signatureOf(CALLBACK_URL, rawBody, secret),
      },
      query: { m: 'corr-7f3a' },
      rawBody,
    }),
    proofHeader: 'x-twilio-signature',
    provesBody: true,
    oddProofs: (right) => [
      right.toLowerCase(),
      right.slice(0, -1),
      `${right}=`,
      ` ${right}`,
      `${right} `,
      `${right}\n`,
      `sha1=${right}`,
      Buffer.from(right, 'base64').toString('hex'),
      Buffer.from(right, 'base64').toString('base64url'),
      right.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
      `${right}, ${right}`,
      `${'A'.repeat(27)}=`,
      '__proto__',
    ],
    item: callback,
    failedItem: (id, words) => ({
      item: { ...callback(id, 'undelivered'), ErrorCode: '30003', ErrorMessage: words, To: words },
      reason: 'twilio_30003',
    }),
    envelope: ([item]) => item,
    batches: false,
    sample: {
      body: { ...callback('SM1', 'undelivered'), ErrorCode: '30006' },
      notices: [statusNotice('SM1', 'failed', { reason: 'twilio_30006', failure: 'receiver' })],
    },
    arrives: (body) => {
      if (typeof body !== 'object' || body === null || Array.isArray(body)) return { body, query: {} };
      const { m, ...fields } = body as Record<string, unknown>;
      return { body: fields, query: { m } };
    },
    uninteresting: [
      'accepted',
      'scheduled',
      'queued',
      'sending',
      'canceled',
      'receiving',
      'of_next_year',
    ].map((word) => callback('SM1', word)),
  },
};

const authorization = `Basic ${Buffer.from(`${ACCOUNT}:${TOKENS[0]}`).toString('base64')}`;
const request = {
  method: 'POST',
  url: `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`,
  headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
  format: 'form' as const,
};

function chatOn(channel: 'sms' | 'whatsapp', prefix: string, more: object = {}): ChatCase {
  return {
    name: 'a text',
    message: {
      channel,
      to: '+15551234567',
      from: { address: '15550783881' },
      text: 'Was it you? Reply YES or NO.',
      inReplyTo: 'SM1',
      deadlineMs: 5_000,
    },
    request: {
      ...request,
      body: {
        To: `${prefix}+15551234567`,
        From: `${prefix}+15550783881`,
        Body: 'Was it you? Reply YES or NO.',
      },
    },
    ...more,
  };
}

export const twilioSmsCase: ProviderCase = {
  ...common,
  chat: [chatOn('sms', '')],
  message: smsMessage,
  request: {
    ...request,
    body: {
      To: '+15551234567',
      From: '+15550783881',
      Body: 'Your code is 093751.',
      ValidityPeriod: '600',
    },
  },
  simulator: () => openStage(smsMessage),
};

export const twilioWhatsappCase: ProviderCase = {
  ...common,
  chat: [chatOn('whatsapp', 'whatsapp:', { windowClosed: twilioError(63016) })],
  message: whatsappMessage,
  request: {
    ...request,
    body: {
      To: 'whatsapp:+15551234567',
      From: 'whatsapp:+15550783881',
      ContentSid: CONTENT,
      ContentVariables: '{"1":"093751"}',
      ValidityPeriod: '600',
    },
  },
  simulator: () => openStage(whatsappMessage),
};

/** The account that a fresh simulator has. */
export function simulatedConfig(
  simulator: SimulatorUnderTest,
  changes: Partial<TwilioMessagingConfig> = {},
): TwilioMessagingConfig {
  const { twilioAccountSid, twilioAuthToken } = new SimulatorConfig();
  return configAt(`${simulator.url}/twilio`, {
    accountSid: twilioAccountSid,
    authTokens: [twilioAuthToken],
    ...changes,
  });
}

async function openStage(message: OutboundMessage): Promise<SimulatorStage> {
  const simulator = await SimulatorUnderTest.start();
  return stageAt(simulator, {
    config: simulatedConfig(simulator),
    message,
    play: {
      badCredentials: async () => simulatedConfig(simulator, { authTokens: ['a-token-of-nobody'] }),
      badReceiver: () => fault(simulator, 'refuse', { code: 21610 }),
      throttled: () => fault(simulator, 'refuse', { code: 20429 }),
      throttledForTwoSeconds: () => fault(simulator, 'graphError', { code: 130429, retryAfter: 2 }),
    },
  });
}
