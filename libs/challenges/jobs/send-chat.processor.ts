import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { type Job, UnrecoverableError } from 'bullmq';
import { describeError, loggerFor } from '#platform/logging';
import { WORKER_SETTINGS } from '#platform/queue';
import { ChatDeliveries } from '../chat/chat-deliveries.service.js';
import { CHAT_QUEUE } from '../chat/chat-queue.js';
import { SendChatJobDto } from './send-chat.job.js';

const logger = loggerFor('send-chat');

/** The worker of the replies. A job that a killed worker left is taken up by another, and said by one of them. */
export function sendChatProcessor(concurrency: number): Type<WorkerHost> {
  @Processor({ name: CHAT_QUEUE }, { ...WORKER_SETTINGS, concurrency })
  class SendChatProcessor extends WorkerHost {
    constructor(@Inject(ChatDeliveries) private readonly deliveries: ChatDeliveries) {
      super();
    }

    /** BullMQ prints what nobody listens to. */
    @OnWorkerEvent('error')
    onError(error: Error): void {
      logger.warn(
        { queue: CHAT_QUEUE, error: describeError(error) },
        'queue worker in trouble; it goes on when Redis does',
      );
    }

    async process(job: Job): Promise<void> {
      const payload = plainToInstance(SendChatJobDto, job.data);
      if (validateSync(payload).length > 0) throw new UnrecoverableError('payload of an unknown shape');
      await this.deliveries.attempt(payload);
    }
  }
  return SendChatProcessor;
}
