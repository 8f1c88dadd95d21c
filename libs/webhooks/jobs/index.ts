import { Module, type OnModuleDestroy } from '@nestjs/common';
import { JournalModule } from '#journal';
import { OutboundModule } from '../outbound/outbound.module.js';
import { WebhooksQueue } from '../outbound/webhooks-queue.js';
import { DeliverWebhookProcessor } from './deliver-webhook.processor.js';
import { OutboundPoller } from './outbound-poller.js';
import { PruneEvents } from './prune-events.chore.js';

/** Longer than an attempt may take. */
const FINISH_MS = 15_000;

/** What a worker of the queue `webhooks` opens of this room. */
@Module({
  imports: [OutboundModule, JournalModule],
  providers: [WebhooksQueue, DeliverWebhookProcessor, OutboundPoller],
})
export class WebhooksJobsModule implements OnModuleDestroy {
  constructor(private readonly processor: DeliverWebhookProcessor) {}

  async onModuleDestroy(): Promise<void> {
    const { worker } = this.processor;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), FINISH_MS);
    });
    if ((await Promise.race([worker.close(), late])) === 'late') await worker.close(true);
    clearTimeout(timer);
  }
}

/** What it opens to keep house. */
@Module({ providers: [PruneEvents] })
export class WebhooksChoresModule {}
