import type { OutboundResult } from '#platform/http-client';
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
  | { kind: 'not_sent'; reason: string }
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
  return sort(result);
}

function sort(result: OutboundResult): GraphAnswer {
  if (result.kind === 'not_sent') return result;
  if (result.kind === 'unknown') return { kind: 'unreadable', reason: result.reason };
  const body = parseObject(result.body);
  if (body && isObject(body['error'])) {
    const { code, error_subcode: subcode, is_transient: transient, message } = body['error'];
    if (typeof code === 'number') {
      return {
        kind: 'error',
        status: result.status,
        retryAfterMs: readRetryAfter(result.headers['retry-after']),
        error: {
          code,
          subcode: typeof subcode === 'number' ? subcode : undefined,
          isTransient: transient === true,
          message: typeof message === 'string' ? message.slice(0, 300) : '',
        },
      };
    }
  }
  if (result.status >= 500) return { kind: 'server_error', status: result.status };
  if (result.status >= 200 && result.status < 300 && body) return { kind: 'ok', body };
  return { kind: 'unreadable', reason: `status_${result.status}` };
}

function readRetryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
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
