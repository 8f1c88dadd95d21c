import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Partitions } from '#platform/partitions';
import { parsePhone } from '#platform/phone';
import { RedisConnection } from '#platform/redis';
import { HotStore } from './hot-store/hot-store.js';

export interface ReceiverPlace {
  partition: number;
  ref: string;
}

/** A sorted set of `<tenant>:<ref>:<partition>:<ref>` by the time at which it was seen. */
const KEY = '{alias}';
/** How often anything was taken out: then everybody reads everything anew. */
const REMOVALS = '{alias}:removals';
const EVERY_MS = 1_000;
/** Clocks of processes differ; what was read already is read over. */
const OVERLAP_MS = 10_000;
const LIFE_MS = 90 * 86_400_000;
const AGAIN_AFTER_MS = 86_400_000;
const MOST = 100_000;

/**
 * Receivers whose provider knows them under another number, so that both spellings share one counter (FR-02). There
 * are few, so every process knows them all: a look-up costs a request nothing. Each tenant has its own, since a
 * provider's word must not move another tenant's receivers. See decision 12.
 */
@Injectable()
export class ReceiverAliases implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('receiver-aliases');
  private readonly places = new Map<string, ReceiverPlace & { seenAt: number }>();
  private readUpTo = -Infinity;
  private removals: string | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: RedisConnection,
    private readonly hotStore: HotStore,
    private readonly partitions: Partitions,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.read();
    this.timer = setInterval(() => {
      this.read().catch((error: unknown) =>
        this.logger.debug({ error: describeError(error) }, 'aliases not read'),
      );
    }, EVERY_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Where this tenant's records of a receiver live: at its own name, or at that of the number it is known under. */
  locate(tenantId: Identifier, canonical: string): ReceiverPlace {
    const own = this.partitions.locate(canonical);
    return this.places.size === 0 ? own : (this.places.get(`${tenantId}:${own.ref}`) ?? own);
  }

  /** A provider took a message for `address` and named another number: from now on they count as one. */
  async note(tenantId: Identifier, address: string, reached: string): Promise<void> {
    const [from, to] = [parsePhone(address), parsePhone(reached)];
    if (typeof from === 'string' || typeof to === 'string' || from.canonical === to.canonical) return;
    const own = this.partitions.locate(from.canonical);
    // A number that is an alias itself is followed once; two that name each other stay where they are.
    const place = this.locate(tenantId, to.canonical);
    if (place.ref === own.ref) return;
    const name = `${tenantId}:${own.ref}`;
    const known = this.places.get(name);
    const now = this.clock.now();
    if (known?.ref === place.ref && now - known.seenAt < AGAIN_AFTER_MS) return;
    await this.redis.client
      .multi()
      .zadd(KEY, now, `${name}:${place.partition}:${place.ref}`)
      .zremrangebyscore(KEY, '-inf', now - LIFE_MS)
      .zremrangebyrank(KEY, 0, -(MOST + 1))
      .exec();
    this.places.set(name, { ...place, seenAt: now });
    if (known?.ref !== place.ref) await this.hotStore.mergeReceivers(tenantId, own, place);
  }

  /** Every place at which this tenant's records of a receiver may be. */
  placesOf(tenantId: Identifier, canonical: string): ReceiverPlace[] {
    const [own, alias] = [this.partitions.locate(canonical), this.locate(tenantId, canonical)];
    return alias.ref === own.ref ? [own] : [own, alias];
  }

  /** Nobody knows any more that this number, or another for it, is known under a second one. */
  async forget(tenantId: Identifier, canonical: string): Promise<void> {
    const { ref } = this.partitions.locate(canonical);
    const members = (await this.redis.client.zrange(KEY, 0, -1)).filter((member) => {
      const [tenant, from, , to] = member.split(':');
      return tenant === tenantId && (from === ref || to === ref);
    });
    if (members.length === 0) return;
    await this.redis.client
      .multi()
      .zrem(KEY, ...members)
      .incr(REMOVALS)
      .exec();
    await this.read();
  }

  private async read(): Promise<void> {
    const removals = await this.redis.client.get(REMOVALS);
    if (removals !== this.removals) {
      this.places.clear();
      this.readUpTo = -Infinity;
      this.removals = removals;
    }
    const rows = await this.redis.client.zrangebyscore(KEY, this.readUpTo - OVERLAP_MS, '+inf', 'WITHSCORES');
    for (let at = 0; at < rows.length; at += 2) {
      const [tenantId, ref, partition, target] = rows[at]!.split(':') as [string, string, string, string];
      const seenAt = Number(rows[at + 1]);
      this.places.set(`${tenantId}:${ref}`, { partition: Number(partition), ref: target, seenAt });
      this.readUpTo = Math.max(this.readUpTo, seenAt);
    }
  }
}
