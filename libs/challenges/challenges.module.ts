import { Module } from '@nestjs/common';
import { GeneratorsModule } from '#generators';
import { ProvidersModule } from '#providers';
import { TemplatesModule } from '#templates';
import { ChallengeHistory } from './challenge-history.js';
import { ChallengesService } from './challenges.service.js';
import { CodeVault } from './code-vault.js';
import { DeliveriesService } from './deliveries.service.js';
import { EarlierProofs } from './earlier-proofs.js';
import { HotStore } from './hot-store/hot-store.js';
import { OpeningsService } from './openings.service.js';
import { PlanResolver } from './plan-resolver.js';
import { SendQueue } from './send-queue.js';
import { TestNumbersService } from './test-numbers.service.js';

@Module({
  imports: [GeneratorsModule, ProvidersModule, TemplatesModule],
  providers: [
    ChallengesService,
    OpeningsService,
    DeliveriesService,
    ChallengeHistory,
    PlanResolver,
    EarlierProofs,
    TestNumbersService,
    HotStore,
    CodeVault,
    SendQueue,
  ],
  exports: [
    ChallengesService,
    OpeningsService,
    DeliveriesService,
    ChallengeHistory,
    CodeVault,
    HotStore,
    SendQueue,
    TestNumbersService,
  ],
})
export class ChallengesModule {}
