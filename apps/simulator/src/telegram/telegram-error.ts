// Owns the Gateway's way of refusing: `ok: false` and a word, under a status that says little.

import { Refusal } from '../core/refusal.js';

export function telegramError(
  word: string,
  { status = 200, retryAfter }: { status?: number; retryAfter?: number | string } = {},
): Refusal {
  return new Refusal(status, { ok: false, error: word }, retryAfter);
}

/** Faults and magic numbers speak Graph's codes: what the Gateway says in such a case. */
const FROM_GRAPH: Record<string, string> = {
  130429: 'FLOOD_WAIT_3',
  130497: 'PHONE_NUMBER_NOT_AVAILABLE',
  131000: 'INTERNAL_ERROR',
  131016: 'INTERNAL_ERROR',
  131026: 'PHONE_NUMBER_NOT_FOUND',
  131030: 'PHONE_NUMBER_NOT_AVAILABLE',
  131042: 'BALANCE_NOT_ENOUGH',
  131056: 'PHONE_NUMBER_FLOOD',
};

export function translate(code: number | string): string {
  return FROM_GRAPH[code] ?? String(code);
}
