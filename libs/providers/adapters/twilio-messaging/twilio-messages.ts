// What every message through Twilio has in common: how both ends are written, and what the answer means.
import { asProviderId, type OutboundMessage, type SendResult } from '../../message-provider.js';
import { resultOf, resultOfWordless } from '../verdict.js';
import type { TwilioAnswer } from './twilio-client.js';
import { judgeTwilioError } from './twilio-errors.js';

const MESSAGING_SERVICE = /^MG[0-9a-f]{32}$/;
/** A number in full; fewer digits are a short code, which has no `+`. */
const WHOLE_NUMBER = /^\d{7,15}$/;

/** A sender whose id is that of a messaging service leaves the choice of the number to Twilio. */
export function addressesOf({
  channel,
  to,
  from,
}: Pick<OutboundMessage, 'channel' | 'to' | 'from'>): Record<string, string> {
  const prefix = channel === 'whatsapp' ? 'whatsapp:' : '';
  if (from.externalId !== undefined && MESSAGING_SERVICE.test(from.externalId))
    return { To: prefix + to, MessagingServiceSid: from.externalId };
  const sender = WHOLE_NUMBER.test(from.address) ? `+${from.address}` : from.address;
  return { To: prefix + to, From: prefix + sender };
}

export function toResult(answer: TwilioAnswer): SendResult {
  switch (answer.kind) {
    case 'ok': {
      const providerMessageId = asProviderId(answer.body['sid']);
      return providerMessageId === undefined
        ? { outcome: 'unknown', reason: 'answer_without_id' }
        : { outcome: 'accepted', providerMessageId };
    }
    case 'error': {
      const { code, status, retryAfterMs } = answer;
      return resultOf(judgeTwilioError(code, status), `twilio_${code}`, retryAfterMs);
    }
    default:
      return resultOfWordless(answer);
  }
}
