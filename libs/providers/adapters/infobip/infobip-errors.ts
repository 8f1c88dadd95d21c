import { reject, retry, throttle, type Verdict } from '../verdict.js';

const SECOND = 1_000;
const MINUTE = 60_000;

/** `status.groupId`. */
export const GROUP = { OK: 0, PENDING: 1, UNDELIVERABLE: 2, DELIVERED: 3, EXPIRED: 4, REJECTED: 5 } as const;
const FAILED_GROUPS: readonly number[] = [GROUP.UNDELIVERABLE, GROUP.EXPIRED, GROUP.REJECTED];

export function isFailedGroup(groupId: number): boolean {
  return FAILED_GROUPS.includes(groupId);
}

/**
 * Both of Infobip's catalogues, and the names of its two forms of HTTP errors, in one place. `error` is `error.id` of a
 * report and tells more than `status`, which is `status.id`. `http` is `messageId` of the older form and `errorCode` of
 * the newer one.
 */
const VERDICTS = {
  status: new Map<number, Verdict>([
    [4, reject('receiver')],
    [6, reject('receiver')],
    [8, reject('receiver')],
    [9, reject('receiver')],
    [10, reject('receiver')],
    [11, reject('account')],
    [12, reject('account')],
    [13, reject('account')],
    [14, reject('receiver')],
    [15, reject('receiver')],
    [17, reject('account')],
    [18, reject('receiver')],
    [19, reject('account')],
    // The same receiver too often: another channel may be let through, another try here is not.
    [20, reject('receiver')],
    [21, retry(2 * SECOND)],
    [23, reject('bug')],
    [24, reject('bug')],
    [25, reject('bug')],
    [29, reject('receiver')],
    [31, reject('receiver')],
    [51, reject('bug')],
    [52, reject('receiver')],
    // Infobip's fraud filter.
    [87, reject('receiver')],
    [96, reject('receiver')],
    [97, reject('receiver')],
    [98, reject('receiver')],
    [99, reject('account')],
    [100, reject('account')],
  ]),
  error: new Map<number, Verdict>([
    [608, reject('receiver')],
    [7002, reject('receiver')],
    [7003, reject('receiver')],
    [7008, reject('template')],
    [7009, reject('template')],
    [7010, reject('bug')],
    [7017, throttle(SECOND)],
    // The person behind the number may be another one now: nothing goes there before somebody acknowledged it.
    [7029, reject('receiver')],
    [7032, reject('receiver')],
    [7036, reject('template')],
    [7037, reject('template')],
  ]),
  http: new Map<string, Verdict>([
    ['UNAUTHORIZED', reject('account')],
    ['FORBIDDEN', reject('account')],
    ['BAD_REQUEST', reject('bug')],
    ['NOT_FOUND', reject('account')],
    ['TOO_MANY_REQUESTS', throttle(SECOND)],
    ['SERVICE_UNAVAILABLE', retry(2 * SECOND)],
    ['E400', reject('bug')],
    ['E401', reject('account')],
    ['E403', reject('account')],
    ['E404', reject('account')],
    ['E429', throttle(SECOND)],
    ['E503', retry(2 * SECOND)],
  ]),
};

/** Of an error whose own id is not listed: `error.groupId` 1 is about the handset, 3 about its operator. */
const BY_ERROR_GROUP = new Map<number, Verdict>([
  [1, reject('receiver')],
  [3, reject('receiver')],
]);

/** The outcome of a message as an answer or a report tells it. */
export interface Outcome {
  groupId: number;
  statusId?: number;
  errorId?: number;
  errorGroupId?: number;
}

/** Only for a group that has failed. An id of a group of later years is judged by the group alone. */
export function judgeOutcome({ groupId, statusId, errorId, errorGroupId }: Outcome): {
  verdict: Verdict;
  reason: string;
} {
  const hasError = errorId !== undefined && errorId !== 0;
  const verdict =
    (hasError ? VERDICTS.error.get(errorId) : undefined) ??
    (statusId === undefined ? undefined : VERDICTS.status.get(statusId)) ??
    (hasError && errorGroupId !== undefined ? BY_ERROR_GROUP.get(errorGroupId) : undefined) ??
    reject(groupId === GROUP.REJECTED ? 'account' : 'receiver');
  const reason = hasError
    ? `infobip_error_${errorId}`
    : statusId === undefined
      ? `infobip_group_${groupId}`
      : `infobip_status_${statusId}`;
  return { verdict, reason };
}

/** Decided on Infobip's word; one that is not listed by what came beside it. */
export function judgeHttpError(word: string, status: number): Verdict {
  const known = VERDICTS.http.get(word);
  if (known) return known;
  // ZALO-TMP404, KAKAO-TMP400: a product's own error about a template.
  if (/-TMP\d{3}$/.test(word)) return reject('template');
  if (status === 429) return throttle(SECOND);
  if (status === 503) return retry(MINUTE);
  if (status >= 500) return 'unknown';
  return reject(status === 401 || status === 403 || status === 404 ? 'account' : 'bug');
}
