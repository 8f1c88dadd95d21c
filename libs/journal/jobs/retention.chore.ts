import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '#platform/queue';
import { Retention } from '../retention.js';

const EVERY_MS = 5 * 60_000;

@Injectable()
export class RetentionChore implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly retention: Retention,
  ) {}

  onModuleInit(): void {
    this.housekeeping.register({ name: 'retention', everyMs: EVERY_MS, run: () => this.retention.run() });
  }
}
