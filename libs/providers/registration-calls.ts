/** Meta counts register and deregister of a number together (133016). */
export const MOST_REGISTRATION_CALLS = 10;
const WINDOW_MS = 72 * 3_600_000;

export interface RegistrationCalls {
  registrationCalls: readonly Date[];
  registrationBlockedUntil: Date | null;
}

/** How many calls are left now, and when the next one is when there is none. */
export function callsLeft(kept: RegistrationCalls, now: number): { left: number; nextAt?: number } {
  const blockedUntil = kept.registrationBlockedUntil?.getTime() ?? 0;
  if (blockedUntil > now) return { left: 0, nextAt: blockedUntil };
  const counted = stillCounted(kept.registrationCalls, now);
  const left = MOST_REGISTRATION_CALLS - counted.length;
  if (left > 0) return { left };
  return { left: 0, nextAt: counted[counted.length - MOST_REGISTRATION_CALLS]!.getTime() + WINDOW_MS };
}

export function stillCounted(calls: readonly Date[], now: number): Date[] {
  return calls.filter((at) => at.getTime() > now - WINDOW_MS).sort((a, b) => a.getTime() - b.getTime());
}
