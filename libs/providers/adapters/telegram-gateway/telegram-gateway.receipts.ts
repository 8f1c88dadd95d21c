import { createHash, createHmac } from 'node:crypto';
import { constantTimeEqual } from '#platform/crypto';
import {
  asProviderId,
  type FailureClass,
  type Notices,
  type Receipts,
  type StatusNotice,
} from '../../message-provider.js';
import { isObject } from '../json.js';
import { isFresh } from '../freshness.js';
import type { TelegramGatewayConfig } from './telegram-gateway.config.js';

const SIGNATURE = /^[0-9a-f]{64}$/;
const AMOUNT = /^\d{1,12}(\.\d{1,12})?$/;
/** What the Gateway's fees are counted in. */
const CURRENCY = 'USD';

interface Meaning {
  status: StatusNotice['status'];
  reason?: string;
  failure?: FailureClass;
}

/** The Gateway's words for what became of a message. `revoked` is our own doing: nobody is to blame for it. */
const MEANINGS = new Map<string, Meaning>([
  ['sent', { status: 'sent' }],
  ['delivered', { status: 'delivered' }],
  ['read', { status: 'read' }],
  ['expired', { status: 'failed', reason: 'telegram_expired', failure: 'receiver' }],
  ['revoked', { status: 'failed', reason: 'telegram_revoked' }],
]);

export const telegramReceipts: Receipts<TelegramGatewayConfig> = {
  /** Hex HMAC-SHA256 over time and body, under the SHA-256 of the token. Reports that are not of now are not believed. */
  verify({ headers, rawBody, receivedAt = Date.now() }, config) {
    const { 'x-request-timestamp': timestamp, 'x-request-signature': given } = headers;
    if (typeof timestamp !== 'string' || typeof given !== 'string' || !SIGNATURE.test(given)) return false;
    if (!isFresh(timestamp, receivedAt)) return false;
    // Every one is tried, so that the time taken does not tell which token is in use.
    return config.accessTokens
      .map((token) => constantTimeEqual(sign(timestamp, rawBody, token), given))
      .some(Boolean);
  },

  parse(body) {
    const found: Notices = { notices: [], ignored: 0, malformed: 0 };
    const providerMessageId = isObject(body) ? asProviderId(body['request_id']) : undefined;
    if (!isObject(body) || providerMessageId === undefined) return { ...found, malformed: 1 };
    const { delivery_status: delivery, verification_status: verification } = body;
    // A report of an answer that was entered says nothing of the delivery.
    if (delivery === undefined && verification !== undefined) return { ...found, ignored: 1 };
    const word = isObject(delivery) ? delivery['status'] : undefined;
    if (typeof word !== 'string') return { ...found, malformed: 1 };
    const meaning = MEANINGS.get(word);
    if (!meaning) return { ...found, ignored: 1 };
    return { ...found, notices: [toNotice(providerMessageId, meaning, body)] };
  },
};

function toNotice(
  providerMessageId: string,
  { status, reason, failure }: Meaning,
  { payload, request_cost: cost, is_refunded: refunded }: Record<string, unknown>,
): StatusNotice {
  const amount = refunded === true ? '0' : typeof cost === 'number' ? String(cost) : '';
  return {
    kind: 'status',
    providerMessageId,
    correlationId: typeof payload === 'string' ? payload : undefined,
    status,
    reason,
    failure,
    ...(AMOUNT.test(amount) && { price: { amount, currency: CURRENCY } }),
  };
}

function sign(timestamp: string, rawBody: Buffer, token: string): string {
  const key = createHash('sha256').update(token).digest();
  return createHmac('sha256', key).update(`${timestamp}\n`).update(rawBody).digest('hex');
}
