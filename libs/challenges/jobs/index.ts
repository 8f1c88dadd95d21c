import type { WorkerHost } from '@nestjs/bullmq';
import {
  type DynamicModule,
  Inject,
  Module,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { JournalModule, JournalWriter } from '#journal';
import { LimitsModule, OutcomeDetectors } from '#limits';
import { ProvidersModule } from '#providers';
import { ChallengeEvents } from '../challenge-events.js';
import { ChallengeHistory } from '../challenge-history.js';
import { channelOfLetter } from '../channel-letters.js';
import { ConversionFeed } from '../conversion/conversion-feed.js';
import { ConversionReports } from '../conversion/conversion-reports.js';
import { REPORT_QUEUE, ReportQueue } from '../conversion/report-queue.js';
import { MessagePrices } from '../message-prices.js';
import { ChallengesModule } from '../challenges.module.js';
import { ConsentRecords } from '../consents/consent-records.service.js';
import { CHAT_QUEUE } from '../chat/chat-queue.js';
export { ErasureJobsModule } from './erase-receivers.chore.js';
import { QueueGauges } from './queue-gauges.js';
import { sendChatProcessor } from './send-chat.processor.js';
import { ReportConversionProcessor } from './report-conversion.processor.js';
import { sendMessageProcessor } from './send-message.processor.js';
import { Sweeper } from './sweeper.js';

const PROCESSORS = Symbol('processors');
/** Running sends get this long at shutdown; what is cut off then is unknown, and resolved by another worker. */
const FINISH_MS = 20_000;

/** What a worker opens of this room: the processors of the queues it was given, and the care for partitions. */
@Module({})
export class ChallengesJobsModule implements OnModuleInit, OnModuleDestroy {
  static forQueues(queueNames: readonly string[], concurrency: number): DynamicModule {
    const processors = queueNames.map((name) => processorOf(name, concurrency));
    return {
      module: ChallengesJobsModule,
      imports: [ChallengesModule, JournalModule, LimitsModule, ProvidersModule],
      providers: [
        Sweeper,
        QueueGauges,
        ConversionFeed,
        ConversionReports,
        MessagePrices,
        ReportQueue,
        ...processors,
        { provide: PROCESSORS, useFactory: (...list: WorkerHost[]) => list, inject: processors },
      ],
      exports: [Sweeper],
    };
  }

  constructor(
    private readonly journal: JournalWriter,
    private readonly history: ChallengeHistory,
    private readonly consents: ConsentRecords,
    private readonly events: ChallengeEvents,
    private readonly detectors: OutcomeDetectors,
    private readonly conversions: ConversionFeed,
    private readonly prices: MessagePrices,
    @Inject(PROCESSORS) private readonly processors: readonly WorkerHost[],
  ) {}

  onModuleInit(): void {
    this.journal.project((entries, manager) => this.history.apply(entries, manager));
    this.journal.project((entries, manager) => this.consents.apply(entries, manager));
    this.journal.project((entries, manager) => this.events.apply(entries, manager));
    this.journal.project((entries, manager) => this.detectors.apply(entries, manager, channelOfLetter));
    this.journal.project((entries, manager) => this.conversions.apply(entries, manager));
    this.journal.project((entries) => this.prices.apply(entries));
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

function processorOf(name: string, concurrency: number): Type<WorkerHost> {
  switch (name) {
    case CHAT_QUEUE:
      return sendChatProcessor(concurrency);
    case REPORT_QUEUE:
      return ReportConversionProcessor;
    default:
      return sendMessageProcessor(name, concurrency);
  }
}
