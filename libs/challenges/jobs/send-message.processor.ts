import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { type Job, UnrecoverableError } from 'bullmq';
import { describeError, loggerFor } from '#platform/logging';
import { WORKER_SETTINGS } from '#platform/queue';
import { DeliveriesService } from '../deliveries.service.js';
import { SendMessageJobDto } from './send-message.job.js';

const logger = loggerFor('send-message');

/**
 * The worker of one channel's queue. A failed script or a lost Redis makes the job fail and stay; the sweeper
 * finds its message and revives it, so that no retry lives in two places.
 */
export function sendMessageProcessor(queueName: string, concurrency: number): Type<WorkerHost> {
  @Processor({ name: queueName }, { ...WORKER_SETTINGS, concurrency })
  class SendMessageProcessor extends WorkerHost {
    constructor(@Inject(DeliveriesService) private readonly deliveries: DeliveriesService) {
      super();
    }

    /** BullMQ prints what nobody listens to. */
    @OnWorkerEvent('error')
    onError(error: Error): void {
      logger.warn(
        { queue: queueName, error: describeError(error) },
        'queue worker in trouble; it goes on when Redis does',
      );
    }

    async process(job: Job): Promise<void> {
      const payload = plainToInstance(SendMessageJobDto, job.data);
      if (validateSync(payload).length > 0) throw new UnrecoverableError('payload of an unknown shape');
      await this.deliveries.attempt(payload.messageId);
    }
  }
  return SendMessageProcessor;
}
