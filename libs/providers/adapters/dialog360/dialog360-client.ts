import { type OutboundResult, readRetryAfter } from '#platform/http-client';
import type { ProviderContext } from '../../message-provider.js';
import { asList, isObject, parseObject } from '../json.js';
import { describe, type GraphAnswer, isErrorCode, sortGraphAnswer } from '../whatsapp/graph-answer.js';
import type { Dialog360Config, Dialog360Kind } from './dialog360.config.js';

const BASE_URLS: Record<Dialog360Kind, string> = {
  cloud: 'https://waba-v2.360dialog.io',
  'on-premise': 'https://waba.360dialog.io',
};
const MANAGEMENT_DEADLINE_MS = 10_000;

/** Graph's answers, passed through, and two that only a gateway gives. */
export type Dialog360Answer =
  | GraphAnswer
  /** 360dialog itself refused. `words` may repeat what was sent and go no further than a judgement. */
  | { kind: 'gateway'; status: number; words: string; retryAfterMs?: number }
  /** The On-Premise API's own codes. */
  | { kind: 'on_premise'; code: number; status: number; retryAfterMs?: number };

export function baseUrlOf({ baseUrl, kind }: Dialog360Config): string {
  return (baseUrl ?? BASE_URLS[kind]).replace(/\/+$/, '');
}

export async function callDialog360(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body: object | undefined,
  config: Dialog360Config,
  context: ProviderContext,
  deadlineMs = MANAGEMENT_DEADLINE_MS,
): Promise<Dialog360Answer> {
  const result = await context.http.send({
    method,
    url: `${baseUrlOf(config)}/${path}`,
    headers: {
      'd360-api-key': config.apiKey,
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
    deadlineMs,
    signal: context.signal,
  });
  return sort(result, context.now());
}

function sort(result: OutboundResult, now: number): Dialog360Answer {
  const answer = sortGraphAnswer(result, now);
  if (answer.kind === 'error' || answer.kind === 'ok' || result.kind !== 'response') return answer;
  const body = parseObject(result.body);
  const { status } = result;
  const retryAfterMs = readRetryAfter(result.headers['retry-after'], now);
  const code = asList(body?.['errors']).find(isObject)?.['code'];
  if (isErrorCode(code)) return { kind: 'on_premise', code, status, retryAfterMs };
  const meta = body?.['meta'];
  return isObject(meta) ? (readMeta(meta, status, retryAfterMs) ?? answer) : answer;
}

/** Spelled two ways; older answers have camel case. */
function readMeta(
  meta: Record<string, unknown>,
  status: number,
  retryAfterMs: number | undefined,
): Dialog360Answer | undefined {
  const words = meta['developer_message'] ?? meta['developerMessage'];
  const told = meta['http_code'] ?? meta['httpCode'];
  if (typeof words !== 'string' || meta['success'] === true) return undefined;
  const known = Number.isInteger(told) && (told as number) >= 400 && (told as number) <= 599;
  return { kind: 'gateway', status: known ? (told as number) : status, words, retryAfterMs };
}

export function describeAnswer(answer: Dialog360Answer): string {
  if (answer.kind === 'gateway') return `d360_${answer.status}`;
  return answer.kind === 'on_premise' ? `onprem_${answer.code}` : describe(answer);
}
