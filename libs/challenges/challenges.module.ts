import { Module } from '@nestjs/common';
import { GeneratorsModule } from '#generators';
import { LimitsModule } from '#limits';
import { ProvidersModule } from '#providers';
import { TemplatesModule } from '#templates';
import { Admissions } from './admission.js';
import { ChallengeHistory } from './challenge-history.js';
import { ChallengesService } from './challenges.service.js';
import { CodeVault } from './code-vault.js';
import { DeliveriesService } from './deliveries.service.js';
import { HotStore } from './hot-store/hot-store.js';
import { OpeningsService } from './openings.service.js';
import { PlanResolver } from './plan-resolver.js';
import { SendQueue } from './send-queue.js';

@Module({
  imports: [GeneratorsModule, LimitsModule, ProvidersModule, TemplatesModule],
  providers: [
    ChallengesService,
    OpeningsService,
    Admissions,
    DeliveriesService,
    ChallengeHistory,
    PlanResolver,
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
  ],
})
export class ChallengesModule {}
