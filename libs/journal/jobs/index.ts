import { type DynamicModule, Module } from '@nestjs/common';
import { JournalModule } from '../journal.module.js';
import { Retention, RETENTION_RULES, type RetentionRule } from '../retention.js';
import { MakePartitionsChore } from './make-partitions.chore.js';
import { RetentionChore } from './retention.chore.js';

/** Opened by workers that keep house. */
@Module({})
export class JournalJobsModule {
  /** `rules`: of every room whose tables hold history. */
  static forRules(rules: readonly RetentionRule[]): DynamicModule {
    return {
      module: JournalJobsModule,
      imports: [JournalModule],
      providers: [
        { provide: RETENTION_RULES, useValue: rules },
        Retention,
        RetentionChore,
        MakePartitionsChore,
      ],
    };
  }
}
