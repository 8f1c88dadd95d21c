// Graph's answers, read alike by everything that answers as Graph does: Meta itself, and gateways that pass it through.
import { type OutboundResult, readRetryAfter } from '#platform/http-client';
import { asProviderId, type SendResult } from '../../message-provider.js';
import { isObject, parseObject } from '../json.js';
import { judgeGraphError } from './graph-errors.js';

export interface GraphError {
  code: number;
  subcode?: number;
  isTransient: boolean;
  /** Meta's own words. For logs of administration only; they may repeat what was sent. */
  message: string;
}

/** An answer of Graph, sorted: its JSON, its error, or the reason why there is neither. */
export type GraphAnswer =
  | { kind: 'ok'; body: Record<string, unknown> }
  | { kind: 'error'; status: number; error: GraphError; retryAfterMs?: number }
  | { kind: 'server_error'; status: number }
  /** A 429 of something in front of Graph: nothing was handed on. */
  | { kind: 'throttled'; retryAfterMs?: number }
  | { kind: 'not_sent'; reason: string; distrusted?: boolean }
  | { kind: 'unreadable'; reason: string };

export function sortGraphAnswer(result: OutboundResult, now: number): GraphAnswer {
  if (result.kind === 'not_sent') return result;
  if (result.kind === 'unknown') return { kind: 'unreadable', reason: result.reason };
  const retryAfterMs = readRetryAfter(result.headers['retry-after'], now);
  const body = parseObject(result.body);
  if (body && isObject(body['error'])) {
    const { code, error_subcode: subcode, is_transient: transient, message } = body['error'];
    if (isErrorCode(code)) {
      return {
        kind: 'error',
        status: result.status,
        retryAfterMs,
        error: {
          code,
          subcode: typeof subcode === 'number' ? subcode : undefined,
          isTransient: transient === true,
          message: typeof message === 'string' ? message.slice(0, 300) : '',
        },
      };
    }
  }
  if (result.status === 429) return { kind: 'throttled', retryAfterMs };
  if (result.status >= 500) return { kind: 'server_error', status: result.status };
  if (result.status >= 200 && result.status < 300 && body) return { kind: 'ok', body };
  return { kind: 'unreadable', reason: `status_${result.status}` };
}

/** What became of a message sent to `to`, E.164 with `+`. */
export function toSendResult(answer: GraphAnswer, to: string): SendResult {
  switch (answer.kind) {
    case 'ok': {
      const providerMessageId = readMessageId(answer.body);
      if (providerMessageId === undefined) return { outcome: 'unknown', reason: 'answer_without_id' };
      const reached = readWhatsappId(answer.body);
      return {
        outcome: 'accepted',
        providerMessageId,
        ...(reached !== undefined && reached !== to && { reachedAddress: reached }),
      };
    }
    case 'error': {
      const verdict = judgeGraphError(answer.error.code, { ...answer.error, status: answer.status });
      const reason = `meta_${answer.error.code}`;
      if (verdict === 'unknown') return { outcome: 'unknown', reason };
      if ('failure' in verdict) return { outcome: 'rejected', reason, failure: verdict.failure };
      const { retryAfterMs, throttled } = verdict;
      return { outcome: 'retry', reason, afterMs: answer.retryAfterMs ?? retryAfterMs, throttled };
    }
    case 'throttled':
      return { outcome: 'retry', reason: 'status_429', afterMs: answer.retryAfterMs, throttled: true };
    case 'not_sent':
      // Whoever answers there is not the provider: not for a retry to mend, and never a reason to ask less of it.
      return answer.distrusted
        ? { outcome: 'rejected', reason: answer.reason, failure: 'account' }
        : { outcome: 'retry', reason: answer.reason };
    // A 5xx without Graph's envelope comes from something in front of it: nobody can say what Graph did.
    case 'server_error':
      return { outcome: 'unknown', reason: `status_${answer.status}` };
    case 'unreadable':
      return { outcome: 'unknown', reason: answer.reason };
  }
}

export function describe(answer: GraphAnswer): string {
  switch (answer.kind) {
    case 'error':
      return `meta_${answer.error.code}`;
    case 'server_error':
      return `status_${answer.status}`;
    case 'throttled':
      return 'status_429';
    case 'ok':
      return 'ok';
    default:
      return answer.reason;
  }
}

function readMessageId(body: Record<string, unknown>): string | undefined {
  const messages = body['messages'];
  const first: unknown = Array.isArray(messages) ? messages[0] : undefined;
  return isObject(first) ? asProviderId(first['id']) : undefined;
}

/** The number WhatsApp knows the receiver under: its `wa_id` may differ from what was addressed. */
function readWhatsappId(body: Record<string, unknown>): string | undefined {
  const contacts = body['contacts'];
  const first: unknown = Array.isArray(contacts) ? contacts[0] : undefined;
  const id = isObject(first) ? first['wa_id'] : undefined;
  return typeof id === 'string' && /^\d{7,15}$/.test(id) ? `+${id}` : undefined;
}

/** Graph's codes have seven digits at most; anything else in their place is not Graph's. */
export function isErrorCode(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 10_000_000;
}
