import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { Housekeeping } from '#platform/queue';
import { JournalPartitions } from '../journal-partitions.js';

const EVERY_MS = 6 * 3_600_000;
const MONTHS_AHEAD = 2;

/** Makes this month of the journal and the next two, so that no writer has to at the turn of one. */
@Injectable()
export class MakePartitionsChore implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly partitions: JournalPartitions,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.housekeeping.register({ name: 'make-partitions', everyMs: EVERY_MS, run: () => this.run() });
  }

  async run(): Promise<void> {
    const now = this.clock.date();
    const months = Array.from(
      { length: MONTHS_AHEAD + 1 },
      (_, ahead) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)),
    );
    await this.partitions.ensure(months);
  }
}
