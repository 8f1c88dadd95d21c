import { parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max';

/** A receiver in the one form that limits, partitions and references are keyed on. */
export interface CanonicalReceiver {
  /** What the provider is given: E.164, or the address as typed. */
  address: string;
  /** What counters and partitions use: national variants of one handset folded together. */
  canonical: string;
  /** ISO 3166 alpha-2, when the number tells. */
  country?: string;
}

export type ReceiverProblem = 'invalid_phone' | 'extension_not_allowed' | 'number_class_not_allowed';

const E164 = /^\+[1-9]\d{6,14}$/;
/** Number classes that cost the sender and prove nothing (FR-07); the +8xx nets pass libphonenumber as mobile. */
const BARRED_TYPES = new Set([
  'PREMIUM_RATE',
  'SHARED_COST',
  'TOLL_FREE',
  'PAGER',
  'VOICEMAIL',
  'UAN',
  'PERSONAL_NUMBER',
]);
const BARRED_PREFIXES = ['+870', '+878', '+881', '+882', '+883', '+888', '+979'];

/**
 * Reads a phone number strictly: E.164 with `+`, spaces, dashes, dots and brackets allowed between digits.
 * Control, format and non-ASCII characters are refused rather than cleaned, since 13 spellings of one number
 * otherwise reach 13 counters (ATK-25).
 */
export function parsePhone(text: string): CanonicalReceiver | ReceiverProblem {
  if (text.length > 40 || !/^\+[0-9 ().-]+$/.test(text)) {
    return /^\+[0-9 ().-]+\s*(x|ext|;ext=)/i.test(text.slice(0, 60))
      ? 'extension_not_allowed'
      : 'invalid_phone';
  }
  const digits = `+${text.replace(/\D/g, '')}`;
  if (!E164.test(digits)) return 'invalid_phone';
  if (BARRED_PREFIXES.some((prefix) => digits.startsWith(prefix))) return 'number_class_not_allowed';
  const canonical = foldVariants(digits);
  // The older spelling of a variant (+521, +55 without its ninth digit) is no valid number to today's tables.
  const parsed = parseValid(digits) ?? parseValid(canonical);
  if (!parsed) return 'invalid_phone';
  const type = parsed.getType();
  if (type !== undefined && BARRED_TYPES.has(type)) return 'number_class_not_allowed';
  return { address: digits, canonical, country: parsed.country };
}

function parseValid(digits: string): PhoneNumber | undefined {
  const parsed = parsePhoneNumberFromString(digits, { extract: false });
  return parsed?.isValid() ? parsed : undefined;
}

/**
 * Mexico's +521, Argentina's +549 and Brazil's ninth digit name the same handset with and without it.
 */
export function foldVariants(e164: string): string {
  if (e164.startsWith('+521') && e164.length === 14) return `+52${e164.slice(4)}`;
  if (e164.startsWith('+549') && e164.length === 14) return `+54${e164.slice(4)}`;
  if (e164.startsWith('+55') && e164.length === 14 && e164[5] === '9')
    return e164.slice(0, 5) + e164.slice(6);
  return e164;
}

/** `+1415•••2671`: the only form of a number that leaves the service unasked. */
export function maskReceiver(address: string): string {
  if (address.includes('@')) {
    const at = address.lastIndexOf('@');
    return `${address.slice(0, 1)}•••${address.slice(at)}`;
  }
  return `${address.slice(0, Math.max(3, address.length - 7))}•••${address.slice(-4)}`;
}
