import type { SendResult } from '../../message-provider.js';
import { reject, resultOf, retry, throttle, type Verdict } from '../verdict.js';
import type { Cause } from '../whatsapp/status-notices.js';
import type { Dialog360Answer } from './dialog360-client.js';

const SECOND = 1_000;

/** Codes of the On-Premise API, from Meta's page of its errors: another space than Graph's. */
const ON_PREMISE: Record<number, Verdict> = {
  400: reject('bug'),
  401: reject('account'),
  402: reject('account'),
  403: reject('account'),
  408: retry(SECOND),
  410: reject('receiver'),
  429: throttle(SECOND),
  430: reject('account'),
  432: reject('account'),
  433: reject('account'),
  470: reject('bug'),
  471: reject('account'),
  472: reject('receiver'),
  500: retry(SECOND),
  501: reject('bug'),
  1000: retry(SECOND),
  1001: reject('bug'),
  1002: reject('bug'),
  1004: reject('bug'),
  1005: reject('account'),
  1006: reject('bug'),
  1007: reject('receiver'),
  1008: reject('bug'),
  1009: reject('bug'),
  1010: reject('bug'),
  1011: retry(2 * SECOND),
  1013: reject('receiver'),
  1014: retry(SECOND),
  1015: throttle(SECOND),
  1016: retry(2 * SECOND),
  1021: reject('receiver'),
  1022: reject('account'),
  1023: retry(2 * SECOND),
  1024: reject('account'),
  1025: reject('bug'),
  1026: reject('receiver'),
  1031: reject('account'),
  2000: reject('template'),
  2001: reject('template'),
  2002: reject('receiver'),
  2003: reject('template'),
  2004: reject('template'),
  2005: reject('template'),
  2006: reject('template'),
  2007: reject('template'),
  2012: reject('template'),
};

/** A code that is not documented is judged by the status that it came with. A receipt has none. */
export function judgeOnPremiseError(code: number, status = 400): Verdict {
  const known = ON_PREMISE[code];
  if (known) return known;
  if (status === 429) return throttle(SECOND);
  if (status >= 500) return 'unknown';
  return reject(status === 401 || status === 403 ? 'account' : 'bug');
}

/** Why a message failed, as a flat receipt names it. */
export function onPremiseCause(code: number): Cause {
  const verdict = judgeOnPremiseError(code);
  return {
    reason: `onprem_${code}`,
    failure: typeof verdict === 'object' && 'failure' in verdict ? verdict.failure : undefined,
  };
}

interface GatewayVerdict {
  reason: string;
  verdict: Verdict;
}

/**
 * The gateway's own refusals have no code but the status, and three of them share 400: only their words tell a number
 * that is switched off or not paid for from a rate limit. After a 500 nobody can say how far the message came; a 502 says
 * that the API behind the gateway was not there.
 */
export function judgeGateway(status: number, words: string): GatewayVerdict {
  const verdict = (reason: string, is: Verdict): GatewayVerdict => ({
    reason: `d360_${reason}`,
    verdict: is,
  });
  if (status === 429 || /rate limit|too many/i.test(words)) return verdict('rate_limit', throttle(SECOND));
  if (/lack of payment|invoice|balance/i.test(words)) return verdict('payment', reject('account'));
  if (/has been disabled|is disabled/i.test(words)) return verdict('disabled', reject('account'));
  if (status === 401 || status === 402 || status === 403) return verdict(String(status), reject('account'));
  // No such path: the address is not 360dialog's, or of the other kind.
  if (status === 404) return verdict('404', reject('account'));
  if (status === 502) return verdict('502', retry(2 * SECOND));
  return verdict(String(status), status >= 500 ? 'unknown' : reject('bug'));
}

type OwnAnswer = Extract<Dialog360Answer, { kind: 'gateway' | 'on_premise' }>;

export function judgeOwnAnswer(answer: OwnAnswer): SendResult {
  const { reason, verdict } =
    answer.kind === 'gateway'
      ? judgeGateway(answer.status, answer.words)
      : { reason: `onprem_${answer.code}`, verdict: judgeOnPremiseError(answer.code, answer.status) };
  return resultOf(verdict, reason, answer.retryAfterMs);
}
