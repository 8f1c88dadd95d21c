// Graph's answers, read alike by everything that answers as Graph does: Meta itself, and gateways that pass it through.
import { type OutboundResult, readRetryAfter } from '#platform/http-client';
import { asProviderId, type SendResult } from '../../message-provider.js';
import { isObject, parseObject } from '../json.js';
import { reasonOfWordless, resultOf, resultOfWordless, type WordlessAnswer } from '../verdict.js';
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
  | WordlessAnswer;

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
      return resultOf(verdict, `meta_${answer.error.code}`, answer.retryAfterMs);
    }
    default:
      return resultOfWordless(answer);
  }
}

export function describe(answer: GraphAnswer): string {
  switch (answer.kind) {
    case 'error':
      return `meta_${answer.error.code}`;
    case 'ok':
      return 'ok';
    default:
      return reasonOfWordless(answer);
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
