const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long after the one before each attempt is made: what Standard Webhooks recommends, 75.6 hours in all. */
export const DELAYS_MS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
/** Later by up to a tenth, so that what failed together does not come back together. Never earlier. */
const JITTER = 0.1;
/** What an endpoint may ask for. More would be a way to keep deliveries for ever. */
const MOST_RETRY_AFTER_MS = 24 * HOUR;

/** When the next attempt is due after `made` of them failed; undefined when that was the last. `draw` is within [0, 1). */
export function nextAttemptAt(
  made: number,
  now: number,
  retryAfterMs: number | undefined,
  draw: number,
): number | undefined {
  const delay = DELAYS_MS[made];
  if (delay === undefined) return undefined;
  return now + Math.max(delay * (1 + JITTER * draw), Math.min(retryAfterMs ?? 0, MOST_RETRY_AFTER_MS));
}
