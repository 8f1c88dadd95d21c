import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldVariants, maskReceiver, parsePhone } from './phone.js';

/** What counters and partitions see of a number; the refusal when there is one. */
function canonical(text: string): string {
  const parsed = parsePhone(text);
  return typeof parsed === 'string' ? parsed : parsed.canonical;
}

describe('the spellings of one number reach one counter (ATK-25)', () => {
  it.each([
    '+14155552671',
    '+1 415 555 2671',
    '+1 (415) 555-2671',
    '+1-415-555-2671',
    '+1.415.555.2671',
    '+1(415)5552671',
    '+ 1 415 555 26 71',
    '+1 415 555 2671 ',
    '+1--415--5552671',
    '+(1)4155552671',
    '+1 (1) 415 555 2671',
    '+1 1 4155552671',
  ])('%j', (text) => {
    expect(parsePhone(text)).toMatchObject({
      address: '+14155552671',
      canonical: '+14155552671',
      country: 'US',
    });
  });

  it.each([
    ['4155552671', 'invalid_phone'],
    ['14155552671', 'invalid_phone'],
    ['0014155552671', 'invalid_phone'],
    ['011 1 415 555 2671', 'invalid_phone'],
    [' +14155552671', 'invalid_phone'],
    ['+14155552671\n', 'invalid_phone'],
    ['+14155552671\u0000', 'invalid_phone'],
    ['+1\u00a0415\u00a05552671', 'invalid_phone'],
    ['+1\u200b4155552671', 'invalid_phone'],
    ['\u202a+14155552671\u202c', 'invalid_phone'],
    ['\ufeff+14155552671', 'invalid_phone'],
    ['＋14155552671', 'invalid_phone'],
    ['+１４１５５５５２６７１', 'invalid_phone'],
    ['+١٤١٥٥٥٥٢٦٧١', 'invalid_phone'],
    ['+1\u2010415\u2010555\u20102671', 'invalid_phone'],
    ['++14155552671', 'invalid_phone'],
    ['+1+4155552671', 'invalid_phone'],
    ['+1/415/5552671', 'invalid_phone'],
    ['+1415555CALL', 'invalid_phone'],
    ['tel:+14155552671', 'invalid_phone'],
    ['+14155552671;phone-context=+1', 'invalid_phone'],
    ['+1415555267', 'invalid_phone'],
    ['+141555526711', 'invalid_phone'],
    ['+00000000000', 'invalid_phone'],
    ['+0014155552671', 'invalid_phone'],
    ['+1234567890123456', 'invalid_phone'],
    ['+55 0 15 11 98765 4321', 'invalid_phone'],
    ['+', 'invalid_phone'],
    ['', 'invalid_phone'],
    [`+1415555${' '.repeat(60)}2671`, 'invalid_phone'],
    ['+1 415 555 2671 x5', 'extension_not_allowed'],
    ['+14155552671x5', 'extension_not_allowed'],
    ['+1 415 555 2671 ext. 5', 'extension_not_allowed'],
    ['+14155552671;ext=5', 'extension_not_allowed'],
    ['+1 415 555 2671 EXT 5', 'extension_not_allowed'],
    ['+14155552671#5', 'invalid_phone'],
    ['+14155552671,5', 'invalid_phone'],
    // Seven digits with a trunk zero, six without.
    ['+4301110', 'invalid_phone'],
  ])('or are refused: %j', (text, problem) => expect(parsePhone(text)).toBe(problem));

  it.each([
    // A trunk zero, in brackets or bare, is dialled at home only; carrier codes likewise.
    ['+44 (0)20 7946 0018', '+442079460018'],
    ['+4402079460018', '+442079460018'],
    ['+33 (0)6 12 34 56 78', '+33612345678'],
    ['+490171 1234567', '+491711234567'],
    ['+61 0412 345 678', '+61412345678'],
    ['+81 090 1234 5678', '+819012345678'],
    ['+55 0 11 98765 4321', '+5511987654321'],
    // In Italy the zero is part of the number.
    ['+39 06 1234 567', '+39061234567'],
  ])('%s is sent to as %s', (text, address) => {
    expect(parsePhone(text)).toMatchObject({ address });
    expect(canonical(text)).toBe(canonical(address));
  });

  it('whatever separators stand between the digits', () => {
    const separators = fc.array(fc.constantFrom('', ' ', '-', '.', '(', ')', ' - '), {
      minLength: 12,
      maxLength: 12,
    });
    fc.assert(
      fc.property(separators, (between) => {
        const text = [...'+525512345678']
          .map((character, at) => character + (at > 0 ? between[at - 1]! : ''))
          .join('');
        expect(canonical(text)).toBe(text.length > 40 ? 'invalid_phone' : '+525512345678');
      }),
    );
  });

  it('and whatever is accepted at all is E.164, and canonical once and for all', () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{6,14}$/);
    const seen = { accepted: 0 };
    fc.assert(
      fc.property(digits, (text) => {
        const parsed = parsePhone(`+${text}`);
        if (typeof parsed === 'string') return;
        seen.accepted++;
        expect(parsed.address).toMatch(/^\+[1-9]\d{6,14}$/);
        // What a provider is handed leads back to the same counter, and its country does not change.
        expect(parsePhone(parsed.address)).toEqual(parsed);
      }),
      { numRuns: 5_000 },
    );
    expect(seen.accepted).toBeGreaterThan(100);
  });
});

describe('national variants of one handset', () => {
  it.each([
    ['Mexico, with the 1 of before 2019', '+5215512345678', '+525512345678'],
    ['Brazil, without its ninth digit', '+551187654321', '+5511987654321'],
    ['Argentina, without the 9 of mobiles', '+541123456789', '+5491123456789'],
    ['Argentina, with the 15 dialled at home', '+54111523456789', '+5491123456789'],
    ['Argentina, with trunk zero and 15', '+540111523456789', '+5491123456789'],
  ])('%s: %s and %s share counters and live challenge', (_where, older, current) => {
    expect(canonical(current)).toMatch(/^\+\d+$/);
    expect(canonical(older)).toBe(canonical(current));
  });

  it('are handed to the provider as they were given, where that is a spelling of E.164', () => {
    expect(parsePhone('+521 55 1234 5678')).toMatchObject({ address: '+5215512345678', country: 'MX' });
    expect(parsePhone('+55 11 98765-4321')).toMatchObject({ address: '+5511987654321', country: 'BR' });
    expect(parsePhone('+549 11 2345-6789')).toMatchObject({ address: '+5491123456789', country: 'AR' });
  });

  it.each([
    // A fixed line and a mobile in São Paulo: two subscribers. Folded, one would be sent the other's code.
    ['+5511943211234', '+551143211234'],
    ['+5511932345678', '+551132345678'],
    ['+5511952345678', '+551152345678'],
  ])('are not two people: %s and %s', (mobile, fixed) => {
    expect(canonical(mobile)).toMatch(/^\+\d+$/);
    expect(canonical(fixed)).toMatch(/^\+\d+$/);
    expect(canonical(mobile)).not.toBe(canonical(fixed));
  });

  it('leave every other number alone, of whatever length', () => {
    for (const other of [
      '+525512345678',
      '+54911234567',
      '+52155123456789',
      '+559123456789',
      '+14155552671',
      '+5491',
    ]) {
      expect(foldVariants(other)).toBe(other);
    }
  });
});

describe('numbers that cost the sender and prove nothing (FR-07)', () => {
  it.each([
    ['toll free', '+18002345678'],
    ['toll free, international', '+80012345678'],
    ['premium rate', '+19002345678'],
    ['premium rate', '+449012345678'],
    ['premium rate, international', '+979123456789'],
    ['shared cost, international', '+80812345678'],
    ['personal', '+447012345678'],
    ['pager', '+447640123456'],
    ['company-wide', '+445512345678'],
    ['premium with a trunk zero', '+44 0 901 234 5678'],
    ['Inmarsat', '+870773123456'],
    ['global mobile satellite', '+881621234567'],
    ['international networks', '+8821612345'],
    ['international networks', '+883510012345678'],
    ['personal, international', '+878101234567890'],
    ['disaster relief', '+888123456789'],
  ])('are barred: %s', (_class, text) => expect(parsePhone(text)).toBe('number_class_not_allowed'));

  it.each(['+85212345678', '+8613800138000', '+8801712345678', '+886912345678'])(
    'but %s, of a country behind +8, is none of them',
    (text) => expect(parsePhone(text)).not.toBe('number_class_not_allowed'),
  );

  it.each([
    '+5511987654321',
    '+5215512345678',
    '+447400123456',
    '+491711234567',
    '+584121234567',
    '+6281212345678',
  ])('and the mobile %s is not barred', (text) =>
    expect(parsePhone(text)).toMatchObject({ canonical: expect.stringMatching(/^\+\d+$/) }),
  );
});

describe('a masked receiver', () => {
  it.each([
    ['+14155552671', '+1415•••2671'],
    ['+525512340001', '+52551•••0001'],
    ['+1234567', '+12•••4567'],
    ['ana.perez@example.com', 'a•••@example.com'],
    ['"a@b"@example.com', '"•••@example.com'],
  ])('%s is shown as %s', (address, masked) => expect(maskReceiver(address)).toBe(masked));

  it('keeps three digits or more of a usual number to itself, and never shows it whole', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9][0-9]{9,14}$/), (address) => {
        const masked = maskReceiver(address);
        expect(address.length - masked.replace('•••', '').length).toBeGreaterThanOrEqual(3);
        expect(masked).toContain('•••');
      }),
    );
  });
});
