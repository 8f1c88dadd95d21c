import { asProviderId, type SendResult } from '../../message-provider.js';
import { asList, isObject } from '../json.js';
import { resultOf, resultOfWordless } from '../verdict.js';
import { type InfobipAnswer, reasonOf } from './infobip-client.js';
import { isFailedGroup, judgeHttpError, judgeOutcome } from './infobip-errors.js';
import { readOutcome } from './infobip.receipts.js';

/** What became of a message, as the answer to the call that sent it tells. */
export function toResult(answer: InfobipAnswer): SendResult {
  switch (answer.kind) {
    case 'ok':
      return readAccepted(answer.body);
    case 'error':
      return resultOf(judgeHttpError(answer.word, answer.status), reasonOf(answer.word), answer.retryAfterMs);
    default:
      return resultOfWordless(answer);
  }
}

/** A 200 may refuse as well: the message's own status says so. */
function readAccepted(body: Record<string, unknown>): SendResult {
  const first: unknown = asList(body['messages'])[0];
  if (!isObject(first)) return { outcome: 'unknown', reason: 'answer_without_message' };
  const outcome = readOutcome(first);
  if (outcome && isFailedGroup(outcome.groupId)) {
    const { verdict, reason } = judgeOutcome(outcome);
    return resultOf(verdict, reason);
  }
  const providerMessageId = asProviderId(first['messageId']);
  return providerMessageId === undefined
    ? { outcome: 'unknown', reason: 'answer_without_id' }
    : { outcome: 'accepted', providerMessageId };
}
