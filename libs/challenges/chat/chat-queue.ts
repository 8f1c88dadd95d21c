import { Injectable } from '@nestjs/common';
import type { Channel } from '#providers';
import type { Identifier } from '#platform/identifiers';
import { Queues } from '#platform/queue';

export const CHAT_QUEUE = 'chat';

/** One reply on its way. What it says and to whom is sealed: jobs lie in Redis in clear. */
export interface SendChatJob {
  v: 1;
  /** Names the reply: the same one is said once. */
  name: string;
  accountId: Identifier;
  senderId: Identifier;
  channel: Channel;
  sealed: string;
  /** Epoch ms after which nobody waits for it any more. */
  until: number;
  /** Counts from 1. */
  attempt: number;
}

/** Puts replies before the workers. The same reply and attempt is the same job, however often it is added. */
@Injectable()
export class ChatQueue {
  constructor(private readonly queues: Queues) {}

  async add(job: SendChatJob, delayMs = 0): Promise<void> {
    await this.queues.get(CHAT_QUEUE).add('send-chat', job, {
      jobId: `${job.name}-${job.attempt}`,
      ...(delayMs > 0 && { delay: delayMs }),
    });
  }
}
