import type { FailureClass, SendResult } from '../message-provider.js';

/** What one error code of a provider means for a message: a row of an adapter's table. */
export type Verdict = { retryAfterMs: number; throttled?: true } | { failure: FailureClass } | 'unknown';

export const retry = (retryAfterMs: number): Verdict => ({ retryAfterMs });
export const throttle = (retryAfterMs: number): Verdict => ({ retryAfterMs, throttled: true });
export const reject = (failure: FailureClass): Verdict => ({ failure });

/** `askedMs`: the delay that the provider asked for, which goes before the table's. */
export function resultOf(verdict: Verdict, reason: string, askedMs?: number): SendResult {
  if (verdict === 'unknown') return { outcome: 'unknown', reason };
  if ('failure' in verdict) return { outcome: 'rejected', reason, failure: verdict.failure };
  const { retryAfterMs, throttled } = verdict;
  return { outcome: 'retry', reason, afterMs: askedMs ?? retryAfterMs, throttled };
}
