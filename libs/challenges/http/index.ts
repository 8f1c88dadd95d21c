import { Module } from '@nestjs/common';
import { GeneratorsModule } from '#generators';
import { ChallengesModule } from '../challenges.module.js';
import { ChallengesController } from './challenges.controller.js';
import { PageCursor } from './page-cursor.js';

@Module({
  imports: [ChallengesModule, GeneratorsModule],
  controllers: [ChallengesController],
  providers: [PageCursor],
})
export class ChallengesHttpModule {}
