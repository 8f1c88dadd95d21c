import { Injectable } from '@nestjs/common';
import type { Identifier } from '#platform/identifiers';
import { Queues } from '#platform/queue';

export const REPORT_QUEUE = 'report-conversion';

const JOB = 'report-conversion';
const ATTEMPTS = 3;
/** By then the message's row is committed, which the job reads. */
const FIRST_AFTER_MS = 1_000;
const AGAIN_AFTER_MS = 5_000;
/** A batch of the journal that is projected again must not report anew. */
const REMEMBERED_SECONDS = 3_600;

export interface ReportConversionJob {
  v: 1;
  messageId: Identifier;
}

/** Puts answered messages before a worker, which tells their provider. Best effort: three tries, and that is all. */
@Injectable()
export class ReportQueue {
  constructor(private readonly queues: Queues) {}

  async add(messageId: Identifier): Promise<void> {
    const job: ReportConversionJob = { v: 1, messageId };
    await this.queues.get(REPORT_QUEUE).add(JOB, job, {
      jobId: messageId,
      delay: FIRST_AFTER_MS,
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: AGAIN_AFTER_MS },
      removeOnComplete: { age: REMEMBERED_SECONDS },
    });
  }
}
