import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Rounds } from '#platform/clock';
import { PartitionLeases } from '#platform/partitions';
import { describeError, loggerFor } from '#platform/logging';
import { channelOfLetter } from '../channel-letters.js';
import { ApprovalsService } from '../approvals.service.js';
import { FollowUpsService } from '../follow-ups.service.js';
import { HotStore } from '../hot-store/hot-store.js';
import { type DueMessage, MessageStore } from '../hot-store/message-store.js';
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
  private readonly rounds = new Rounds(() => this.sweepOnce());

  constructor(
    private readonly hotStore: HotStore,
    private readonly messages: MessageStore,
    private readonly followUps: FollowUpsService,
    private readonly approvals: ApprovalsService,
    private readonly queue: SendQueue,
    private readonly leases: PartitionLeases,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start(EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  /** One look at every partition held. */
  async sweep(): Promise<void> {
    await Promise.all(
      this.leases.held().map(async (partition) => {
        await this.expire(partition);
        for (const due of await this.messages.due(partition, PER_PARTITION, LOOK_AGAIN_MS))
          await this.look(due);
      }),
    );
  }

  private async expire(partition: number): Promise<void> {
    let looked: number;
    do {
      const found = await this.hotStore.expireDue(partition, PER_PARTITION, LOOK_AGAIN_MS);
      await this.approvals.settleAll(found.waiting);
      looked = found.looked;
    } while (looked >= PER_PARTITION);
  }

  private async look({ challengeId, number, channelLetter, attempt, need }: DueMessage): Promise<void> {
    if (need === 'send')
      await this.queue.revive(channelOfLetter(channelLetter), challengeId, number, attempt + 1);
    else await this.followUps.follow(challengeId, number, need);
  }

  private async sweepOnce(): Promise<number> {
    await this.sweep().catch((error: unknown) =>
      this.logger.warn({ error: describeError(error) }, 'sweep failed; the next one follows'),
    );
    return EVERY_MS;
  }
}
