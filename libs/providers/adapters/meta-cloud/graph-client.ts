import type { ProviderContext } from '../../message-provider.js';
import { isObject } from '../json.js';
import { type GraphAnswer, sortGraphAnswer } from '../whatsapp/graph-answer.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

export const DEFAULT_BASE_URL = 'https://graph.facebook.com';
export const DEFAULT_VERSION = 'v25.0';
const MANAGEMENT_DEADLINE_MS = 10_000;

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
  return sortGraphAnswer(result, context.now());
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
