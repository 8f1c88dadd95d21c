// Owns the signatures of Standard Webhooks, both ways: over id, time and body.

import { createHmac } from 'node:crypto';

const TOLERANCE_SECONDS = 300;

export function signatureOf(id: string, timestamp: string, body: string, secret: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

export function isSigned(
  headers: Record<string, unknown>,
  body: string,
  secret: string,
  nowMs: number,
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': given } = headers;
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof given !== 'string') return false;
  if (!(Math.abs(Number(timestamp) - nowMs / 1_000) <= TOLERANCE_SECONDS)) return false;
  return given.split(' ').includes(signatureOf(id, timestamp, body, secret));
}
