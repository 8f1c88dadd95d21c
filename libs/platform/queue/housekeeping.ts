import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import {
  Global,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Job } from 'bullmq';
import { describeError, loggerFor } from '#platform/logging';
import { Queues, WORKER_SETTINGS } from './queue.module.js';

export const HOUSEKEEPING_QUEUE = 'housekeeping';

export interface Chore {
  name: string;
  everyMs: number;
  /** One round. What is due is read from the data on the service's clock: a round may come late, or twice. */
  run(): Promise<void>;
}

/**
 * What is done now and then, by one worker of all: BullMQ's scheduler keeps the time, so that it is done once however
 * many workers there are. Rooms register their chores when they are initialised.
 */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap {
  private readonly logger = loggerFor('housekeeping');
  private readonly chores = new Map<string, Chore>();

  constructor(private readonly queues: Queues) {}

  register(chore: Chore): void {
    this.chores.set(chore.name, chore);
  }

  /** Not waited for: without Redis a worker starts, and another start schedules. */
  onApplicationBootstrap(): void {
    const queue = this.queues.get(HOUSEKEEPING_QUEUE);
    for (const { name, everyMs } of this.chores.values())
      queue
        .upsertJobScheduler(name, { every: everyMs }, { name })
        .catch((error: unknown) =>
          this.logger.warn({ chore: name, error: describeError(error) }, 'chore not scheduled'),
        );
  }

  /** False when this build knows no such chore: one of another version was scheduled. */
  async run(name: string): Promise<boolean> {
    const chore = this.chores.get(name);
    await chore?.run();
    return chore !== undefined;
  }
}

@Processor({ name: HOUSEKEEPING_QUEUE }, { ...WORKER_SETTINGS, concurrency: 1 })
class HousekeepingProcessor extends WorkerHost implements OnModuleDestroy {
  private readonly logger = loggerFor('housekeeping');

  constructor(private readonly housekeeping: Housekeeping) {
    super();
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.warn({ error: describeError(error) }, 'queue worker in trouble; it goes on when Redis does');
  }

  /** A round that fails is not tried again: the next one comes by itself. */
  async process({ name }: Job): Promise<void> {
    try {
      if (!(await this.housekeeping.run(name)))
        this.logger.warn({ chore: name }, 'a chore that this build does not know');
    } catch (error) {
      this.logger.warn({ chore: name, error: describeError(error) }, 'chore failed; the next round is due');
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.worker.close(true);
  }
}

/** Opened by workers that keep house; rooms' chores find it everywhere. */
@Global()
@Module({ providers: [Housekeeping, HousekeepingProcessor], exports: [Housekeeping] })
export class HousekeepingModule {}
