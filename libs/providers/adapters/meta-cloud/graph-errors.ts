import type { FailureClass } from '../../message-provider.js';

/** What one Graph error code means for a message. The router reads the class; nobody else looks at Meta's codes. */
export type GraphVerdict = { retryAfterMs: number } | { failure: FailureClass } | 'unknown';

const SECOND = 1_000;
const MINUTE = 60_000;

const retry = (retryAfterMs: number): GraphVerdict => ({ retryAfterMs });
const reject = (failure: FailureClass): GraphVerdict => ({ failure });

/**
 * From Meta's error reference. Decide on the code, never on the HTTP status or the title: Meta answers 400 for
 * throttles as well as for mistakes.
 */
const VERDICTS: Record<number, GraphVerdict> = {
  0: reject('account'),
  1: retry(SECOND),
  2: retry(2 * SECOND),
  3: reject('account'),
  4: retry(MINUTE),
  10: reject('account'),
  33: reject('account'),
  100: reject('bug'),
  190: reject('account'),
  368: reject('account'),
  80007: retry(MINUTE),
  130403: reject('receiver'),
  130429: retry(SECOND),
  130472: reject('receiver'),
  130497: reject('receiver'),
  131000: retry(SECOND),
  131005: reject('account'),
  131008: reject('bug'),
  131009: reject('bug'),
  131016: retry(2 * SECOND),
  131021: reject('receiver'),
  131026: reject('receiver'),
  131030: reject('receiver'),
  131031: reject('account'),
  131037: reject('account'),
  131042: reject('account'),
  131045: reject('account'),
  131047: reject('bug'),
  131048: reject('account'),
  131049: reject('receiver'),
  131050: reject('receiver'),
  131051: reject('bug'),
  131052: reject('bug'),
  131053: reject('bug'),
  131056: retry(6 * SECOND),
  131057: retry(MINUTE),
  131062: reject('receiver'),
  132000: reject('template'),
  132001: reject('template'),
  132005: reject('template'),
  132007: reject('template'),
  132012: reject('template'),
  132015: reject('template'),
  132016: reject('template'),
  132018: reject('bug'),
  133004: retry(2 * SECOND),
  133010: reject('account'),
  134011: reject('account'),
  135000: retry(SECOND),
  139200: reject('account'),
};

/** The verdict for a code; permission codes 200–299 share one; a code we do not know is decided by `isTransient`. */
export function judgeGraphError(code: number, isTransient: boolean): GraphVerdict {
  const known = VERDICTS[code];
  if (known) return known;
  if (code >= 200 && code <= 299) return reject('account');
  return isTransient ? retry(SECOND) : reject('bug');
}
