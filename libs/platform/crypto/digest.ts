import { createHmac, hash, type KeyObject } from 'node:crypto';

/** 16 of the 32 bytes: enough for a name or a MAC, and small in Redis. */
const SHORT_CHARACTERS = 22;
/** Of SHA-256, in bytes. */
const BLOCK = 64;
const OUTPUT = 32;
const LONGEST_QUICK = 512;

/**
 * HMAC-SHA256 over length-prefixed fields, so that no two field lists share an input (SEC-06). Fields must be
 * well-formed text.
 */
export function keyedDigest(key: KeyObject, fields: readonly string[]): Buffer {
  return hmac(key, join(fields), 'buffer');
}

/** The first 128 bits as 22 base64url characters. */
export function shortDigest(key: KeyObject, fields: readonly string[]): string {
  return hmac(key, join(fields), 'base64url').slice(0, SHORT_CHARACTERS);
}

function join(fields: readonly string[]): string {
  let joined = '';
  for (const field of fields) joined += `${field.length}:${field}`;
  return joined;
}

/** The two blocks that a key begins an HMAC with (RFC 2104), each with room for what is hashed after it. */
interface Pads {
  inner: Buffer;
  /** The beginnings of `inner`, by length: making one anew costs as much as hashing it. */
  begun: Buffer[];
  outer: Buffer;
}

const padsOf = new WeakMap<KeyObject, Pads>();

/**
 * RFC 2104 out of two one-shot hashes. `createHmac` makes an object of the crypto library for each call, which costs a
 * request several times what the hashing does: 8 % of a check's processor time, measured.
 */
function hmac(key: KeyObject, text: string, encoding: 'buffer'): Buffer;
function hmac(key: KeyObject, text: string, encoding: 'base64url'): string;
function hmac(key: KeyObject, text: string, encoding: 'buffer' | 'base64url'): Buffer | string {
  // UTF-8 takes at most three bytes for each unit of a string.
  if (text.length * 3 > LONGEST_QUICK) {
    const long = createHmac('sha256', key).update(text);
    return encoding === 'buffer' ? long.digest() : long.digest(encoding);
  }
  const { inner, begun, outer } = pads(key);
  const end = BLOCK + inner.write(text, BLOCK);
  outer.write(hash('sha256', (begun[end] ??= inner.subarray(0, end)), 'hex'), BLOCK, 'hex');
  return hash('sha256', outer, encoding as 'base64url');
}

function pads(key: KeyObject): Pads {
  let found = padsOf.get(key);
  if (!found) {
    const bytes = key.export();
    if (bytes.length > BLOCK) throw new Error('a key of the ring is 32 bytes');
    found = { inner: padded(bytes, 0x36, LONGEST_QUICK), begun: [], outer: padded(bytes, 0x5c, OUTPUT) };
    padsOf.set(key, found);
  }
  return found;
}

function padded(key: Buffer, pad: number, room: number): Buffer {
  const block = Buffer.alloc(BLOCK + room);
  for (let at = 0; at < BLOCK; at++) block[at] = (key[at] ?? 0) ^ pad;
  return block;
}
