import { Module } from '@nestjs/common';
import { ProvidersModule } from '#providers';
import { EarlyNotices } from './early-notices.js';
import { TemplatesService } from './templates.service.js';

@Module({
  imports: [ProvidersModule],
  providers: [EarlyNotices, TemplatesService],
  exports: [TemplatesService],
})
export class TemplatesModule {}
