import { Injectable } from '@nestjs/common';
import { type Channel, CARRIED_CHANNELS } from '#providers';
import { type Identifier, messageId } from '#platform/identifiers';
import { Queues } from '#platform/queue';

export const SEND_JOB = 'send-message';

/** One queue per channel: a slow e-mail server must not hold WhatsApp. */
export function sendQueueName(channel: Channel): string {
  return `send-${channel}`;
}

export const SEND_QUEUES = CARRIED_CHANNELS.map(sendQueueName);

export interface SendMessageJob {
  v: 1;
  messageId: Identifier;
}

/** Puts messages before the workers. Jobs carry an id only: code and number stay sealed in the record. */
@Injectable()
export class SendQueue {
  constructor(private readonly queues: Queues) {}

  /**
   * `attempt` counts from 1; the same message and attempt is the same job, however often it is added; after a try that
   * was postponed, its token tells the next job from the one that is just ending. A priority above 0 stands behind
   * the ordinary line.
   */
  async add(
    channel: Channel,
    challengeId: Identifier,
    number: number,
    attempt: number,
    { delayMs = 0, priority = 0, postponed = '' } = {},
  ): Promise<void> {
    const id = messageId(challengeId, number);
    const job: SendMessageJob = { v: 1, messageId: id };
    await this.queues.get(sendQueueName(channel)).add(SEND_JOB, job, {
      jobId: `${id}-${attempt}${postponed && `-${postponed}`}`,
      ...(delayMs > 0 && { delay: delayMs }),
      ...(priority > 0 && { priority }),
    });
  }

  /**
   * For a message that the sweeper found alone. A job that failed for good is replaced; one that waits for a delay
   * that our clock says is over is promoted; one that waits its turn is left alone.
   */
  async revive(channel: Channel, challengeId: Identifier, number: number, attempt: number): Promise<void> {
    const queue = this.queues.get(sendQueueName(channel));
    const job = await queue.getJob(`${messageId(challengeId, number)}-${attempt}`);
    if (!job) return this.add(channel, challengeId, number, attempt);
    const state = await job.getState();
    if (state === 'delayed') await job.promote();
    else if (state === 'failed' || state === 'completed') {
      await job.remove();
      await this.add(channel, challengeId, number, attempt);
    }
  }
}
