import {
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.js';
import { readPlainNumber } from './number-plans.js';

const PER_COUNTRY = 400;

function byParser(
  e164: string,
): { number: string; country: string | undefined; type: string | undefined } | undefined {
  const parsed = parsePhoneNumberFromString(e164, { extract: false });
  return parsed && { number: parsed.number, country: parsed.country, type: parsed.getType() };
}

/** Numbers near the real ones: an example with its tail, or all of it, drawn anew, a digit added or dropped. */
function* near(country: (typeof countries)[number], random: () => number): Generator<string> {
  const digit = (): string => String(Math.floor(random() * 10));
  const code = getCountryCallingCode(country);
  const example = getExampleNumber(country, examples)?.nationalNumber ?? '12345678';
  for (let turn = 0; turn < PER_COUNTRY; turn++) {
    const kept = Math.floor(random() * (example.length + 1));
    let national = example.slice(0, kept);
    while (national.length < example.length) national += digit();
    if (turn % 7 === 0) national += digit();
    if (turn % 11 === 0) national = national.slice(1);
    if (turn % 13 === 0) national = `0${national}`;
    yield `+${code}${national}`;
  }
}

const countries = getCountries();

describe('compiled numbering plans', () => {
  it('say of a number what libphonenumber says, for every country, or nothing', () => {
    const random = seededRandom(7);
    let answered = 0;
    let asked = 0;
    for (const country of countries) {
      for (const e164 of near(country, random)) {
        const plain = readPlainNumber(e164);
        const parsed = byParser(e164);
        if (parsed?.type !== undefined) asked++;
        if (!plain) continue;
        answered++;
        expect({ e164, number: e164, ...plain }).toEqual({ e164, ...parsed });
      }
    }
    // A table that never answers would pass the comparison.
    expect(answered / asked).toBeGreaterThan(0.9);
  });
});
