import { asProviderId, type FailureClass, type StatusNotice } from '../../message-provider.js';
import { asList, isObject } from '../json.js';
import { isErrorCode } from './graph-answer.js';
import { judgeGraphError } from './graph-errors.js';

const STATUSES = new Set(['sent', 'delivered', 'read', 'failed']);

/** Why a message failed, as its receipt may name it. */
export interface Cause {
  reason: string;
  failure?: FailureClass;
}

export function causeOf(code: number): Cause {
  const verdict = judgeGraphError(code);
  return {
    reason: `meta_${code}`,
    failure: typeof verdict === 'object' && 'failure' in verdict ? verdict.failure : undefined,
  };
}

/**
 * One element of `statuses`; `explain` reads the code of a failure. `pricing` tells a category, never an amount.
 * `ignored`: a status of no interest; undefined: it cannot be read.
 */
export function readStatus(
  status: unknown,
  sender: string | undefined,
  explain: (code: number) => Cause = causeOf,
): StatusNotice | 'ignored' | undefined {
  const providerMessageId = isObject(status) ? asProviderId(status['id']) : undefined;
  if (!isObject(status) || providerMessageId === undefined || typeof status['status'] !== 'string')
    return undefined;
  if (!STATUSES.has(status['status'])) return 'ignored';
  const error = asList(status['errors']).find(isObject);
  const cause = isErrorCode(error?.['code']) ? explain(error['code']) : undefined;
  return {
    kind: 'status',
    providerMessageId,
    correlationId:
      typeof status['biz_opaque_callback_data'] === 'string' ? status['biz_opaque_callback_data'] : undefined,
    sender,
    status: status['status'] as StatusNotice['status'],
    reason: cause?.reason,
    failure: cause?.failure,
  };
}
