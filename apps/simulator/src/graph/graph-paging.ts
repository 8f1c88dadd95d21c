// Owns cursors. A page without `next` is the last; cursors are there even then.

import { parameterError } from './graph-error.js';
import { type GraphParams, integerParam, textParam } from './graph-params.js';

interface Paging {
  cursors: { before: string; after: string };
  next?: string;
  previous?: string;
}

const DEFAULT_LIMIT = 25;

/** `url` is the request's own, with origin, so that `next` leads back here. An empty list has no paging. */
export function pageOf<T>(all: T[], params: GraphParams, url: string): { items: T[]; paging?: Paging } {
  const limit = limitOf(params);
  const start = startOf(params, limit);
  const items = all.slice(start, start + limit);
  if (items.length === 0) return { items };
  const last = start + items.length - 1;
  const cursors = { before: encode(start), after: encode(last) };
  const paging: Paging = { cursors };
  if (last + 1 < all.length) paging.next = withCursor(url, 'after', cursors.after);
  if (start > 0) paging.previous = withCursor(url, 'before', cursors.before);
  return { items, paging };
}

function limitOf(params: GraphParams): number {
  if (params.limit === undefined) return DEFAULT_LIMIT;
  const limit = integerParam(params.limit, 'limit');
  if (limit < 1) throw parameterError('Param limit must be a positive integer');
  return limit;
}

function startOf(params: GraphParams, limit: number): number {
  const after = textParam(params, 'after');
  if (after !== undefined) return decode(after) + 1;
  const before = textParam(params, 'before');
  return before === undefined ? 0 : Math.max(0, decode(before) - limit);
}

/** Base64 of the position with `ZD` for each `=`: 24 is MjQZD. */
function encode(position: number): string {
  return Buffer.from(String(position)).toString('base64').replaceAll('=', 'ZD');
}

function decode(cursor: string): number {
  const text = Buffer.from(cursor.replaceAll('ZD', '='), 'base64').toString();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw parameterError('Invalid cursors values were passed.');
}

function withCursor(url: string, name: 'after' | 'before', cursor: string): string {
  const next = new URL(url);
  next.searchParams.delete('after');
  next.searchParams.delete('before');
  next.searchParams.delete('access_token');
  next.searchParams.set(name, cursor);
  return next.href;
}
