import { readRetryAfter, type OutboundResult } from '#platform/http-client';
import type { ProviderContext } from '../../message-provider.js';
import { asList, isObject, parseObject } from '../json.js';
import { reasonOfWordless, type WordlessAnswer } from '../verdict.js';
import type { InfobipConfig } from './infobip.config.js';

const MANAGEMENT_DEADLINE_MS = 10_000;

/** An answer of Infobip, sorted: its JSON, its error, or the reason why there is neither. */
export type InfobipAnswer =
  | { kind: 'ok'; body: Record<string, unknown> }
  /** `word`: `messageId` of the older form of errors, `errorCode` of the newer one. `field`: the first one named. */
  | { kind: 'error'; status: number; word: string; field?: string; retryAfterMs?: number }
  | WordlessAnswer;

export interface InfobipCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Begins with a slash; its variable parts are encoded. */
  path: string;
  body?: object;
  deadlineMs?: number;
}

export function baseUrlOf({ baseUrl }: InfobipConfig): string {
  const bare = baseUrl.replace(/\/+$/, '');
  return /^https?:\/\//i.test(bare) ? bare : `https://${bare}`;
}

export async function callInfobip(
  { method, path, body, deadlineMs = MANAGEMENT_DEADLINE_MS }: InfobipCall,
  config: InfobipConfig,
  context: ProviderContext,
): Promise<InfobipAnswer> {
  const result = await context.http.send({
    method,
    url: `${baseUrlOf(config)}${path}`,
    headers: {
      authorization: authorizationOf(config),
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
    deadlineMs,
    signal: context.signal,
  });
  return sort(result, context.now());
}

function authorizationOf({ apiKey, username, password }: InfobipConfig): string {
  return apiKey === undefined
    ? `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    : `App ${apiKey}`;
}

function sort(result: OutboundResult, now: number): InfobipAnswer {
  if (result.kind === 'not_sent') return result;
  if (result.kind === 'unknown') return { kind: 'unreadable', reason: result.reason };
  const { status, headers } = result;
  const retryAfterMs = readRetryAfter(headers['retry-after'], now);
  const body = parseObject(result.body);
  const error = status >= 400 && body ? readError(body) : undefined;
  if (error) return { kind: 'error', status, retryAfterMs, ...error };
  if (status === 429) return { kind: 'throttled', retryAfterMs };
  if (status >= 500) return { kind: 'server_error', status };
  // A deletion may be answered with nothing.
  if (status === 204) return { kind: 'ok', body: {} };
  if (status >= 200 && status < 300 && body) return { kind: 'ok', body };
  return { kind: 'unreadable', reason: `status_${status}` };
}

const WORD = /^[A-Z][A-Z0-9_-]{0,47}$/;

/** Both forms: `requestError.serviceException`, and `errorCode` with `violations`. */
function readError(body: Record<string, unknown>): { word: string; field?: string } | undefined {
  const request = body['requestError'];
  const exception = isObject(request) ? request['serviceException'] : undefined;
  const { word, field } = isObject(exception)
    ? { word: exception['messageId'], field: firstKey(exception['validationErrors']) }
    : { word: body['errorCode'], field: firstProperty(body['violations']) };
  if (typeof word !== 'string' || !WORD.test(word)) return undefined;
  return { word, ...(field !== undefined && { field }) };
}

const FIELD = /^[\w.[\]]{1,100}$/;

function firstKey(errors: unknown): string | undefined {
  const key = isObject(errors) ? Object.keys(errors)[0] : undefined;
  return key !== undefined && FIELD.test(key) ? key : undefined;
}

function firstProperty(violations: unknown): string | undefined {
  const first: unknown = asList(violations)[0];
  const property = isObject(first) ? first['property'] : undefined;
  return typeof property === 'string' && FIELD.test(property) ? property : undefined;
}

/** `infobip_bad_request`, `infobip_e400`. */
export function reasonOf(word: string): string {
  return `infobip_${word.toLowerCase()}`;
}

export function describe(answer: InfobipAnswer): string {
  switch (answer.kind) {
    case 'error':
      return reasonOf(answer.word);
    case 'ok':
      return 'ok';
    default:
      return reasonOfWordless(answer);
  }
}
