import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '#platform/queue';
import { TemplateSyncService } from '../sync.service.js';

const EVERY_MS = 15 * 60_000;

/** Asks for what webhooks should have told: approvals that were missed, and changes nobody announced. */
@Injectable()
export class SyncTemplatesChore implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly sync: TemplateSyncService,
  ) {}

  onModuleInit(): void {
    this.housekeeping.register({
      name: 'sync-templates',
      everyMs: EVERY_MS,
      run: () => this.sync.lookAround(),
    });
  }
}
