import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { Queues } from '#platform/queue';

const EVERY_MS = 5_000;

/** How many jobs wait, and how long the oldest has: what an autoscaler goes by. */
@Injectable()
export class QueueGauges implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('queue-gauges');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly queues: Queues,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.read().catch((error: unknown) =>
        this.logger.debug({ error: describeError(error) }, 'queues not read'),
      );
    }, EVERY_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  async read(): Promise<void> {
    for (const queue of this.queues.all()) {
      const counts = await queue.getJobCounts('waiting', 'prioritized', 'delayed');
      const [oldest] = await queue.getWaiting(0, 0);
      const depth = Object.values(counts).reduce((sum, count) => sum + count, 0);
      this.metrics.queueDepth.set({ queue: queue.name }, depth);
      this.metrics.queueAgeSeconds.set(
        { queue: queue.name },
        oldest ? (Date.now() - oldest.timestamp) / 1_000 : 0,
      );
    }
  }
}
