import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PartitionLeases } from '#platform/partitions';
import { describeError, loggerFor } from '#platform/logging';
import { channelOfLetter } from '../channel-letters.js';
import { HotStore } from '../hot-store/hot-store.js';
import { SendQueue } from '../send-queue.js';

const EVERY_MS = 1_000;
const PER_PARTITION = 100;
const LOOK_AGAIN_MS = 3_000;

/**
 * Looks after what nobody else will: messages whose job was lost or whose worker died, and challenges whose life
 * has ended. Each partition is swept by the worker that holds its lease.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('sweeper');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly hotStore: HotStore,
    private readonly queue: SendQueue,
    private readonly leases: PartitionLeases,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** One look at every partition held. */
  async sweep(): Promise<void> {
    await Promise.all(
      this.leases.held().map(async (partition) => {
        while ((await this.hotStore.expireDue(partition, PER_PARTITION)) >= PER_PARTITION);
        for (const due of await this.hotStore.dueMessages(partition, PER_PARTITION, LOOK_AGAIN_MS)) {
          await this.queue.revive(
            channelOfLetter(due.channelLetter),
            due.challengeId,
            due.number,
            due.attempt + 1,
          );
        }
      }),
    );
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.sweep()
        .catch((error: unknown) =>
          this.logger.warn({ error: describeError(error) }, 'sweep failed; the next one follows'),
        )
        .finally(() => this.schedule());
    }, EVERY_MS);
  }
}
