import { describe, expect, it } from 'vitest';
import { type PinWeakness, weaknessOf } from './pin-rules.js';

const RULES: [why: string, pin: string, weakness: PinWeakness | undefined][] = [
  ['zeros', '000000', 'one_digit'],
  ['another digit', '777777', 'one_digit'],
  ['upwards', '123456', 'run'],
  ['upwards from zero', '012345', 'run'],
  ['upwards past nine', '789012', 'run'],
  ['upwards to the zero beside nine', '567890', 'run'],
  ['downwards', '654321', 'run'],
  ['downwards to zero', '543210', 'run'],
  ['downwards past zero', '109876', 'run'],
  ['one pair three times', '121212', 'repetition'],
  ['a pair with a zero', '909090', 'repetition'],
  ['one half twice', '123123', 'repetition'],
  ['a half that is no run', '480480', 'repetition'],
  ['double digits in a row', '112233', 'common'],
  ['there and back', '123321', 'common'],
  ['a column of the keypad after another', '147258', 'common'],
  ['a cross on the keypad', '159753', 'common'],
  ['rows of the keypad', '789456', 'common'],
  ['a year and two digits', '198407', undefined],
  ['this century', '202614', undefined],
  ['five in a row and one beside', '123457', undefined],
  ['a run broken in the middle', '123567', undefined],
  ['two pairs and another', '121213', undefined],
  ['steps of two', '135791', undefined],
  ['nothing special', '480713', undefined],
];

describe('what a PIN must not be', () => {
  it.each(RULES)('%s: %s', (_why, pin, weakness) => {
    expect(weaknessOf(pin)).toBe(weakness);
  });

  it('leaves nearly all of them', () => {
    let weak = 0;
    for (let at = 0; at < 1_000_000; at += 3) if (weaknessOf(String(at).padStart(6, '0'))) weak++;
    expect(weak).toBeGreaterThan(300);
    expect(weak).toBeLessThan(500);
  });

  it.each(['12345', '1234567', '12345a', '', '１２３４５６'])('%j is none at all', (pin) => {
    expect(() => weaknessOf(pin)).toThrow(/six digits/);
  });
});
