import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { readPlainNumber } from './number-plans.js';

/** A receiver in the one form that limits, partitions and references are keyed on. */
export interface CanonicalReceiver {
  /** What the provider is given: E.164, or the address as typed. */
  address: string;
  /** What counters and partitions use: national variants of one handset folded together. */
  canonical: string;
  /** ISO 3166 alpha-2, when the number tells. */
  country?: string;
  /** A number of a network without handsets, as far as the numbering tables tell. */
  voip?: true;
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
  const current = currentForm(digits);
  const parsed = parse(current);
  // Without its trunk zero a number may be too short: Austria's +43 0 1110 would be a subscriber of four digits.
  if (!parsed || !E164.test(parsed.number)) return 'invalid_phone';
  if (BARRED_TYPES.has(parsed.type)) return 'number_class_not_allowed';
  // libphonenumber forgives what is dialled at home only (a trunk zero, a carrier code, Argentina's 15): a dozen
  // more spellings of one number, so what it understood replaces what was written.
  const address = parsed.number === current ? digits : parsed.number;
  const canonical = foldVariants(parsed.number);
  return { address, canonical, country: parsed.country, ...(parsed.type === 'VOIP' && { voip: true }) };
}

/** A number that is refused for its class, in the form that counters and references use; undefined for any other text. */
export function readBarredPhone(text: string): CanonicalReceiver | undefined {
  if (parsePhone(text) !== 'number_class_not_allowed') return undefined;
  const digits = `+${text.replace(/\D/g, '')}`;
  return { address: digits, canonical: foldVariants(digits) };
}

/** Only a valid number has a type; asking for both costs the same look-up twice. */
function parse(digits: string): { number: string; country?: string; type: string } | undefined {
  const plain = readPlainNumber(digits);
  if (plain) return { number: digits, ...plain };
  const parsed = parsePhoneNumberFromString(digits, { extract: false });
  const type = parsed?.getType();
  return parsed && type !== undefined ? { number: parsed.number, country: parsed.country, type } : undefined;
}

/** Brazil's ninth digit went in front of mobiles, which began with 6 to 9; a fixed line keeps its eight, 2 to 5 first. */
const BRAZIL_MOBILE = /^(?<area>\+55[1-9]{2})9?(?<line>[6-9]\d{7})$/;

/**
 * Mexico's +521, Argentina's +549 and Brazil's ninth digit name the same handset with and without it. What merely
 * looks alike is another subscriber, who would be sent this one's code: +55 11 9 4321-1234 and +55 11 4321-1234.
 */
export function foldVariants(e164: string): string {
  if (e164.startsWith('+521') && e164.length === 14) return `+52${e164.slice(4)}`;
  if (e164.startsWith('+549') && e164.length === 14) return `+54${e164.slice(4)}`;
  return e164.startsWith('+55') ? e164.replace(BRAZIL_MOBILE, '$<area>$<line>') : e164;
}

/** The spelling that today's numbering tables know: the older ones of Mexico and Brazil are not valid there. */
function currentForm(e164: string): string {
  if (e164.startsWith('+521')) return foldVariants(e164);
  return e164.startsWith('+55') && e164.length === 13 ? e164.replace(BRAZIL_MOBILE, '$<area>9$<line>') : e164;
}

/** Whether a valid number can be of this country, by its ISO 3166 code. */
export function hasNumbers(country: string): boolean {
  return isSupportedCountry(country);
}

/** `+1415•••2671`: the only form of a number that leaves the service unasked. */
export function maskReceiver(address: string): string {
  if (address.includes('@')) {
    const at = address.lastIndexOf('@');
    return `${address.slice(0, 1)}•••${address.slice(at)}`;
  }
  return `${address.slice(0, Math.max(3, address.length - 7))}•••${address.slice(-4)}`;
}
