import { type OutboundResult, readRetryAfter } from '#platform/http-client';
import type { ProviderContext } from '../../message-provider.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

export const DEFAULT_BASE_URL = 'https://graph.facebook.com';
export const DEFAULT_VERSION = 'v25.0';
const MANAGEMENT_DEADLINE_MS = 10_000;

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

export async function callGraph(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body: object | undefined,
  config: MetaCloudConfig,
  context: ProviderContext,
  deadlineMs = MANAGEMENT_DEADLINE_MS,
): Promise<GraphAnswer> {
  const base = (config.baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, '');
  const result = await context.http.send({
    method,
    url: `${base}/${config.graphVersion ?? DEFAULT_VERSION}/${path}`,
    headers: {
      authorization: `Bearer ${config.accessToken}`,
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
    deadlineMs,
    signal: context.signal,
  });
  return sort(result, context.now());
}

const MAX_PAGES = 100;

/** Every row of a list, over all its pages; or the answer that is in the way. */
export async function listGraph(
  path: string,
  config: MetaCloudConfig,
  context: ProviderContext,
): Promise<{ rows: Record<string, unknown>[] } | { failed: GraphAnswer }> {
  const rows: Record<string, unknown>[] = [];
  let after = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await callGraph('GET', `${path}&limit=100${after}`, undefined, config, context);
    if (answer.kind !== 'ok') return { failed: answer };
    const { data, paging } = answer.body;
    if (Array.isArray(data)) rows.push(...data.filter(isObject));
    // The cursors are still there on the last page; only a missing `next` says that it is the last.
    const cursors =
      isObject(paging) && paging['next'] !== undefined && isObject(paging['cursors'])
        ? paging['cursors']
        : {};
    if (typeof cursors['after'] !== 'string') break;
    after = `&after=${encodeURIComponent(cursors['after'])}`;
  }
  return { rows };
}

function sort(result: OutboundResult, now: number): GraphAnswer {
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

/** Graph's codes have seven digits at most; anything else in their place is not Graph's. */
export function isErrorCode(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 10_000_000;
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
