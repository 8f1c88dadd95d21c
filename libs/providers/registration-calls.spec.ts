import { describe, expect, it } from 'vitest';
import { callsLeft, stillCounted } from './registration-calls.js';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 4, 17);
const hoursAgo = (...hours: number[]): Date[] => hours.map((each) => new Date(NOW - each * HOUR));
const ten = [71, 70, 60, 50, 40, 30, 20, 10, 5, 1];

describe('calls of register and deregister in 72 hours', () => {
  it.each([
    ['none', [], null, { left: 10 }],
    ['three', [3, 2, 1], null, { left: 7 }],
    ['nine', ten.slice(1), null, { left: 1 }],
    ['ten', ten, null, { left: 0, nextAt: NOW + HOUR }],
    ['ten, in any order', [...ten].reverse(), null, { left: 0, nextAt: NOW + HOUR }],
    ['ten, one of them 72 hours old', [72, ...ten.slice(1)], null, { left: 1 }],
    ['eleven that two processes made', [71, ...ten], null, { left: 0, nextAt: NOW + HOUR }],
    ['none, but the provider said stop', [], 5, { left: 0, nextAt: NOW + 5 * HOUR }],
    ['three, and the stop is over', [3, 2, 1], 0, { left: 7 }],
  ] as const)('%s', (_what, hours, blockedHours, expected) => {
    const registrationBlockedUntil = blockedHours === null ? null : new Date(NOW + blockedHours * HOUR);
    expect(callsLeft({ registrationCalls: hoursAgo(...hours), registrationBlockedUntil }, NOW)).toEqual(
      expected,
    );
  });

  it('are forgotten when they count no more', () => {
    expect(stillCounted(hoursAgo(1, 80, 71, 72), NOW)).toEqual(hoursAgo(71, 1));
  });
});
