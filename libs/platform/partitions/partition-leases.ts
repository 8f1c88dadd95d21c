import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { newId } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { LuaScripts, RedisConnection } from '#platform/redis';
import { Partitions } from './partitions.js';

const LEASE_MS = 5_000;
const RENEW_MS = 1_500;
/** A lease is used for a little less than Redis keeps it, so that two workers never both believe. */
const MARGIN_MS = 500;

/** Which partitions this worker sweeps. Losing one costs a repeated look, never a lost or doubled record. */
@Injectable()
export class PartitionLeases implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = loggerFor('partition-leases');
  private readonly scripts: LuaScripts<'hold-lease'>;
  private readonly holder = newId();
  private readonly heldUntil = new Map<number, number>();
  private timer: NodeJS.Timeout | undefined;
  private released = false;

  constructor(
    redis: RedisConnection,
    private readonly partitions: Partitions,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, ['hold-lease']);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.renew();
    this.timer = setInterval(() => void this.renew(), RENEW_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.released = true;
    const held = this.held();
    this.heldUntil.clear();
    await Promise.allSettled(held.map((partition) => this.hold(partition, 0)));
  }

  /** The partitions held now. */
  held(): number[] {
    const now = performance.now();
    return [...this.heldUntil].filter(([, until]) => until > now).map(([partition]) => partition);
  }

  private async renew(): Promise<void> {
    if (this.released) return;
    const askedAt = performance.now();
    try {
      const answers = await Promise.all(
        this.partitions.all().map((partition) => this.hold(partition, LEASE_MS)),
      );
      // The commands that gave them back went out behind these.
      if (this.released) return;
      answers.forEach((answer, partition) => {
        if (answer === 1) this.heldUntil.set(partition, askedAt + LEASE_MS - MARGIN_MS);
        else this.heldUntil.delete(partition);
      });
    } catch (error) {
      this.logger.debug({ error: describeError(error) }, 'leases not renewed');
    }
  }

  private hold(partition: number, lifeMs: number): Promise<unknown> {
    return this.scripts.run('hold-lease', [`${this.partitions.tag(partition)}lease`], [this.holder, lifeMs]);
  }
}
