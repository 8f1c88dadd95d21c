import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { type Job, UnrecoverableError } from 'bullmq';
import { describeError, loggerFor } from '#platform/logging';
import { WORKER_SETTINGS } from '#platform/queue';
import { WebhookSender } from '../outbound/webhook-sender.js';
import { WEBHOOKS_QUEUE, WebhooksQueue } from '../outbound/webhooks-queue.js';
import { DeliverWebhookJobDto } from './deliver-webhook.job.js';

/** Most of a delivery is waiting for somebody else's server: two hundred that hang leave room for those that do not. */
const CONCURRENCY = 256;
const logger = loggerFor('webhooks');

/** A failed script or a lost PostgreSQL makes the job fail; the delivery is due again when its lease ends. */
@Processor({ name: WEBHOOKS_QUEUE }, { ...WORKER_SETTINGS, concurrency: CONCURRENCY })
export class DeliverWebhookProcessor extends WorkerHost {
  constructor(
    private readonly sender: WebhookSender,
    private readonly queue: WebhooksQueue,
  ) {
    super();
  }

  /** BullMQ prints what nobody listens to. */
  @OnWorkerEvent('error')
  onError(error: Error): void {
    logger.warn({ error: describeError(error) }, 'queue worker in trouble; it goes on when Redis does');
  }

  async process(job: Job): Promise<void> {
    const payload = plainToInstance(DeliverWebhookJobDto, job.data);
    if (validateSync(payload).length > 0) throw new UnrecoverableError('payload of an unknown shape');
    await this.queue.add(await this.sender.attempt(payload.deliveryId));
  }
}
