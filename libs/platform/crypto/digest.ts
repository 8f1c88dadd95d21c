import { createHmac, type KeyObject } from 'node:crypto';

/**
 * HMAC-SHA256 over length-prefixed fields, so that no two field lists share an input (SEC-06).
 * A field's length is written in two bytes: fields longer than 65,535 bytes are a programming error.
 */
export function keyedDigest(key: KeyObject, fields: readonly string[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const field of fields) {
    const length = Buffer.byteLength(field);
    if (length > 0xffff) throw new RangeError('digest field too long');
    hmac.update(LENGTHS[length] ?? lengthPrefix(length));
    hmac.update(field);
  }
  return hmac.digest();
}

/** The first 16 bytes as 22 base64url characters: enough for a name or a MAC, and small in Redis. */
export function shortDigest(key: KeyObject, fields: readonly string[]): string {
  return keyedDigest(key, fields).toString('base64url', 0, 16);
}

function lengthPrefix(length: number): Buffer {
  return Buffer.from([length >> 8, length & 255]);
}

const LENGTHS = Array.from({ length: 64 }, (_, length) => lengthPrefix(length));
