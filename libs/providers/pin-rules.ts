const SIX_DIGITS = /^\d{6}$/;

/** Beyond runs and repetitions: what people type when six digits are asked for, and walks over a keypad. */
const COMMON = new Set([
  '112233',
  '111222',
  '123321',
  '654456',
  '147258',
  '258369',
  '147369',
  '159753',
  '159357',
  '147852',
  '789456',
  '456123',
  '123654',
  '135790',
  '246810',
  '696969',
  '420420',
  '131313',
]);

export type PinWeakness = 'one_digit' | 'run' | 'repetition' | 'common';

/** For the caller; a PIN is never repeated. */
export const WEAKNESSES: Record<PinWeakness, string> = {
  one_digit: 'one digit six times',
  run: 'digits in a row, upwards or downwards',
  repetition: 'the same two or three digits over and over',
  common: 'one of the PINs that are tried first',
};

/**
 * What makes six digits easy to guess; undefined when nothing known does. A PIN that begins like a year is not weak:
 * two in a hundred do by chance, and four of its digits stay open.
 */
export function weaknessOf(pin: string): PinWeakness | undefined {
  if (!SIX_DIGITS.test(pin)) throw new Error('a PIN is six digits');
  if (new Set(pin).size === 1) return 'one_digit';
  // On a keypad 0 follows 9, and 9 comes before 0.
  if (stepsBy(pin, 1) || stepsBy(pin, 9)) return 'run';
  if (pin === pin.slice(0, 2).repeat(3) || pin === pin.slice(0, 3).repeat(2)) return 'repetition';
  return COMMON.has(pin) ? 'common' : undefined;
}

function stepsBy(pin: string, step: number): boolean {
  return [...pin].every((digit, at) => at === 0 || Number(digit) === (Number(pin[at - 1]) + step) % 10);
}
