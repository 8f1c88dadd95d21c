import { constantTimeEqual, webhookSignature } from '#platform/crypto';
import type { WebhookRequest } from '../../message-provider.js';
import { isFresh } from '../freshness.js';

const MESSAGE_ID = /^[\x21-\x7e]{1,255}$/;
/** More than two are not needed to rotate a secret. */
const MOST_SIGNATURES = 10;

export function isSigned(
  { headers, rawBody, receivedAt = Date.now() }: WebhookRequest,
  secrets: readonly string[],
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': given } = headers;
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof given !== 'string') return false;
  if (!MESSAGE_ID.test(id) || !isFresh(timestamp, receivedAt)) return false;
  const signatures = given.split(' ', MOST_SIGNATURES);
  // Every pair is tried, so that the time taken does not tell which secret is in use.
  return secrets
    .map((secret) => webhookSignature(id, timestamp, rawBody, secret))
    .flatMap((right) => signatures.map((signature) => constantTimeEqual(right, signature)))
    .some(Boolean);
}
