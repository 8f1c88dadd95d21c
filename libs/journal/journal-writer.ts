import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database, sqlState } from '#platform/database';
import { renderUuid } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { PartitionLeases, Partitions } from '#platform/partitions';
import { RedisConnection } from '#platform/redis';
import { type JournalEntry, parseStreamEntry } from './journal-entry.js';

/** Folds a batch into a room's own tables, inside the journal's transaction. Must bear repeats and gaps in order. */
export type JournalProjection = (entries: readonly JournalEntry[], manager: EntityManager) => Promise<void>;

const BUSY_MS = 50;
const IDLE_MS = 250;
const TROUBLE_MS = 1_000;
const PER_PARTITION = 200;
const LAG_EVERY_MS = 5_000;

interface Read {
  key: string;
  streamIds: string[];
  entries: JournalEntry[];
}

/**
 * Moves transitions from the partitions' Redis streams into PostgreSQL, exactly once by event id: insert and
 * commit first, delete from the stream after. Killed in between, the next reader inserts nothing new and deletes.
 */
@Injectable()
export class JournalWriter implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('journal');
  private readonly projections: JournalProjection[] = [];
  private readonly months = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Where each stream's unreadable entries end: they stay for a newer worker, and are read past. */
  private readonly unreadableUpTo = new Map<string, string>();
  private lagReadAt = -Infinity;

  constructor(
    private readonly redis: RedisConnection,
    private readonly database: Database,
    private readonly leases: PartitionLeases,
    private readonly partitions: Partitions,
    private readonly metrics: Metrics,
  ) {}

  /** Adds a room's read side. */
  project(projection: JournalProjection): void {
    this.projections.push(projection);
  }

  onApplicationBootstrap(): void {
    this.schedule(BUSY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(afterMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.drain().then(
        (moved) => this.schedule(moved > 0 ? BUSY_MS : IDLE_MS),
        (error: unknown) => {
          this.logger.warn({ error: describeError(error) }, 'journal not written; it waits in Redis');
          this.schedule(TROUBLE_MS);
        },
      );
    }, afterMs);
  }

  /** One round over the partitions this worker holds. Returns how many entries it moved. */
  async drain(): Promise<number> {
    await this.reportLag();
    const reads = await Promise.all(this.leases.held().map((partition) => this.read(partition)));
    const filled = reads.filter((read) => read.streamIds.length > 0);
    if (filled.length === 0) return 0;
    const entries = filled.flatMap((read) => read.entries);
    await this.write(entries);
    await Promise.all(filled.map((read) => this.redis.client.xdel(read.key, ...read.streamIds)));
    return entries.length;
  }

  private async read(partition: number): Promise<Read> {
    const key = `${this.partitions.tag(partition)}journal`;
    const past = this.unreadableUpTo.get(key);
    const found = await this.redis.client.xrange(
      key,
      past === undefined ? '-' : `(${past}`,
      '+',
      'COUNT',
      PER_PARTITION,
    );
    const read: Read = { key, streamIds: [], entries: [] };
    for (const [streamId, fields] of found) {
      const entry = parseStreamEntry(fields);
      if (entry) {
        read.streamIds.push(streamId);
        read.entries.push(entry);
      } else {
        this.unreadableUpTo.set(key, streamId);
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
    await this.ensureMonths(entries);
    await this.database.transaction(async (manager) => {
      await manager.query(
        `INSERT INTO journal (event_id, occurred_at, tenant_id, challenge_id, sequence, type, data)
         SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::jsonb[])
         ON CONFLICT DO NOTHING`,
        [
          entries.map((entry) => entry.eventId),
          entries.map((entry) => entry.occurredAt),
          entries.map((entry) => renderUuid(entry.tenantId)),
          entries.map((entry) => renderUuid(entry.challengeId)),
          entries.map((entry) => entry.sequence),
          entries.map((entry) => entry.type),
          entries.map((entry) => JSON.stringify(entry.data)),
        ],
      );
      for (const projection of this.projections) await projection(entries, manager);
    });
  }

  /** One table per month, so that retention drops tables instead of deleting rows. */
  private async ensureMonths(entries: readonly JournalEntry[]): Promise<void> {
    for (const { occurredAt } of entries) {
      const from = new Date(Date.UTC(occurredAt.getUTCFullYear(), occurredAt.getUTCMonth(), 1));
      const name = `journal_${from.toISOString().slice(0, 7).replace('-', '_')}`;
      if (this.months.has(name)) continue;
      const to = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1));
      try {
        await this.database.manager.query(
          `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF journal FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`,
        );
      } catch (error) {
        // Another worker made it, or the default partition already has rows of that month: both are fine.
        if (!['42P07', '23505', '23514'].includes(sqlState(error) ?? '')) throw error;
      }
      this.months.add(name);
    }
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
