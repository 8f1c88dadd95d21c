import { Module } from '@nestjs/common';
import { GeneratorsModule } from '#generators';
import { ChallengesModule } from '../challenges.module.js';
import { ChallengesController } from './challenges.controller.js';
import { ReceiversController } from './receivers.controller.js';
import { TestNumbersController } from './test-numbers.controller.js';
import { PageCursor } from './page-cursor.js';

@Module({
  imports: [ChallengesModule, GeneratorsModule],
  controllers: [ChallengesController, ReceiversController, TestNumbersController],
  providers: [PageCursor],
})
export class ChallengesHttpModule {}
