import { Module } from '@nestjs/common';
import { ChallengesModule } from '#challenges';
import { ProvidersModule } from '#providers';
import { TemplatesModule } from '#templates';
import { ReceiptsService } from './receipts.service.js';

@Module({
  imports: [ChallengesModule, ProvidersModule, TemplatesModule],
  providers: [ReceiptsService],
  exports: [ReceiptsService],
})
export class WebhooksModule {}
