import { randomInt } from 'node:crypto';

/** Letters and digits that no font confuses: no 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V. */
const UNAMBIGUOUS = '34679ACDEFGHJKMNPQRTWXY';

export const ALPHABETS = ['numeric', 'alphanumeric'] as const;
export type Alphabet = (typeof ALPHABETS)[number];

/**
 * A random code over the whole space, leading zeros included (STD-01). `randomInt` draws from the CSPRNG without
 * modulo bias; no "trivial" code is left out, since that only shrinks the space (ATK-33).
 */
export function makeCode(alphabet: Alphabet, length: number): string {
  if (alphabet === 'numeric') return makeDigits(length);
  let code = '';
  while (code.length < length) code += UNAMBIGUOUS[randomInt(UNAMBIGUOUS.length)]!;
  return code;
}

function makeDigits(length: number): string {
  // randomInt takes ranges below 2^48: fourteen digits at most in one draw.
  const first = Math.min(length, 14);
  const head = String(randomInt(10 ** first)).padStart(first, '0');
  return length > first ? head + makeDigits(length - first) : head;
}
