import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '#platform/database';
import { describeError, loggerFor } from '#platform/logging';
import { RedisWatch } from '#platform/redis';
import { ConfigOutboxEntity } from './config-outbox.entity.js';
import { type ConfigKind, PublishedConfig } from './published-config.js';

/** What a record looks like to the hot path, read from PostgreSQL at the moment of publication. */
export interface Publication {
  revision: number;
  /** Undefined withdraws the record. */
  payload: object | undefined;
  lifeSeconds?: number;
}

/** One per kind, registered by the room that owns the record. */
export interface PublicationSource {
  /** The record as committed; undefined when there is no such row at all. */
  read(manager: EntityManager, id: string): Promise<Publication | undefined>;
  /** Ids of everything that should be published, for an empty Redis. */
  list(manager: EntityManager): Promise<string[]>;
}

/** A row that is gone is withdrawn for good: ids are never used again. */
const WITHDRAWN: Publication = { revision: Number.MAX_SAFE_INTEGER, payload: undefined };

const REPEAT_MS = 2_000;
const BATCH = 200;

/**
 * Publishes what an administrative request commits. The request's transaction writes an outbox row beside
 * the change; publication follows the commit and deletes the row; a repeater takes what was left behind.
 */
@Injectable()
export class ConfigPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = loggerFor('config-publisher');
  private readonly sources = new Map<ConfigKind, PublicationSource>();
  private timer: NodeJS.Timeout | undefined;
  private owesAll = false;

  constructor(
    private readonly database: Database,
    private readonly published: PublishedConfig,
    private readonly watch: RedisWatch,
  ) {}

  register(kind: ConfigKind, source: PublicationSource): void {
    this.sources.set(kind, source);
  }

  onApplicationBootstrap(): void {
    this.database.onReady(async () => {
      if (await this.published.isEmpty()) await this.publishAll();
      this.timer = setInterval(() => void this.repeatOwed(), REPEAT_MS);
      this.timer.unref();
    });
    // Forgotten publications would bring a revoked key back, or leave an emptied Redis without any.
    this.watch.onRollback(() => {
      this.owesAll = true;
      return this.repeatOwed();
    });
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * Commits `work` and publishes the records it names, in that order. When Redis does not answer, the change
   * is committed all the same and published by the repeater.
   */
  async commit<T>(
    work: (manager: EntityManager, owe: (kind: ConfigKind, id: string) => void) => Promise<T>,
  ): Promise<T> {
    const owed: { kind: ConfigKind; ref: string }[] = [];
    const [result, rows] = await this.database.transaction(async (manager) => {
      const value = await work(manager, (kind, ref) => owed.push({ kind, ref }));
      const saved =
        owed.length > 0
          ? await manager.save(owed.map((entry) => manager.create(ConfigOutboxEntity, entry)))
          : [];
      return [value, saved] as const;
    });
    await this.settle(rows).catch((error: unknown) =>
      this.logger.warn({ error: describeError(error) }, 'publication postponed; the repeater takes it'),
    );
    return result;
  }

  /** Publishes every record of every kind. */
  async publishAll(): Promise<void> {
    for (const [kind, source] of this.sources) {
      for (const id of await source.list(this.database.manager)) await this.publishOne(kind, id);
    }
  }

  private async repeatOwed(): Promise<void> {
    try {
      if (this.owesAll) {
        await this.publishAll();
        this.owesAll = false;
      }
      const rows = await this.database
        .repository(ConfigOutboxEntity)
        .find({ order: { id: 'ASC' }, take: BATCH });
      await this.settle(rows);
    } catch (error) {
      this.logger.debug({ error: describeError(error) }, 'outbox not repeated');
    }
  }

  private async settle(rows: readonly ConfigOutboxEntity[]): Promise<void> {
    for (const row of rows) {
      await this.publishOne(row.kind as ConfigKind, row.ref);
      await this.database.repository(ConfigOutboxEntity).delete({ id: row.id });
    }
  }

  private async publishOne(kind: ConfigKind, id: string): Promise<void> {
    const source = this.sources.get(kind);
    if (!source) return;
    const { revision, payload, lifeSeconds } = (await source.read(this.database.manager, id)) ?? WITHDRAWN;
    await this.published.publish(kind, id, revision, payload, lifeSeconds);
  }
}
