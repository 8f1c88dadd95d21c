import { createHmac, type KeyObject } from 'node:crypto';

/** 16 of the 32 bytes: enough for a name or a MAC, and small in Redis. */
const SHORT_CHARACTERS = 22;

/**
 * HMAC-SHA256 over length-prefixed fields, so that no two field lists share an input (SEC-06). One update with one
 * string: each crossing into the crypto library costs more than the hashing. Fields must be well-formed text.
 */
export function keyedDigest(key: KeyObject, fields: readonly string[]): Buffer {
  return createHmac('sha256', key).update(join(fields)).digest();
}

/** The first 128 bits as 22 base64url characters. */
export function shortDigest(key: KeyObject, fields: readonly string[]): string {
  return createHmac('sha256', key).update(join(fields)).digest('base64url').slice(0, SHORT_CHARACTERS);
}

function join(fields: readonly string[]): string {
  let joined = '';
  for (const field of fields) joined += `${field.length}:${field}`;
  return joined;
}
