import type { SendResult } from '../../message-provider.js';
import { toSendResult } from '../whatsapp/graph-answer.js';
import type { Dialog360Answer } from './dialog360-client.js';
import { judgeOwnAnswer } from './dialog360-errors.js';

/** What became of a message sent to `to`, whoever of the three answered: Graph, the gateway, the On-Premise API. */
export function toResult(answer: Dialog360Answer, to: string): SendResult {
  return answer.kind === 'gateway' || answer.kind === 'on_premise'
    ? judgeOwnAnswer(answer)
    : toSendResult(answer, to);
}
