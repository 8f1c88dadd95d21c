// Owns the reading of POST …/Messages.json: what Twilio refuses at once, in its own order.

import { codeIn } from '../core/code-in-text.js';
import { digitsOf, isReachableNumber } from '../core/phone-number.js';
import { twilioError } from './twilio-error.js';

export interface TwilioRequest {
  channel: 'sms' | 'whatsapp';
  /** Digits. */
  to: string;
  /** Digits, a name, or the SID of a messaging service. */
  from: string;
  text: string;
  /** In a template's words rather than one's own. */
  isTemplate?: true;
  code?: string;
  statusCallback?: string;
}

const MOST_CHARACTERS = 1_600;
const PREFIX = 'whatsapp:';

export function readTwilioRequest(form: Record<string, unknown>): TwilioRequest {
  const { To: to, From: from, MessagingServiceSid: service } = form;
  if (typeof to !== 'string' || to === '') throw twilioError(21604);
  const channel = to.startsWith(PREFIX) ? 'whatsapp' : 'sms';
  const digits = digitsOf(to.replace(PREFIX, ''));
  if (!to.includes('+') || !isReachableNumber(digits)) throw twilioError(21211);
  return {
    channel,
    to: digits,
    from: readSender(from, service, channel),
    ...(channel === 'whatsapp' ? readContent(form) : readBody(form)),
    statusCallback: readCallback(form.StatusCallback),
  };
}

function readSender(from: unknown, service: unknown, channel: TwilioRequest['channel']): string {
  if (typeof service === 'string') {
    if (!/^MG[0-9a-f]{32}$/.test(service)) throw twilioError(21705);
    return service;
  }
  if (typeof from !== 'string' || from === '') throw twilioError(21603);
  if (from.startsWith(PREFIX) !== (channel === 'whatsapp')) throw twilioError(21910);
  const sender = from.replace(PREFIX, '');
  // A number in full, a short code, or a name of 11 characters.
  if (!/^(?:\+[1-9]\d{6,14}|\d{3,6}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$/.test(sender))
    throw twilioError(21212);
  return sender.replace('+', '');
}

function readBody({ Body: body }: Record<string, unknown>): Pick<TwilioRequest, 'text' | 'code'> {
  if (typeof body !== 'string' || body === '') throw twilioError(21602);
  if (body.length > MOST_CHARACTERS) throw twilioError(21617);
  return { text: body, code: codeIn(body) };
}

/** What the template says is Twilio's secret; its first variable stands in the usual sentence. */
function readContent(form: Record<string, unknown>): Pick<TwilioRequest, 'text' | 'code' | 'isTemplate'> {
  const { ContentSid: sid, ContentVariables: variables } = form;
  if (sid === undefined) return readBody(form);
  if (typeof sid !== 'string' || !/^HX[0-9a-f]{32}$/.test(sid)) throw twilioError(21655);
  const code = firstVariable(variables);
  return { text: `*${code}* is your verification code.`, code, isTemplate: true };
}

function firstVariable(text: unknown): string {
  try {
    const value: unknown = JSON.parse(String(text));
    const [first] = Object.values(value as Record<string, unknown>);
    if (typeof first === 'string') return first;
  } catch {
    // falls through
  }
  throw twilioError(21656);
}

function readCallback(url: unknown): string | undefined {
  if (url === undefined) return undefined;
  if (typeof url === 'string' && /^https?:\/\//.test(url) && URL.canParse(url)) return url;
  throw twilioError(21609);
}
