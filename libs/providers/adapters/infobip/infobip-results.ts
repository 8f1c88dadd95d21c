import { asProviderId, type SendResult } from '../../message-provider.js';
import { asList, isObject } from '../json.js';
import { type InfobipAnswer, reasonOf } from './infobip-client.js';
import { type InfobipVerdict, isFailedGroup, judgeHttpError, judgeOutcome } from './infobip-errors.js';
import { readOutcome } from './infobip.receipts.js';

/** What became of a message, as the answer to the call that sent it tells. */
export function toResult(answer: InfobipAnswer): SendResult {
  switch (answer.kind) {
    case 'ok':
      return readAccepted(answer.body);
    case 'error':
      return byVerdict(
        judgeHttpError(answer.word, answer.status),
        reasonOf(answer.word),
        answer.retryAfterMs,
      );
    case 'throttled':
      return { outcome: 'retry', reason: 'status_429', afterMs: answer.retryAfterMs, throttled: true };
    case 'not_sent':
      // Whoever answers there is not the provider: not for a retry to mend.
      return answer.distrusted
        ? { outcome: 'rejected', reason: answer.reason, failure: 'account' }
        : { outcome: 'retry', reason: answer.reason };
    // Nobody can say what became of a message behind a 5xx that is not Infobip's own.
    case 'server_error':
      return { outcome: 'unknown', reason: `status_${answer.status}` };
    case 'unreadable':
      return { outcome: 'unknown', reason: answer.reason };
  }
}

/** A 200 may refuse as well: the message's own status says so. */
function readAccepted(body: Record<string, unknown>): SendResult {
  const first: unknown = asList(body['messages'])[0];
  if (!isObject(first)) return { outcome: 'unknown', reason: 'answer_without_message' };
  const outcome = readOutcome(first);
  if (outcome && isFailedGroup(outcome.groupId)) {
    const { verdict, reason } = judgeOutcome(outcome);
    return byVerdict(verdict, reason);
  }
  const providerMessageId = asProviderId(first['messageId']);
  return providerMessageId === undefined
    ? { outcome: 'unknown', reason: 'answer_without_id' }
    : { outcome: 'accepted', providerMessageId };
}

function byVerdict(verdict: InfobipVerdict, reason: string, afterMs?: number): SendResult {
  if (verdict === 'unknown') return { outcome: 'unknown', reason };
  if ('failure' in verdict) return { outcome: 'rejected', reason, failure: verdict.failure };
  const { retryAfterMs, throttled } = verdict;
  return { outcome: 'retry', reason, afterMs: afterMs ?? retryAfterMs, throttled };
}
