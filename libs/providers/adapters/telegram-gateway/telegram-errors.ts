import { reject, throttle, retry, type Verdict } from '../verdict.js';

const SECOND = 1_000;
const MINUTE = 60_000;

/**
 * The Gateway's words in `error`. Its pages name a few only; the others are those of Telegram's own API, or seen. Decide
 * on the word, never on the status: a refusal comes with 200 as well as with 4xx.
 */
const VERDICTS = new Map<string, Verdict>([
  ['ACCESS_TOKEN_REQUIRED', reject('account')],
  ['ACCESS_TOKEN_INVALID', reject('account')],
  ['ACCESS_TOKEN_EXPIRED', reject('account')],
  ['ACCOUNT_BLOCKED', reject('account')],
  ['BALANCE_NOT_ENOUGH', reject('account')],
  ['IP_NOT_ALLOWED', reject('account')],
  ['SENDER_USERNAME_INVALID', reject('account')],
  ['SENDER_NOT_VERIFIED', reject('account')],
  ['SENDER_NOT_OWNED', reject('account')],
  ['CALLBACK_URL_INVALID', reject('account')],
  ['PHONE_NUMBER_INVALID', reject('receiver')],
  ['PHONE_NUMBER_NOT_FOUND', reject('receiver')],
  ['PHONE_NUMBER_NOT_AVAILABLE', reject('receiver')],
  ['PHONE_NUMBER_FLOOD', throttle(MINUTE)],
  ['CODE_INVALID', reject('bug')],
  ['CODE_LENGTH_INVALID', reject('bug')],
  ['PAYLOAD_INVALID', reject('bug')],
  ['TTL_INVALID', reject('bug')],
  ['REQUEST_ID_REQUIRED', reject('bug')],
  // The id of the check before it: it was good for this moment only.
  ['REQUEST_ID_INVALID', retry(SECOND)],
  ['REQUEST_ID_EXPIRED', retry(SECOND)],
  ['TOO_MANY_REQUESTS', throttle(5 * SECOND)],
  ['INTERNAL_ERROR', 'unknown'],
]);

const FLOOD_WAIT = /^FLOOD_WAIT_(\d{1,6})$/;

/** A word of the Gateway's, in capitals; sentences and anything longer are none. */
export function isErrorWord(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]{2,47}$/.test(value);
}

/** A word that is not in the table is judged by the HTTP status that carried it. */
export function judgeTelegramError(word: string, status = 400): Verdict {
  const seconds = FLOOD_WAIT.exec(word)?.[1];
  if (seconds !== undefined) return throttle(Math.max(1, Number(seconds)) * SECOND);
  const known = VERDICTS.get(word);
  if (known) return known;
  if (status === 429) return throttle(5 * SECOND);
  if (status >= 500) return 'unknown';
  return reject(status === 401 || status === 403 ? 'account' : 'bug');
}

/** How the word stands in a journal. A number in it is a delay, which would make a reason of each second. */
export function reasonOf(word: string): string {
  return `telegram_${word.replace(/_\d+$/, '').toLowerCase()}`;
}
