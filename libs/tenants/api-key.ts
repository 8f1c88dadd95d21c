import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Identifier, newId } from '#platform/identifiers';

/** `live` keys reach people; `test` keys reach simulator accounts only, under the wide limit profile `test`. */
export type KeyMode = 'live' | 'test';

/** What a key may do. `codes:reveal` also needs a generator with `revealCode`. */
export const SCOPES = [
  'challenges:create',
  'challenges:check',
  'challenges:read',
  'challenges:cancel',
  'receivers:write',
  'consents:read',
  'consents:export',
  'privacy:erase',
  'generators:read',
  'generators:write',
  'templates:read',
  'templates:write',
  'accounts:read',
  'accounts:write',
  'settings:read',
  'settings:write',
  'limits:read',
  'limits:write',
  'switches:write',
  'events:read',
  'webhooks:read',
  'webhooks:write',
  'keys:read',
  'keys:write',
  'audit:read',
  'codes:reveal',
] as const;
export type Scope = (typeof SCOPES)[number];

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

/** Published so that secret scanners can find a leaked key and tell it from a typo by its checksum. */
export const KEY_PATTERN = /^csk_(live|test)_([0-9a-hjkmnp-tv-z]{26})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

export interface ParsedKey {
  id: Identifier;
  mode: KeyMode;
  secretHash: string;
}

/** Makes `csk_<mode>_<id>_<secret><checksum>`. The text is shown once and stored nowhere. */
export function makeKey(mode: KeyMode): ParsedKey & { text: string } {
  const id = newId();
  const secret = toBase62(BigInt(`0x${randomBytes(32).toString('hex')}`), SECRET_LENGTH);
  const body = `csk_${mode}_${id}_${secret}`;
  return { id, mode, secretHash: hash(secret), text: body + checksum(body) };
}

/** Reads a key; undefined when its shape or checksum is wrong, without a look at any store. */
export function parseKey(text: string): ParsedKey | undefined {
  const match = KEY_PATTERN.exec(text);
  if (!match) return undefined;
  const [, mode, id, secret, sum] = match;
  if (checksum(text.slice(0, -CHECKSUM_LENGTH)) !== sum) return undefined;
  return { id: id!, mode: mode as KeyMode, secretHash: hash(secret!) };
}

function checksum(body: string): string {
  return toBase62(BigInt(crc32(body)), CHECKSUM_LENGTH);
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function toBase62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = BASE62[Number(rest % 62n)]! + text;
  return text;
}
