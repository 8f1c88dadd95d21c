import {
  defineProvider,
  type FailureClass,
  type Finding,
  type OutboundMessage,
  type ProviderContext,
  type SendResult,
} from '../../message-provider.js';
import { callTwilio, DEFAULT_BASE_URL, type TwilioAnswer } from './twilio-client.js';
import { addressesOf, toResult } from './twilio-messages.js';
import { twilioChat } from './twilio-messaging.chat.js';
import { TwilioMessagingConfig } from './twilio-messaging.config.js';
import { twilioReceipts } from './twilio-messaging.receipts.js';

const MANAGEMENT_DEADLINE_MS = 10_000;
/** Twilio gives up after it, seconds. Its pages tell of 14,400 and of 36,000 as the most. */
const LONGEST_VALIDITY_SECONDS = 14_400;

/** SMS and WhatsApp through Twilio's Programmable Messaging. */
export const twilioMessaging = defineProvider<TwilioMessagingConfig>({
  id: 'twilio-messaging',
  channels: ['sms', 'whatsapp'],
  lacks: (channel, config) =>
    channel === 'whatsapp' && config.whatsappContentSid === undefined ? 'whatsappContentSid' : undefined,
  configDto: TwilioMessagingConfig,
  secrets: ['authTokens', 'apiKeySecret'],
  echoesCorrelation: true,
  baseUrl: (config) => config.baseUrl ?? DEFAULT_BASE_URL,
  receipts: twilioReceipts,
  chat: twilioChat,

  async send(message, config, context) {
    const content = contentOf(message, config);
    if ('refused' in content) return content.refused;
    const fields = { ...addressesOf(message), ...content.fields, ...limits(message, context) };
    const form = new URLSearchParams(fields);
    return toResult(await callTwilio('/Messages.json', form, config, context, message.deadlineMs));
  },

  async diagnose(config, _senders, context) {
    const answer = await callTwilio('.json', undefined, config, context, MANAGEMENT_DEADLINE_MS);
    return [judgeAccount(answer)];
  },
});

/** WhatsApp takes a code, or the end of a button's address, in an approved content template only; what it says is Twilio's and Meta's business. */
function contentOf(
  { channel, code, link, content }: OutboundMessage,
  { whatsappContentSid, whatsappCodeVariable = '1' }: TwilioMessagingConfig,
): { fields: Record<string, string> } | { refused: SendResult } {
  if (channel === 'whatsapp') {
    if (whatsappContentSid === undefined) return refuse('whatsapp_content_sid_missing', 'account');
    const variables = JSON.stringify({ [whatsappCodeVariable]: link?.suffix ?? code });
    return { fields: { ContentSid: whatsappContentSid, ContentVariables: variables } };
  }
  return content === undefined ? refuse('text_missing', 'bug') : { fields: { Body: content.text } };
}

function refuse(reason: string, failure: FailureClass): { refused: SendResult } {
  return { refused: { outcome: 'rejected', reason, failure } };
}

function limits(
  { lifeMs, correlationId }: OutboundMessage,
  { webhookUrl }: ProviderContext,
): Record<string, string> {
  const seconds = lifeMs === undefined ? undefined : Math.max(1, Math.floor(lifeMs / 1_000));
  return {
    ...(webhookUrl !== undefined && {
      StatusCallback: `${webhookUrl}?m=${encodeURIComponent(correlationId)}`,
    }),
    ...(seconds !== undefined && { ValidityPeriod: String(Math.min(seconds, LONGEST_VALIDITY_SECONDS)) }),
  };
}

function judgeAccount(answer: TwilioAnswer): Finding {
  if (answer.kind === 'ok') {
    const ok = answer.body['status'] === 'active';
    return { check: 'credentials', ok, detail: ok ? 'The account is active.' : 'The account is not active.' };
  }
  if (answer.kind === 'error')
    return { check: 'credentials', ok: false, detail: `Twilio refused the account: twilio_${answer.code}.` };
  const reason = 'reason' in answer ? answer.reason : 'status_429';
  return { check: 'reachable', ok: false, detail: `Twilio did not answer as expected: ${reason}.` };
}
