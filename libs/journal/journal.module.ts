import { Module } from '@nestjs/common';
import { PartitionLeases } from '#platform/partitions';
import { JournalWriter } from './journal-writer.js';

/** Opened by workers only: it reads the streams. Writing to them is the business of the scripts. */
@Module({ providers: [PartitionLeases, JournalWriter], exports: [PartitionLeases, JournalWriter] })
export class JournalModule {}
