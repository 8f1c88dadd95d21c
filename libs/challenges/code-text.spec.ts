import { describe, expect, it } from 'vitest';
import { givenCode, givenCodeFault, readAnswer } from './code-text.js';

describe('a code of the caller’s own (BI-29)', () => {
  it.each(
    ['1234', 'J$FpnYnP', '~!@#$%^&*()_+', 'a.b', "'OR1=1--", '{{code}}', '123456789012345'].filter(
      (code) => code.length > 3,
    ),
  )('%s is taken', (code) => expect(givenCodeFault(code, false)).toBeUndefined());

  it.each([
    ['three characters', '123'],
    ['sixteen', '1234567890123456'],
    ['64', '1'.repeat(64)],
    ['none', ''],
    ['a space within', '12 456'],
    ['a space behind', '12345 '],
    ['full-width digits', '１２３４５６'],
    ['Arabic-Indic digits', '١٢٣٤٥٦'],
    ['an emoji', '1234😀'],
    ['a control character', '1234\u0007'],
    ['a character without width', '1234\u200b'],
    ['an address', 'http://a.bc/d'],
    ['an address without a scheme', 'bit.ly/3xY'],
    ['a host', 'www.a1'],
    ['a host with a domain', 'evil.example'],
  ])('%s is refused', (_what, code) => expect(givenCodeFault(code, false)).toBeDefined());

  it('is digits where the generator promises digits', () => {
    expect(givenCodeFault('12345a', true)).toMatch(/digits/);
    expect(givenCodeFault('12345a', false)).toBeUndefined();
    expect(givenCodeFault('012345', true)).toBeUndefined();
  });

  it('is compared as it is, unless it is digits, which have no case', () => {
    expect(givenCode('J$FpnYnP').exact).toBe(true);
    expect(givenCode('ABCD').exact).toBe(true);
    expect(givenCode('0123').exact).toBe(false);
  });
});

describe('what was typed', () => {
  it.each([
    ['012345', { plain: '012345' }],
    ['abcd', { plain: 'ABCD', exact: 'abcd' }],
    ['AB-CD', { plain: 'ABCD', exact: 'AB-CD' }],
    ['AB CD', { plain: 'ABCD' }],
    [' J$FpnYnP\n', { exact: 'J$FpnYnP' }],
    ['123-456', { plain: '123456', exact: '123-456' }],
  ])('%j may be meant as %o', (typed, answer) => {
    const { plain, exact } = readAnswer(typed)!;
    expect({ ...(plain && { plain }), ...(exact && { exact }) }).toEqual(answer);
  });

  it.each(['', '123', '1'.repeat(16), '１２３４５６', '1234😀', 'a b$cd', ' '.repeat(80)])(
    '%j is none',
    (typed) => expect(readAnswer(typed)).toBeUndefined(),
  );
});
