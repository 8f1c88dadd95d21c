import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { findGaps, findLostEnds, type JournalGap } from '#journal';
import { Config } from '#platform/config';
import { createDataSource } from '#platform/database';
import { type Identifier, renderNative } from '#platform/identifiers';
import { RedisConnection } from '#platform/redis';

const SCAN_COUNT = 1_000;
/** What is on its way from Redis to PostgreSQL has arrived by then. */
const ON_ITS_WAY_MS = 3_000;

/** Names every transition that is neither in PostgreSQL nor on its way there. */
export async function checkJournal(context: INestApplicationContext, since: Date): Promise<object> {
  const { database } = context.get(Config, { strict: false });
  const { client } = context.get(RedisConnection, { strict: false });
  // A look at a whole day takes longer than a request may.
  const source = await createDataSource(database.url, [], { statementTimeoutMs: 0 }).initialize();
  const query = (sql: string, values: unknown[]): Promise<unknown> => source.query(sql, values);
  try {
    const reached = await readReached(client);
    const waited = await findLostEnds(query, reached);
    if (waited.length > 0) await sleep(ON_ITS_WAY_MS);
    const lost = await findLostEnds(query, new Map(waited.map(({ challengeId, to }) => [challengeId, to])));
    const gaps = [...(await findGaps(query, since)), ...lost];
    return {
      since,
      complete: gaps.length === 0,
      waiting: await countWaiting(client),
      gaps: gaps.map(toView),
    };
  } finally {
    await source.destroy();
  }
}

type Client = RedisConnection['client'];

/** How many transitions each challenge has made that Redis knows. */
async function readReached(client: Client): Promise<Map<Identifier, number>> {
  const reached = new Map<Identifier, number>();
  for await (const keys of client.scanStream({ match: '{p*}:ch:*', count: SCAN_COUNT })) {
    for (const key of keys as string[]) {
      const sequence = await client.hget(key, 'q');
      if (sequence !== null) reached.set(key.slice(key.lastIndexOf(':') + 1), Number(sequence));
    }
  }
  return reached;
}

async function countWaiting(client: Client): Promise<number> {
  let waiting = 0;
  for await (const keys of client.scanStream({ match: '{p*}:journal', count: SCAN_COUNT }))
    for (const key of keys as string[]) waiting += await client.xlen(key);
  return waiting;
}

function toView({ challengeId, from, to, after, before }: JournalGap): object {
  return { challenge: renderNative('challenge', challengeId), missing: { from, to }, after, before };
}
