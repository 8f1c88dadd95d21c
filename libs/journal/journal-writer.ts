import { randomInt } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Rounds } from '#platform/clock';
import { Database, sqlState } from '#platform/database';
import { renderUuid } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { PartitionLeases, Partitions } from '#platform/partitions';
import { RedisConnection } from '#platform/redis';
import { type JournalEntry, parseStreamEntry } from './journal-entry.js';
import { JournalPartitions } from './journal-partitions.js';

/** Folds a batch into a room's own tables, inside the journal's transaction. Must bear repeats and gaps in order. */
export type JournalProjection = (entries: readonly JournalEntry[], manager: EntityManager) => Promise<void>;

const BUSY_MS = 50;
const IDLE_MS = 250;
const TROUBLE_MS = [500, 1_500] as const;
/** Rows of one transaction. One that PostgreSQL does not manage in a statement's time is tried again at half of that. */
const BATCH = { most: 4_000, least: 100 };
/** Transactions at a time, each over partitions of its own: PostgreSQL has work while the other one waits for it. */
const LANES = 3;
const LAG_EVERY_MS = 5_000;
/** A statement's time was up. */
const QUERY_CANCELED = '57014';

/** What one look at a stream found. */
interface Read {
  key: string;
  streamIds: string[];
  entries: JournalEntry[];
  /** Where the next look begins: behind this one. */
  end: string | undefined;
  /** The last entry that this build cannot read. */
  unreadable: string | undefined;
  full: boolean;
}

/**
 * Moves transitions from the partitions' Redis streams into PostgreSQL, exactly once by event id: insert and
 * commit first, delete from the stream after. Killed in between, the next reader inserts nothing new and deletes.
 */
@Injectable()
export class JournalWriter implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('journal');
  private readonly projections: JournalProjection[] = [];
  private readonly rounds = new Rounds(() => this.drainOnce());
  /** Where each stream's unreadable entries end: they stay for a newer worker, and are read past. */
  private readonly unreadableUpTo = new Map<string, string>();
  private lagReadAt = -Infinity;
  private batch = BATCH.most;
  private readonly lanesBehind = new Set<number>();

  constructor(
    private readonly redis: RedisConnection,
    private readonly database: Database,
    private readonly leases: PartitionLeases,
    private readonly partitions: Partitions,
    private readonly metrics: Metrics,
    private readonly months: JournalPartitions,
  ) {}

  /** More waits in Redis than one look takes: PostgreSQL was away, or this process is asked too much. */
  get isBehind(): boolean {
    return this.lanesBehind.size > 0;
  }

  /** Adds a room's read side. */
  project(projection: JournalProjection): void {
    this.projections.push(projection);
  }

  onApplicationBootstrap(): void {
    this.rounds.start(BUSY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  private async drainOnce(): Promise<number> {
    try {
      return (await this.drain()) > 0 ? BUSY_MS : IDLE_MS;
    } catch (error) {
      this.logger.warn({ error: describeError(error) }, 'journal not written; it waits in Redis');
      // Not all workers at the same moment (FI-23).
      return randomInt(...TROUBLE_MS);
    }
  }

  /** Over the partitions this worker holds, until none has more than a batch waiting. Returns how many entries it moved. */
  async drain(): Promise<number> {
    await this.reportLag();
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, (_, lane) => this.drainLane(lane)));
    const failed = lanes.find((lane) => lane.status === 'rejected');
    if (failed) throw failed.reason;
    return lanes.reduce((sum, lane) => sum + (lane.status === 'fulfilled' ? lane.value : 0), 0);
  }

  /** The next batch is read while one is written: the two wait for different servers. */
  private async drainLane(lane: number): Promise<number> {
    let moved = 0;
    let reads = await this.readAll(lane, []);
    this.lanesBehind.delete(lane);
    while (reads.length > 0) {
      const more = !this.rounds.stopped && reads.some(({ full }) => full);
      if (more) this.lanesBehind.add(lane);
      const next = more ? this.readAll(lane, reads) : Promise.resolve([]);
      // Told below, unless the write fails first.
      next.catch(() => undefined);
      moved += await this.move(reads);
      reads = await next;
    }
    return moved;
  }

  /** Insert and commit first, delete after. */
  private async move(reads: readonly Read[]): Promise<number> {
    const entries = reads.flatMap((read) => read.entries);
    try {
      await this.write(entries);
      this.batch = Math.min(this.batch * 2, BATCH.most);
    } catch (error) {
      if (sqlState(error) === QUERY_CANCELED) this.batch = Math.max(Math.floor(this.batch / 2), BATCH.least);
      throw error;
    }
    const filled = reads.filter(({ streamIds }) => streamIds.length > 0);
    await Promise.all(filled.map((read) => this.redis.client.xdel(read.key, ...read.streamIds)));
    for (const { key, unreadable } of reads) if (unreadable) this.unreadableUpTo.set(key, unreadable);
    return entries.length;
  }

  /** What is behind `before`, in every stream of the lane where there is something. */
  private async readAll(lane: number, before: readonly Read[]): Promise<Read[]> {
    const held = this.leases.held().filter((partition) => partition % LANES === lane);
    const most = Math.ceil(this.batch / Math.max(1, held.length));
    const ends = new Map(before.map(({ key, end }) => [key, end]));
    const reads = await Promise.all(
      held.map((partition) => {
        const key = `${this.partitions.tag(partition)}journal`;
        return this.read(key, ends.get(key) ?? this.unreadableUpTo.get(key), most);
      }),
    );
    return reads.filter(({ end }) => end !== undefined);
  }

  private async read(key: string, past: string | undefined, most: number): Promise<Read> {
    const from = past === undefined ? '-' : `(${past}`;
    const found = await this.redis.client.xrange(key, from, '+', 'COUNT', most);
    const read: Read = {
      key,
      streamIds: [],
      entries: [],
      end: found.at(-1)?.[0],
      unreadable: undefined,
      full: found.length === most,
    };
    for (const [streamId, fields] of found) {
      const entry = parseStreamEntry(fields);
      if (entry) {
        read.streamIds.push(streamId);
        read.entries.push(entry);
      } else {
        read.unreadable = streamId;
        this.logger.error(
          { key, streamId },
          'a journal entry cannot be read; it stays until a newer worker reads it',
        );
      }
    }
    return read;
  }

  private async write(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.months.ensure(entries.map(({ occurredAt }) => occurredAt));
    await this.database.transaction(async (manager) => {
      await manager.query(
        `INSERT INTO journal (event_id, occurred_at, tenant_id, challenge_id, sequence, type, data)
         SELECT * FROM ROWS FROM (
           unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::int[], $6::text[]), jsonb_array_elements($7::jsonb))
         ON CONFLICT DO NOTHING`,
        [
          entries.map((entry) => entry.eventId),
          entries.map((entry) => entry.occurredAt.toISOString()),
          entries.map((entry) => renderUuid(entry.tenantId)),
          entries.map((entry) => renderUuid(entry.challengeId)),
          entries.map((entry) => entry.sequence),
          entries.map((entry) => entry.type),
          JSON.stringify(entries.map(({ data }) => data)),
        ],
      );
      for (const projection of this.projections) await projection(entries, manager);
    });
  }

  private async reportLag(): Promise<void> {
    if (performance.now() - this.lagReadAt < LAG_EVERY_MS) return;
    this.lagReadAt = performance.now();
    const lengths = await Promise.all(
      this.leases
        .held()
        .map((partition) => this.redis.client.xlen(`${this.partitions.tag(partition)}journal`)),
    );
    this.metrics.journalLag.set(lengths.reduce((sum, length) => sum + length, 0));
  }
}
