import { reject, retry, throttle, type Verdict } from '../verdict.js';

const SECOND = 1_000;

/**
 * From Twilio's error and warning dictionary: what its codes mean, in the answer to a send as well as in the
 * `ErrorCode` of a receipt.
 */
const VERDICTS: Record<number, Verdict> = {
  20003: reject('account'),
  20005: reject('account'),
  20006: reject('account'),
  20008: reject('account'),
  20404: reject('account'),
  20429: throttle(SECOND),
  20500: 'unknown',
  20503: retry(2 * SECOND),
  20504: 'unknown',
  // The request: sender, receiver, text.
  21211: reject('receiver'),
  21212: reject('account'),
  21217: reject('receiver'),
  21265: reject('receiver'),
  21266: reject('receiver'),
  21408: reject('receiver'),
  21602: reject('bug'),
  21603: reject('bug'),
  21604: reject('bug'),
  21606: reject('account'),
  21607: reject('account'),
  21608: reject('receiver'),
  21609: reject('account'),
  21610: reject('receiver'),
  21611: throttle(30 * SECOND),
  21612: reject('receiver'),
  21614: reject('receiver'),
  21617: reject('bug'),
  21619: reject('bug'),
  21635: reject('receiver'),
  21655: reject('template'),
  21656: reject('template'),
  21659: reject('account'),
  21660: reject('account'),
  21661: reject('account'),
  21701: reject('account'),
  21703: reject('account'),
  21705: reject('account'),
  21910: reject('bug'),
  // Delivery by SMS.
  30001: throttle(30 * SECOND),
  30002: reject('account'),
  30003: reject('receiver'),
  30004: reject('receiver'),
  30005: reject('receiver'),
  30006: reject('receiver'),
  30007: reject('receiver'),
  30008: reject('receiver'),
  30009: reject('receiver'),
  30010: reject('account'),
  30022: throttle(SECOND),
  30023: reject('account'),
  30024: reject('account'),
  30027: reject('account'),
  30032: reject('account'),
  30034: reject('account'),
  30036: reject('receiver'),
  30038: reject('account'),
  30450: reject('receiver'),
  30453: reject('receiver'),
  // Delivery by WhatsApp.
  63001: reject('account'),
  63002: reject('account'),
  63003: reject('receiver'),
  63005: reject('template'),
  63007: reject('account'),
  63010: retry(2 * SECOND),
  63012: retry(2 * SECOND),
  63013: reject('account'),
  63014: reject('receiver'),
  63015: reject('receiver'),
  63016: reject('template'),
  63018: throttle(SECOND),
  63019: reject('bug'),
  63020: reject('account'),
  63021: reject('template'),
  63022: reject('account'),
  63023: retry(2 * SECOND),
  63024: reject('receiver'),
  63027: reject('template'),
  63028: reject('template'),
  63029: reject('receiver'),
  63030: reject('template'),
  63031: reject('receiver'),
  63032: reject('receiver'),
  63033: reject('receiver'),
  63038: reject('account'),
  63040: reject('template'),
  63041: reject('template'),
  63042: reject('template'),
  63049: reject('receiver'),
  63051: reject('account'),
};

/** Twilio's codes have five digits; anything else in their place is not Twilio's. */
export function isErrorCode(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 10_000 && (value as number) <= 99_999;
}

/** A code that is not in the table is judged by the HTTP status that carried it. A receipt has none: `bug`. */
export function judgeTwilioError(code: number, status = 400): Verdict {
  const known = VERDICTS[code];
  if (known) return known;
  if (status === 429) return throttle(SECOND);
  if (status >= 500) return 'unknown';
  return reject(status === 401 || status === 403 ? 'account' : 'bug');
}
