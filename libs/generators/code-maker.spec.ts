import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeKey } from '../tenants/api-key.js';
import { newChallengeId } from '#platform/identifiers';
import { type Alphabet, makeCode } from './code-maker.js';

const SAMPLE = 1_000_000;
/** Chi-square at p = 0.001 for nine and for twenty-two degrees of freedom. */
const CRITICAL = { 9: 27.88, 22: 48.27 };
/** A fair generator exceeds p = 0.001 now and then, in one position of six; it does not do so three times running. */
const SAMPLES = 3;

/** How far each position of `SAMPLE` codes is from having all `characters` equally often (chi-square). */
function distances(make: () => string, characters: number): number[] {
  const counts: Uint32Array[] = [];
  for (let drawn = 0; drawn < SAMPLE; drawn++) {
    const code = make();
    for (let at = 0; at < code.length; at++) (counts[at] ??= new Uint32Array(128))[code.charCodeAt(at)]!++;
  }
  const expected = SAMPLE / characters;
  return counts.map((here) => {
    const seen = here.filter((count) => count > 0);
    const never = (characters - seen.length) * expected;
    return seen.reduce((sum, count) => sum + (count - expected) ** 2 / expected, never);
  });
}

function isFair(make: () => string, characters: number, critical: number): boolean {
  for (let turn = 0; turn < SAMPLES; turn++) {
    if (distances(make, characters).every((distance) => distance < critical)) return true;
  }
  return false;
}

afterEach(() => vi.restoreAllMocks());

describe('a numeric code (STD-01)', () => {
  it('has every digit equally often at every position', () => {
    expect(isFair(() => makeCode('numeric', 6), 10, CRITICAL[9])).toBe(true);
  });

  it('is measured finely enough to see three bytes modulo a million (ATK-33)', () => {
    const bytes = randomBytes(3 * SAMPLE);
    let at = -3;
    const biased = (): string => String(bytes.readUIntBE((at += 3), 3) % 1_000_000).padStart(6, '0');
    expect(distances(biased, 10)[0]).toBeGreaterThan(CRITICAL[9]);
  });

  it('begins with a zero one time in ten', () => {
    let zeros = 0;
    for (let drawn = 0; drawn < SAMPLE; drawn++) if (makeCode('numeric', 6).startsWith('0')) zeros++;
    expect(zeros / SAMPLE).toBeGreaterThan(0.098);
    expect(zeros / SAMPLE).toBeLessThan(0.102);
  });

  it('leaves no code out, however trivial (ATK-33)', () => {
    const drawn = new Set(Array.from({ length: 300_000 }, () => makeCode('numeric', 4)));
    expect(drawn.size).toBe(10_000);
    for (const trivial of ['0000', '1234', '9999']) expect(drawn).toContain(trivial);
  });
});

describe('an alphanumeric code', () => {
  it('has every character equally often, and none that is read for another', () => {
    expect(isFair(() => makeCode('alphanumeric', 4), 23, CRITICAL[22])).toBe(true);
    const seen = new Set(Array.from({ length: 5_000 }, () => makeCode('alphanumeric', 8)).join(''));
    expect([...seen].sort().join('')).toBe('34679ACDEFGHJKMNPQRTWXY');
  });
});

it.each(['numeric', 'alphanumeric'] as Alphabet[])(
  'a %s code has exactly the length asked for',
  (alphabet) => {
    for (let length = 4; length <= 15; length++) {
      for (let turn = 0; turn < 200; turn++) {
        expect(makeCode(alphabet, length)).toMatch(new RegExp(`^[0-9A-Z]{${length}}$`));
      }
    }
  },
);

it('no code, id or key comes from Math.random (STD-02)', () => {
  vi.spyOn(Math, 'random').mockImplementation(() => {
    throw new Error('Math.random is predictable');
  });
  expect(makeCode('numeric', 15)).toMatch(/^\d{15}$/);
  expect(makeCode('alphanumeric', 15)).toMatch(/^[0-9A-Z]{15}$/);
  expect(newChallengeId(1)).toHaveLength(26);
  expect(makeKey('test').text).toMatch(/^csk_test_/);
});
