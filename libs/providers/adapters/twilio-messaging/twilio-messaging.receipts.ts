import { createHmac } from 'node:crypto';
import { constantTimeEqual } from '#platform/crypto';
import {
  asProviderId,
  asWords,
  type InboundNotice,
  type Notices,
  type Receipts,
  type StatusNotice,
} from '../../message-provider.js';
import { isObject } from '../json.js';
import { isErrorCode, judgeTwilioError } from './twilio-errors.js';
import type { TwilioMessagingConfig } from './twilio-messaging.config.js';

const SIGNATURE = /^[A-Za-z0-9+/]{27}=$/;
const PRICE = /^-?(\d{1,12}(?:\.\d{1,12})?)$/;

/** Twilio's words for what became of a message. Those not listed change nothing that we act on. */
const STATUS = new Map<string, StatusNotice['status']>([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['undelivered', 'failed'],
  ['failed', 'failed'],
]);

export const twilioReceipts: Receipts<TwilioMessagingConfig> = {
  format: 'form',

  /** HMAC-SHA1 over the whole address and every parameter, sorted by name, each name followed by its value. */
  verify({ url, headers, rawBody }, config) {
    const given = headers['x-twilio-signature'];
    if (typeof given !== 'string' || !SIGNATURE.test(given)) return false;
    const parameters = sortedParameters(rawBody);
    // Every one is tried, so that the time taken does not tell which token is in use.
    return config.authTokens
      .flatMap((token) => spellings(url).map((address) => sign(address + parameters, token)))
      .map((right) => constantTimeEqual(right, given))
      .some(Boolean);
  },

  parse(body, query = {}) {
    const found: Notices = { notices: [], ignored: 0, malformed: 0 };
    const providerMessageId = isObject(body) ? asProviderId(body['MessageSid']) : undefined;
    if (!isObject(body) || providerMessageId === undefined) return { ...found, malformed: 1 };
    // What people write comes without a MessageStatus.
    if (body['MessageStatus'] === undefined && body['SmsStatus'] === 'received') {
      const inbound = readInbound(providerMessageId, body);
      if (inbound === 'ignored') return { ...found, ignored: 1 };
      return inbound ? { ...found, notices: [inbound] } : { ...found, malformed: 1 };
    }
    const word = body['MessageStatus'];
    if (typeof word !== 'string') return { ...found, malformed: 1 };
    const status = STATUS.get(word);
    if (!status) return { ...found, ignored: 1 };
    return { ...found, notices: [readStatus(providerMessageId, status, body, query)] };
  },
};

function readStatus(
  providerMessageId: string,
  status: StatusNotice['status'],
  body: Record<string, unknown>,
  query: Record<string, unknown>,
): StatusNotice {
  const code = Number(body['ErrorCode']);
  const failed = status === 'failed' && isErrorCode(code);
  const verdict = failed ? judgeTwilioError(code) : undefined;
  const price = readPrice(body);
  return {
    kind: 'status',
    providerMessageId,
    correlationId: typeof query['m'] === 'string' ? query['m'] : undefined,
    status,
    reason: failed ? `twilio_${code}` : undefined,
    failure: verdict && typeof verdict === 'object' && 'failure' in verdict ? verdict.failure : undefined,
    ...(price && { price }),
  };
}

/** Twilio writes what it takes as a negative number. */
function readPrice({ Price: price, PriceUnit: unit }: Record<string, unknown>): StatusNotice['price'] {
  const amount = typeof price === 'string' ? PRICE.exec(price)?.[1] : undefined;
  const currency = typeof unit === 'string' && /^[A-Za-z]{3}$/.test(unit) ? unit.toUpperCase() : undefined;
  return amount === undefined || currency === undefined ? undefined : { amount, currency };
}

function readInbound(
  providerMessageId: string,
  body: Record<string, unknown>,
): InboundNotice | 'ignored' | undefined {
  const {
    From: from,
    To: to,
    Body: written,
    ButtonPayload: pressed,
    OriginalRepliedMessageSid: repliedTo,
    MessagingServiceSid: service,
  } = body;
  if (typeof from !== 'string' || typeof to !== 'string') return undefined;
  const person = asProviderId(from.replace(/^whatsapp:/, ''));
  const sender = asProviderId(to.replace(/^whatsapp:/, '').replace(/^\+/, ''));
  if (person === undefined || sender === undefined) return undefined;
  const [text, payload] = [asWords(written), asWords(pressed)];
  // A picture, a place.
  if (text === undefined && payload === undefined) return 'ignored';
  return {
    kind: 'inbound',
    providerMessageId,
    channel: from.startsWith('whatsapp:') ? 'whatsapp' : 'sms',
    from: person,
    sender,
    ...(typeof service === 'string' && { senderGroup: asProviderId(service) }),
    text,
    payload,
    inReplyTo: asProviderId(repliedTo),
  };
}

function sign(signed: string, token: string): string {
  return createHmac('sha1', token).update(signed).digest('base64');
}

/** Names and values as they are meant, not as they are encoded. Of equal ones only one counts. */
function sortedParameters(rawBody: Buffer): string {
  const pairs = [...new URLSearchParams(rawBody.toString('utf8'))];
  const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
  pairs.sort(([left, one], [right, other]) => order(left, right) || order(one, other));
  return pairs
    .filter(([name, value], at) => at === 0 || name !== pairs[at - 1]![0] || value !== pairs[at - 1]![1])
    .map(([name, value]) => name + value)
    .join('');
}

/** Twilio signs some addresses without the port they have, and some with the port they do not show. */
function spellings(url: string): string[] {
  if (!URL.canParse(url)) return [url];
  const { protocol, hostname, port } = new URL(url);
  const rest = url.slice(url.indexOf('/', `${protocol}//`.length));
  const standard = protocol === 'https:' ? '443' : '80';
  const ported = `${protocol}//${hostname}:${port || standard}${rest}`;
  return [...new Set([url, `${protocol}//${hostname}${rest}`, ported])];
}
