// Standard Webhooks (standardwebhooks.com): how what we post, and what is posted to us, is signed.
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** One signature for each secret, so that the other side can rotate in its own time. */
export function signedHeaders(
  id: string,
  nowMs: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets
      .map((secret) => webhookSignature(id, timestamp, Buffer.from(body), secret))
      .join(' '),
  };
}

export function webhookSignature(id: string, timestamp: string, body: Buffer, secret: string): string {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const digest = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return `v1,${digest}`;
}
