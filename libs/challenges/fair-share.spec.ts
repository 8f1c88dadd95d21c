import { describe, expect, it } from 'vitest';
import type { Clock } from '#platform/clock';
import { FairShare } from './fair-share.js';

describe('a tenant’s share of the line', () => {
  const clock = { time: 1_000_000, now: () => clock.time };
  const shareOf = (): FairShare => new FairShare(clock as unknown as Clock);
  const take = (share: FairShare, tenant: string, count: number): number[] =>
    Array.from({ length: count }, () => share.take(tenant));

  it('is the ordinary line for a hundred messages, then further back the more there are', () => {
    const share = shareOf();
    expect(new Set(take(share, 'a', 100))).toEqual(new Set([0]));
    expect(new Set(take(share, 'a', 100))).toEqual(new Set([1]));
    expect(share.take('a')).toBe(2);
    expect(take(share, 'a', 1_000_000).at(-1)).toBeLessThanOrEqual(2 ** 21);
  });

  it('is a tenant’s own', () => {
    const share = shareOf();
    take(share, 'a', 5_000);
    expect(share.take('b')).toBe(0);
  });

  it('comes back with time, at a hundred a second', () => {
    const share = shareOf();
    take(share, 'a', 300);
    expect(share.take('a')).toBeGreaterThan(0);
    clock.time += 2_020;
    expect(take(share, 'a', 1)).toEqual([0]);
    expect(new Set(take(share, 'a', 10))).toContain(1);
  });

  it('bears a clock that is set back', () => {
    const share = shareOf();
    take(share, 'a', 50);
    clock.time -= 60_000;
    expect(share.take('a')).toBe(0);
  });
});
