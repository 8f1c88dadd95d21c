import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { type Job, UnrecoverableError } from 'bullmq';
import { describeError, loggerFor } from '#platform/logging';
import { WORKER_SETTINGS } from '#platform/queue';
import { ConversionReports } from '../conversion/conversion-reports.js';
import { REPORT_QUEUE } from '../conversion/report-queue.js';
import { ReportConversionJobDto } from './report-conversion.job.js';

const AT_ONCE = 4;

@Processor({ name: REPORT_QUEUE }, { ...WORKER_SETTINGS, concurrency: AT_ONCE })
export class ReportConversionProcessor extends WorkerHost {
  private readonly logger = loggerFor('conversion');

  constructor(private readonly reports: ConversionReports) {
    super();
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.warn({ error: describeError(error) }, 'queue worker in trouble; it goes on when Redis does');
  }

  async process(job: Job): Promise<void> {
    const payload = plainToInstance(ReportConversionJobDto, job.data);
    if (validateSync(payload).length > 0) throw new UnrecoverableError('payload of an unknown shape');
    const why = await this.reports.tell(payload.messageId);
    if (why === undefined) return;
    this.logger.warn(
      { why, try: job.attemptsMade + 1 },
      'a provider was not told that its message was answered',
    );
    throw new Error(why);
  }
}
