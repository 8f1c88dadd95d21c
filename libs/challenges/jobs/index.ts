import type { WorkerHost } from '@nestjs/bullmq';
import { type DynamicModule, Inject, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { JournalModule, JournalWriter } from '#journal';
import { LimitsModule, OutcomeDetectors } from '#limits';
import { ChallengeHistory } from '../challenge-history.js';
import { channelOfLetter } from '../channel-letters.js';
import { ChallengesModule } from '../challenges.module.js';
import { QueueGauges } from './queue-gauges.js';
import { sendMessageProcessor } from './send-message.processor.js';
import { Sweeper } from './sweeper.js';

const PROCESSORS = Symbol('send-processors');
/** Running sends get this long at shutdown; what is cut off then is unknown, and resolved by another worker. */
const FINISH_MS = 20_000;

/** What a worker opens of this room: the processors of the queues it was given, and the care for partitions. */
@Module({})
export class ChallengesJobsModule implements OnModuleInit, OnModuleDestroy {
  static forQueues(queueNames: readonly string[], concurrency: number): DynamicModule {
    const processors = queueNames.map((name) => sendMessageProcessor(name, concurrency));
    return {
      module: ChallengesJobsModule,
      imports: [ChallengesModule, JournalModule, LimitsModule],
      providers: [
        Sweeper,
        QueueGauges,
        ...processors,
        { provide: PROCESSORS, useFactory: (...list: WorkerHost[]) => list, inject: processors },
      ],
      exports: [Sweeper],
    };
  }

  constructor(
    private readonly journal: JournalWriter,
    private readonly history: ChallengeHistory,
    private readonly detectors: OutcomeDetectors,
    @Inject(PROCESSORS) private readonly processors: readonly WorkerHost[],
  ) {}

  onModuleInit(): void {
    this.journal.project((entries, manager) => this.history.apply(entries, manager));
    this.journal.project((entries, manager) => this.detectors.apply(entries, manager, channelOfLetter));
  }

  /** `worker.close()` waits for its jobs without a bound of its own. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(
      this.processors.map(async ({ worker }) => {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<'late'>((resolve) => {
          timer = setTimeout(() => resolve('late'), FINISH_MS);
        });
        if ((await Promise.race([worker.close(), late])) === 'late') await worker.close(true);
        clearTimeout(timer);
      }),
    );
  }
}
