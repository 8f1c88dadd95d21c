import { Module, type OnModuleInit } from '@nestjs/common';
import { PartitionLeases } from '#platform/partitions';
import { AuditSequencer } from './audit/audit-sequencer.js';
import { auditTransitions } from './audit/audited-transitions.js';
import { CheckpointCopies } from './audit/checkpoint-copies.js';
import { JournalPartitions } from './journal-partitions.js';
import { JournalWriter } from './journal-writer.js';

/** Opened by workers only: it reads the streams. Writing to them is the business of the scripts. */
@Module({
  providers: [PartitionLeases, JournalPartitions, JournalWriter, CheckpointCopies, AuditSequencer],
  exports: [PartitionLeases, JournalPartitions, JournalWriter],
})
export class JournalModule implements OnModuleInit {
  constructor(private readonly writer: JournalWriter) {}

  onModuleInit(): void {
    this.writer.project(auditTransitions);
  }
}
