import { Global, Module } from '@nestjs/common';
import { InstallationCheck } from './installation-check.js';
import { Partitions } from './partitions.js';

@Global()
@Module({ providers: [Partitions, InstallationCheck], exports: [Partitions] })
export class PartitionsModule {}
