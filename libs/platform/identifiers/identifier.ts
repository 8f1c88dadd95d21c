import { drawRandomBytes } from '#platform/crypto';
import { decodeBase32, encodeBase32, firstByte, withLastByte } from './base32.js';

/**
 * One id, many spellings: every id is 128 bits in the UUIDv4 pattern, held inside as 26 base32 characters.
 * Each vendor's form only renders those bits, so no look-up table can drift.
 * Challenge ids carry their partition in byte 0 and the message number in byte 15 (0 = the challenge itself).
 */
export type Identifier = string;

export const ID_PREFIXES = {
  challenge: 'chl_',
  message: 'msg_',
  tenant: 'ten_',
  key: 'key_',
  generator: 'gen_',
  template: 'tpl_',
  account: 'acc_',
  sender: 'snd_',
  testNumber: 'tsn_',
  switch: 'swi_',
  endpoint: 'whe_',
  delivery: 'whd_',
  erasure: 'era_',
} as const;
export type IdKind = keyof typeof ID_PREFIXES;

/** A fresh random id. */
export function newId(): Identifier {
  return encodeBase32(stampVersion(drawRandomBytes(16)));
}

/** A challenge id in the given partition, from fresh random bits or from the 16 bytes that name one operation. */
export function newChallengeId(partition: number, operation?: Buffer): Identifier {
  const bytes = stampVersion(operation ? Buffer.from(operation) : drawRandomBytes(16));
  bytes[0] = partition;
  bytes[15] = 0;
  return encodeBase32(bytes);
}

function stampVersion(bytes: Buffer): Buffer {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}

/** The partition of a challenge or message id: its first byte. */
export function partitionOf(id: Identifier): number {
  return firstByte(id);
}

/** Message `number` (1..9) of a challenge; number 0 gives the challenge back. */
export function messageId(challengeId: Identifier, number: number): Identifier {
  return withLastByte(challengeId, number);
}

/** Splits a message id into its challenge and its number. */
export function splitMessageId(id: Identifier): { challengeId: Identifier; number: number } {
  const bytes = decodeBase32(id)!;
  return { challengeId: withLastByte(id, 0), number: bytes[15]! };
}

/** True for the 26 characters that every id is held as. */
export function isIdentifier(text: string): text is Identifier {
  return isStamped(decodeBase32(text));
}

/** `chl_…`, `gen_…`: the native spelling. */
export function renderNative(kind: IdKind, id: Identifier): string {
  return ID_PREFIXES[kind] + id;
}

/** Reads the native spelling; undefined for anything else. */
export function parseNative(kind: IdKind, text: unknown): Identifier | undefined {
  const prefix = ID_PREFIXES[kind];
  if (typeof text !== 'string' || text.length !== prefix.length + 26 || !text.startsWith(prefix))
    return undefined;
  const id = text.slice(prefix.length);
  return isIdentifier(id) ? id : undefined;
}

/** Those that were rendered last: a batch of the journal names each challenge, and its tenant, a dozen times. */
const rendered = new Map<Identifier, string>();
const MOST_RENDERED = 8_192;

/** Lower-case UUID: Messangi's `requestId`, Authsignal's `challengeId`, PostgreSQL's `uuid`. */
export function renderUuid(id: Identifier): string {
  const known = rendered.get(id);
  if (known !== undefined) return known;
  const hex = decodeBase32(id)!.toString('hex');
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  if (rendered.size >= MOST_RENDERED) rendered.clear();
  rendered.set(id, uuid);
  return uuid;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads a UUID in either case; undefined for anything else. */
export function parseUuid(text: unknown): Identifier | undefined {
  if (typeof text !== 'string' || text.length !== 36 || !UUID.test(text)) return undefined;
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  return isStamped(bytes) ? encodeBase32(bytes) : undefined;
}

/** Twilio's `VE…`/`VA…`/`AC…` (lower hex behind two letters) and Infobip's 32 upper-case hex characters. */
export function renderHex(id: Identifier): string {
  return decodeBase32(id)!.toString('hex');
}

/** A positive integer of 52 bits derived from the id: what Messangi's `status` answers as `data.id`. */
export function renderInteger(id: Identifier): number {
  const bytes = decodeBase32(id)!;
  return (bytes.readUIntBE(9, 6) % 2 ** 46) * 64 + (bytes[1]! & 63) + 1;
}

function isStamped(bytes: Buffer | undefined): boolean {
  return bytes?.length === 16 && (bytes[6]! & 0xf0) === 0x40 && (bytes[8]! & 0xc0) === 0x80;
}
