import { type OutboundResult, readRetryAfter } from '#platform/http-client';
import type { ProviderContext, SendResult } from '../../message-provider.js';
import { isObject, parseObject } from '../json.js';
import { resultOf, resultOfWordless, type WordlessAnswer } from '../verdict.js';
import { isErrorWord, judgeTelegramError, reasonOf } from './telegram-errors.js';
import type { TelegramGatewayConfig } from './telegram-gateway.config.js';

export const DEFAULT_BASE_URL = 'https://gatewayapi.telegram.org';

type Method = 'checkSendAbility' | 'sendVerificationMessage' | 'checkVerificationStatus';

/** An answer of the Gateway, sorted: its `result`, its error, or the reason why there is neither. */
export type TelegramAnswer =
  | { kind: 'ok'; result: Record<string, unknown> }
  | { kind: 'error'; word: string; status: number; retryAfterMs?: number }
  | WordlessAnswer;

export async function callTelegram(
  method: Method,
  body: object,
  config: TelegramGatewayConfig,
  context: ProviderContext,
  deadlineMs: number,
): Promise<TelegramAnswer> {
  const base = (config.baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, '');
  const result = await context.http.send({
    method: 'POST',
    url: `${base}/${method}`,
    headers: {
      authorization: `Bearer ${config.accessTokens[0]}`,
      accept: 'application/json',
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
    deadlineMs,
    signal: context.signal,
  });
  return sort(result, context.now());
}

function sort(result: OutboundResult, now: number): TelegramAnswer {
  if (result.kind === 'not_sent') return result;
  if (result.kind === 'unknown') return { kind: 'unreadable', reason: result.reason };
  const { status } = result;
  const retryAfterMs = readRetryAfter(result.headers['retry-after'], now);
  const body = parseObject(result.body);
  if (body?.['ok'] === false && isErrorWord(body['error']))
    return { kind: 'error', word: body['error'], status, retryAfterMs };
  if (status === 429) return { kind: 'throttled', retryAfterMs };
  if (status >= 200 && status < 300 && body?.['ok'] === true && isObject(body['result']))
    return { kind: 'ok', result: body['result'] };
  return { kind: 'unreadable', reason: `status_${status}` };
}

/** What an answer without a result means for a message. */
export function toFailure(answer: Exclude<TelegramAnswer, { kind: 'ok' }>): SendResult {
  switch (answer.kind) {
    case 'error': {
      const { word, status, retryAfterMs } = answer;
      return resultOf(judgeTelegramError(word, status), reasonOf(word), retryAfterMs);
    }
    default:
      return resultOfWordless(answer);
  }
}
