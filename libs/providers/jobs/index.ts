import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers.module.js';
import { PinReminders } from './pin-reminders.chore.js';
import { TokenWarnings } from './token-warnings.chore.js';

@Module({ imports: [ProvidersModule], providers: [PinReminders, TokenWarnings] })
export class ProvidersJobsModule {}
