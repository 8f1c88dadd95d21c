import { expect, it } from 'vitest';
import { matchesPattern, readPattern } from './test-number-pattern.js';

it.each(['+12025550100', '+1202555****', '+12025******', 'Review@Example.com'])('%s is a pattern', (text) =>
  expect(readPattern(text)).toBe(text.includes('@') ? text.toLowerCase() : text),
);

it.each([
  '12025550100',
  '+1202*******',
  '+1202****100',
  '*',
  '+*******',
  '+120',
  '+1202555010012345',
  '+1 202 555 0100',
  '+１2025550100',
  'a@b@c',
  '*@example.com ',
  '@example.com',
  '',
])('%j is none', (text) => expect(readPattern(text)).toBeUndefined());

it('a star is one digit, no more and no less', () => {
  expect(matchesPattern('+1202555****', '+12025550100')).toBe(true);
  expect(matchesPattern('+1202555****', '+1202555010')).toBe(false);
  expect(matchesPattern('+1202555****', '+120255501001')).toBe(false);
  expect(matchesPattern('+1202555****', '+12025560100')).toBe(false);
  expect(matchesPattern('+12025550100', '+12025550100')).toBe(true);
  expect(matchesPattern('+12025550100', '+12025550101')).toBe(false);
});
