import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyRingOf, newRingEntry, testConfig } from '../../test/support/configuration.js';
import { createDatabase } from '../../test/support/house.js';
import { type PrivateService, privateRedis } from '../../test/support/services.js';
import { connectRedis, openDatabase } from '../../test/support/wiring.js';
import type { Database } from '#platform/database';
import { newChallengeId, newId, renderUuid } from '#platform/identifiers';
import { configureLogging } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { PartitionLeases, Partitions } from '#platform/partitions';
import type { RedisConnection } from '#platform/redis';
import type { JournalEntry } from './journal-entry.js';
import { JournalPartitions } from './journal-partitions.js';
import { JournalWriter } from './journal-writer.js';

configureLogging('silent', 'test');
const config = testConfig({ PARTITIONS: '4' });
const partitions = new Partitions(config, keyRingOf(newRingEntry('k1')));
const TENANT = newId();
const NOW = Date.UTC(2026, 4, 17, 12);

interface Worker {
  redis: RedisConnection;
  leases: PartitionLeases;
  writer: JournalWriter;
}

let server: PrivateService;
let database: Database;
let redis: Redis;
let workers: Worker[] = [];

beforeAll(async () => {
  server = await privateRedis();
  database = await openDatabase(await createDatabase());
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await server.dispose();
});
beforeEach(async () => {
  redis = (await connectRedis(server.url)).client;
  await redis.flushall();
  await database.manager.query('TRUNCATE journal');
});
afterEach(async () => {
  for (const { writer, leases, redis: connection } of workers) {
    await writer.onModuleDestroy();
    await leases.beforeApplicationShutdown();
    connection.onApplicationShutdown();
  }
  workers = [];
  redis.disconnect();
});

/** A worker that holds every partition and moves nothing before it is told to. */
async function start({ drains = false } = {}): Promise<Worker> {
  const connection = await connectRedis(server.url);
  const leases = new PartitionLeases(connection, partitions);
  await leases.onApplicationBootstrap();
  const writer = new JournalWriter(
    connection,
    database,
    leases,
    partitions,
    new Metrics(),
    new JournalPartitions(database),
  );
  if (drains) writer.onApplicationBootstrap();
  const worker = { redis: connection, leases, writer };
  workers.push(worker);
  return worker;
}

const streamOf = (partition: number): string => `${partitions.tag(partition)}journal`;

/** Writes what a script would write. Fields may be changed, so that a writer of another build can be played. */
async function append(
  partition: number,
  changes: Record<string, string | number> = {},
  to = newChallengeId(partition),
): Promise<string> {
  const entry = { v: '1', t: 'challenge.requested', c: to, q: 1, n: TENANT, at: NOW, ...changes };
  await redis.xadd(streamOf(partition), '*', ...Object.entries(entry).flat().map(String));
  return to;
}

async function rows(): Promise<{ event_id: string; type: string; data: Record<string, string> }[]> {
  return database.manager.query('SELECT event_id, type, data FROM journal ORDER BY event_id');
}

async function waiting(): Promise<number[]> {
  return Promise.all(partitions.all().map((partition) => redis.xlen(streamOf(partition))));
}

async function forbid(...commands: string[]): Promise<void> {
  await redis.call('ACL', 'SETUSER', 'default', ...commands.map((command) => `-${command}`));
}
async function allowAll(): Promise<void> {
  await redis.call('ACL', 'SETUSER', 'default', '+@all');
}

describe('the journal writer', () => {
  it('moves transitions of all its partitions to PostgreSQL, as they were written', async () => {
    const { writer } = await start();
    const id = await append(0, { ch: 'w', why: 'é "quoted"' });
    await append(0, { t: 'message.queued', q: 2, m: 1 }, id);
    await append(3);
    expect(await writer.drain()).toBe(3);
    expect(await waiting()).toEqual([0, 0, 0, 0]);
    const found = await database.manager.query(
      'SELECT * FROM journal WHERE challenge_id = $1 ORDER BY sequence',
      [renderUuid(id)],
    );
    expect(found).toMatchObject([
      {
        event_id: `${id}-1`,
        type: 'challenge.requested',
        sequence: 1,
        tenant_id: renderUuid(TENANT),
        occurred_at: new Date(NOW),
        data: { ch: 'w', why: 'é "quoted"' },
      },
      { event_id: `${id}-2`, type: 'message.queued', sequence: 2, data: { m: '1' } },
    ]);
    expect(await writer.drain()).toBe(0);
  });

  it('moves by itself once started, and what waits when it is told to stop is not half done', async () => {
    const { writer } = await start({ drains: true });
    await append(1);
    await expect.poll(waiting, { timeout: 30_000 }).toEqual([0, 0, 0, 0]);
    await writer.onModuleDestroy();
    await append(1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await waiting()).toEqual([0, 1, 0, 0]);
    expect(await rows()).toHaveLength(1);
  });

  it('takes a stream of any length, a part in each round', async () => {
    const { writer } = await start();
    await Promise.all(Array.from({ length: 450 }, () => append(2)));
    const moved: number[] = [];
    while ((await waiting())[2]! > 0) moved.push(await writer.drain());
    expect(moved.reduce((sum, count) => sum + count, 0)).toBe(450);
    expect(await rows()).toHaveLength(450);
  });

  it('leaves the partitions of others alone', async () => {
    const [, second] = [await start(), await start()];
    await append(0);
    expect(await second.writer.drain()).toBe(0);
    expect(await waiting()).toEqual([1, 0, 0, 0]);
  });

  it('makes a table for each month, and none where the overflow table has rows of that month already', async () => {
    const { writer } = await start();
    const tableOf = async (id: string): Promise<string> =>
      (
        await database.manager.query(
          'SELECT tableoid::regclass::text AS name FROM journal WHERE challenge_id = $1',
          [renderUuid(id)],
        )
      )[0].name;
    const [may, december] = [
      await append(0),
      await append(0, { at: Date.UTC(2026, 11, 31, 23, 59, 59, 999) }),
    ];
    await writer.drain();
    expect(await tableOf(may)).toBe('journal_2026_05');
    expect(await tableOf(december)).toBe('journal_2026_12');

    await database.manager.query(
      `INSERT INTO journal VALUES ('early-1', '2031-02-03', $1, $1, 1, 'challenge.requested', '{}')`,
      [renderUuid(TENANT)],
    );
    const late = await append(0, { at: Date.UTC(2031, 1, 10) });
    expect(await writer.drain()).toBe(1);
    expect(await tableOf(late)).toBe('journal_default');
  });
});

describe('each transition is kept exactly once', () => {
  it('when the writer dies between its commit and the deletion from the stream', async () => {
    const dying = await start();
    const seen: string[] = [];
    const projection = async (entries: readonly JournalEntry[]): Promise<void> => {
      seen.push(...entries.map((entry) => entry.eventId));
    };
    dying.writer.project(projection);
    const ids = [await append(0), await append(1), await append(1)];
    await forbid('xdel');
    try {
      await expect(dying.writer.drain()).rejects.toThrow(/xdel/);
      await expect(dying.writer.drain()).rejects.toThrow(/xdel/);
    } finally {
      await allowAll();
    }
    expect(await rows()).toHaveLength(3);
    expect(await waiting()).toEqual([1, 2, 0, 0]);

    await dying.leases.beforeApplicationShutdown();
    const heir = await start();
    heir.writer.project(projection);
    await append(0);
    expect(await heir.writer.drain()).toBe(4);
    expect(await waiting()).toEqual([0, 0, 0, 0]);
    expect((await rows()).map((row) => row.event_id)).toHaveLength(4);
    // What folds them must bear repeats: it is told of each again.
    for (const id of ids) expect(seen.filter((event) => event === `${id}-1`)).toHaveLength(3);
  });

  it('at the turn of a month, and when it is told again in another one: its own time decides', async () => {
    const { writer } = await start();
    const border = Date.UTC(2026, 11, 1);
    const ids = [await append(0, { at: border - 1 }), await append(0, { at: border })];
    await forbid('xdel');
    try {
      await expect(writer.drain()).rejects.toThrow(/xdel/);
    } finally {
      await allowAll();
    }
    await append(0, { t: 'challenge.approved', q: 2, at: border + 1 }, ids[0]);
    expect(await writer.drain()).toBe(3);
    const found = await database.manager.query(
      'SELECT tableoid::regclass::text AS name, event_id FROM journal ORDER BY occurred_at',
    );
    expect(found).toEqual([
      { name: 'journal_2026_11', event_id: `${ids[0]}-1` },
      { name: 'journal_2026_12', event_id: `${ids[1]}-1` },
      { name: 'journal_2026_12', event_id: `${ids[0]}-2` },
    ]);
  });

  it('when two writers believe to hold a partition, and both move it at once', async () => {
    const first = await start();
    const second = await start();
    await Promise.all(Array.from({ length: 100 }, (_, at) => append(at % 4)));
    await first.leases.beforeApplicationShutdown();
    const renew = (second.leases as unknown as { renew(): Promise<void> }).renew.bind(second.leases);
    await renew();
    const late = new JournalWriter(
      first.redis,
      database,
      second.leases,
      partitions,
      new Metrics(),
      new JournalPartitions(database),
    );
    await Promise.all([late.drain(), second.writer.drain()]);
    expect(await rows()).toHaveLength(100);
    expect(await waiting()).toEqual([0, 0, 0, 0]);
  });

  it('FI-23 when PostgreSQL gives up its transaction for another one: it is tried again', async () => {
    await database.manager.query(`
      CREATE SEQUENCE given_up;
      CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE turn bigint := nextval('given_up');
        BEGIN
          IF turn = 1 THEN RAISE EXCEPTION 'serialization' USING ERRCODE = '40001'; END IF;
          IF turn = 2 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF;
          RETURN NULL;
        END $$;
      CREATE TRIGGER give_up AFTER INSERT ON journal FOR EACH STATEMENT EXECUTE FUNCTION give_up()`);
    try {
      await start({ drains: true });
      await append(0);
      await expect.poll(waiting, { timeout: 10_000 }).toEqual([0, 0, 0, 0]);
      expect(await rows()).toHaveLength(1);
      const [{ last }] = await database.manager.query('SELECT last_value::int AS last FROM given_up');
      expect(last).toBe(3);
    } finally {
      await database.manager.query(
        'DROP TRIGGER give_up ON journal; DROP FUNCTION give_up; DROP SEQUENCE given_up',
      );
    }
  });

  it('and not at all while what belongs to it cannot be written: then it waits, and so do all others of its round', async () => {
    const { writer } = await start();
    let broken = true;
    writer.project(async (_entries, manager) => {
      await manager.query('CREATE TEMPORARY TABLE IF NOT EXISTS folded (id int)');
      if (broken) throw new Error('the read side is broken');
    });
    await append(0);
    await append(1);
    await expect(writer.drain()).rejects.toThrow('the read side is broken');
    expect(await rows()).toEqual([]);
    expect(await waiting()).toEqual([1, 1, 0, 0]);
    broken = false;
    expect(await writer.drain()).toBe(2);
    expect(await rows()).toHaveLength(2);
  });
});

describe('an entry that this build cannot read', () => {
  const unknown = { v: '2' };

  it('stays where it is, and holds up neither what is behind it nor other partitions', async () => {
    const { writer } = await start();
    await append(0, unknown);
    const behind = await append(0);
    await append(1);
    expect(await writer.drain()).toBe(2);
    expect(await writer.drain()).toBe(0);
    expect(await waiting()).toEqual([1, 0, 0, 0]);
    expect((await rows()).map((row) => row.event_id)).toContain(`${behind}-1`);
  });

  it('hides nothing in front of it, when PostgreSQL fails just then', async () => {
    const { writer } = await start();
    let broken = true;
    writer.project(async () => {
      if (broken) throw new Error('the read side is broken');
    });
    await append(0);
    await append(0, unknown);
    await expect(writer.drain()).rejects.toThrow('the read side is broken');
    broken = false;
    expect(await writer.drain()).toBe(1);
    expect(await waiting()).toEqual([1, 0, 0, 0]);
  });

  it.each(['t', 'c', 'q', 'n', 'at'])('may also be one without its %s', async (field) => {
    const { writer } = await start();
    await append(0, { [field]: '' });
    await append(0);
    expect(await writer.drain()).toBe(1);
    expect(await waiting()).toEqual([1, 0, 0, 0]);
  });

  it('does not starve another partition by the hundred', async () => {
    const { writer } = await start();
    await Promise.all(Array.from({ length: 300 }, () => append(0, unknown)));
    await append(1);
    expect(await writer.drain()).toBe(1);
    expect(await waiting()).toEqual([300, 0, 0, 0]);
  });

  it('does not starve its own partition by the hundred', async () => {
    const { writer } = await start();
    await Promise.all(Array.from({ length: 200 }, () => append(0, unknown)));
    await append(0);
    for (let round = 0; round < 3; round++) await writer.drain();
    expect(await waiting()).toEqual([200, 0, 0, 0]);
  });

  it.each([
    ['an id that is none', { c: 'not-an-id' }],
    ['a tenant that is none', { n: 'x' }],
    ['a time that is none', { at: 'yesterday' }],
    ['a sequence that is none', { q: 'first' }],
    ['a NUL in its data, which jsonb cannot hold', { pid: 'wamid\u0000' }],
  ])('does not hold up the others when it has %s', async (_what, changes) => {
    const { writer } = await start();
    await append(0, changes as Record<string, string>);
    await append(1);
    expect(await writer.drain()).toBe(1);
    expect(await waiting()).toEqual([1, 0, 0, 0]);
  });
});
