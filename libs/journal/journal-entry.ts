import { type Identifier, isIdentifier } from '#platform/identifiers';

/** One transition, as the script that made it wrote it down. Its id follows from challenge and sequence. */
export interface JournalEntry {
  eventId: string;
  type: string;
  challengeId: Identifier;
  tenantId: Identifier;
  /** 1, 2, 3, … within its challenge, without gaps. */
  sequence: number;
  occurredAt: Date;
  /** Short field names as in `record.lua`; never a code. */
  data: Record<string, string>;
}

const HEADER: ReadonlySet<string> = new Set(['v', 't', 'c', 'q', 'n', 'at']);
/** What this build can read. A newer writer keeps the old fields until every reader knows the new ones. */
const VERSION = '1';
const POSITIVE = /^[1-9]\d*$/;
const MAX_SEQUENCE = 2 ** 31 - 1;
/** The last day of the year 9999: PostgreSQL goes further, but no clock of ours does. */
const MAX_TIME_MS = 253_402_300_799_999;

/**
 * Reads a stream entry; undefined when it is of an unknown version, lacks a header field or holds what PostgreSQL
 * cannot: one such entry must not hold up those around it.
 */
export function parseStreamEntry(fields: readonly string[]): JournalEntry | undefined {
  const header: Record<string, string> = {};
  const data: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at]!;
    (HEADER.has(name) ? header : data)[name] = fields[at + 1]!;
  }
  const { v, t, c, q, n, at } = header;
  if (v !== VERSION || !t || !c || !q || !n || !at) return undefined;
  if (!isIdentifier(c) || !isIdentifier(n) || !POSITIVE.test(q) || !POSITIVE.test(at)) return undefined;
  if (Number(q) > MAX_SEQUENCE || Number(at) > MAX_TIME_MS) return undefined;
  if (fields.some((text) => text.includes('\u0000'))) return undefined;
  return {
    eventId: `${c}-${q}`,
    type: t,
    challengeId: c,
    tenantId: n,
    sequence: Number(q),
    occurredAt: new Date(Number(at)),
    data,
  };
}
