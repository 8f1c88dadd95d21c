import { reject, retry, throttle, type Verdict } from '../verdict.js';

const SECOND = 1_000;
const MINUTE = 60_000;

/**
 * From Meta's error reference. Decide on the code, never on the HTTP status or the title: Meta answers 400 for
 * throttles as well as for mistakes.
 */
const VERDICTS: Record<number, Verdict> = {
  0: reject('account'),
  1: retry(SECOND),
  2: retry(2 * SECOND),
  3: reject('account'),
  4: throttle(MINUTE),
  10: reject('account'),
  33: reject('account'),
  100: reject('bug'),
  190: reject('account'),
  368: reject('account'),
  80007: throttle(MINUTE),
  80008: throttle(MINUTE),
  130403: reject('receiver'),
  130429: throttle(SECOND),
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
  131056: throttle(6 * SECOND),
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
  133000: reject('account'),
  133004: retry(2 * SECOND),
  // Registration of the number: nothing here is worth a second try, and wrong PINs are counted.
  133005: reject('account'),
  133006: reject('account'),
  133008: reject('account'),
  133009: reject('account'),
  133010: reject('account'),
  133015: reject('account'),
  133016: reject('account'),
  134011: reject('account'),
  135000: retry(SECOND),
  136024: reject('account'),
  136025: reject('account'),
  139200: reject('account'),
};

/** "Object does not exist, or you may not see it": the sender is not this account's. */
const UNKNOWN_OBJECT = { code: 100, subcode: 33 };

/** What came beside the code. A receipt has neither subcode nor status. */
interface Circumstances {
  isTransient?: boolean;
  subcode?: number;
  status?: number;
}

/** Permission codes 200–299 share one verdict; a code that is not documented is judged by what came beside it. */
export function judgeGraphError(
  code: number,
  { isTransient, subcode, status = 400 }: Circumstances = {},
): Verdict {
  if (code === UNKNOWN_OBJECT.code && subcode === UNKNOWN_OBJECT.subcode) return reject('account');
  const known = VERDICTS[code];
  if (known) return known;
  if (code >= 200 && code <= 299) return reject('account');
  if (status === 429) return throttle(SECOND);
  if (isTransient) return retry(SECOND);
  if (status >= 500) return 'unknown';
  return reject(status === 401 || status === 403 ? 'account' : 'bug');
}
