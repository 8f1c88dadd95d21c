import { Module } from '@nestjs/common';
import { TemplatesModule } from '../templates.module.js';
import { SyncTemplatesChore } from './sync-templates.chore.js';

@Module({ imports: [TemplatesModule], providers: [SyncTemplatesChore] })
export class TemplatesJobsModule {}
