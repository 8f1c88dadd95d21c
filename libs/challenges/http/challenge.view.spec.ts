import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iso } from './challenge.view.js';

describe('a time in an answer', () => {
  it('is written as toISOString writes it, also when days alternate', () => {
    const time = fc.integer({ min: 0, max: Date.UTC(2200, 0) });
    fc.assert(
      fc.property(fc.array(time, { maxLength: 5 }), (times) => {
        expect(times.map(iso)).toEqual(times.map((ms) => new Date(ms).toISOString()));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused when there is none', () => {
    expect(() => iso(NaN)).toThrow(RangeError);
  });
});
