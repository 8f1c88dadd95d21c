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

/** An answer without a word of the provider's own that an adapter could judge. */
export type WordlessAnswer =
  /** Of something in front of the provider: nobody can say what became of the call behind it. */
  | { kind: 'server_error'; status: number }
  /** A 429 of something in front of the provider: nothing was handed on. */
  | { kind: 'throttled'; retryAfterMs?: number }
  | { kind: 'not_sent'; reason: string; distrusted?: boolean }
  | { kind: 'unreadable'; reason: string };

/** What it means for a message. */
export function resultOfWordless(answer: WordlessAnswer): SendResult {
  const reason = reasonOfWordless(answer);
  switch (answer.kind) {
    case 'throttled':
      return { outcome: 'retry', reason, afterMs: answer.retryAfterMs, throttled: true };
    case 'not_sent':
      // Whoever answers there is not the provider: not for a retry to mend, and never a reason to ask less of it.
      return answer.distrusted
        ? { outcome: 'rejected', reason, failure: 'account' }
        : { outcome: 'retry', reason };
    case 'server_error':
    case 'unreadable':
      return { outcome: 'unknown', reason };
  }
}

export function reasonOfWordless(answer: WordlessAnswer): string {
  switch (answer.kind) {
    case 'server_error':
      return `status_${answer.status}`;
    case 'throttled':
      return 'status_429';
    case 'not_sent':
    case 'unreadable':
      return answer.reason;
  }
}
