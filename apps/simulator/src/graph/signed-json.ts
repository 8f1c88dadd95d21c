// Owns the bytes of a webhook: ASCII only (é is \u00e9, lower-case hex), slashes
// escaped, and the signature over exactly those bytes. A receiver that parses and
// re-serialises before it verifies must fail here as it would in production.

import { createHmac } from 'node:crypto';

export function escapedJson(value: unknown): Buffer {
  const text = JSON.stringify(value)
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('/', '\\/');
  return Buffer.from(text, 'ascii');
}

export function signatureOf(body: Buffer, appSecret: string): string {
  return `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`;
}
