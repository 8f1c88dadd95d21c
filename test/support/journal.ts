// Looks at what the journal holds, in Redis and in PostgreSQL.
import type { Redis } from 'ioredis';
import pg from 'pg';

export interface JournalRow {
  event_id: string;
  challenge_id: string;
  sequence: number;
  type: string;
  data: Record<string, string>;
}

export async function journalRows(databaseUrl: string): Promise<JournalRow[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (
      await client.query<JournalRow>(
        'SELECT event_id, challenge_id, sequence, type, data FROM journal ORDER BY challenge_id, sequence',
      )
    ).rows;
  } finally {
    await client.end();
  }
}

/** Transitions that have not reached PostgreSQL yet. */
export async function journalBacklog(redis: Redis): Promise<number> {
  let backlog = 0;
  for (const key of await redis.keys('{p*}:journal')) backlog += await redis.xlen(key);
  return backlog;
}

/** Challenges whose sequence numbers are not exactly 1, 2, 3, …: a gap is a loss, a repeat a double. */
export function brokenSequences(rows: readonly JournalRow[]): string[] {
  const next = new Map<string, number>();
  const broken = new Set<string>();
  for (const row of rows) {
    const expected = (next.get(row.challenge_id) ?? 0) + 1;
    if (row.sequence !== expected) broken.add(row.challenge_id);
    next.set(row.challenge_id, row.sequence);
  }
  return [...broken];
}

/** Per-challenge and per-receiver keys that would stay for ever. */
export async function keysWithoutTtl(redis: Redis): Promise<string[]> {
  const found: string[] = [];
  for (const pattern of [
    '{p*}:ch:*',
    '{p*}:live:*',
    '{p*}:lim:*',
    '{i:*',
    '{r:*',
    '{p*}:tok:*',
    '{p*}:alert:*',
  ]) {
    for (const key of await redis.keys(pattern)) if ((await redis.pttl(key)) === -1) found.push(key);
  }
  return found;
}
