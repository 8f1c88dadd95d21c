import { describe, expect, it } from 'vitest';
import { DELAYS_MS, nextAttemptAt } from './delivery-schedule.js';

const NOW = 1_800_000_000_000;
const DAY_MS = 86_400_000;

describe('the schedule of a delivery', () => {
  it('is ten attempts in 75.6 hours, the last of which nothing follows', () => {
    expect(DELAYS_MS.reduce((sum, delay) => sum + delay, 0) / 3_600_000).toBeCloseTo(75.6, 1);
    expect(nextAttemptAt(9, NOW, undefined, 0)).toBe(NOW + DAY_MS);
    expect(nextAttemptAt(10, NOW, undefined, 0)).toBeUndefined();
    expect(nextAttemptAt(10, NOW, 5_000, 0)).toBeUndefined();
  });

  it('is later by up to a tenth, and never earlier', () => {
    for (const [made, delay] of DELAYS_MS.entries()) {
      expect(nextAttemptAt(made, NOW, undefined, 0)).toBe(NOW + delay);
      expect(nextAttemptAt(made, NOW, undefined, 0.999)).toBeLessThanOrEqual(NOW + delay * 1.1);
    }
  });

  it('waits as long as the endpoint asks, a day at most, and never less than it would', () => {
    expect(nextAttemptAt(1, NOW, 60_000, 0)).toBe(NOW + 60_000);
    expect(nextAttemptAt(1, NOW, 40 * DAY_MS, 0)).toBe(NOW + DAY_MS);
    expect(nextAttemptAt(2, NOW, 1_000, 0)).toBe(NOW + 300_000);
  });
});
