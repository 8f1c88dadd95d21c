const TOLERANCE_MS = 5 * 60_000;

/** Whether a signed time, seconds since the epoch as text, is within five minutes of now, both ways. */
export function isFresh(timestamp: string, now: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1_000 - now) <= TOLERANCE_MS;
}
