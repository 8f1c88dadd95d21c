import { Module } from '@nestjs/common';
import { GeneratorsModule } from '#generators';
import { ProvidersModule } from '#providers';
import { TemplatesModule } from '#templates';
import { BackPressure } from './back-pressure.js';
import { ChallengeHistory } from './challenge-history.js';
import { ChallengesService } from './challenges.service.js';
import { CodeVault } from './code-vault.js';
import { DeliveriesService } from './deliveries.service.js';
import { FairShare } from './fair-share.js';
import { HotStore } from './hot-store/hot-store.js';
import { OpeningsService } from './openings.service.js';
import { PlanResolver } from './plan-resolver.js';
import { ReceiverAliases } from './receiver-aliases.js';
import { ReceiversService } from './receivers.service.js';
import { RefusalsService } from './refusals.service.js';
import { SendQueue } from './send-queue.js';

@Module({
  imports: [GeneratorsModule, ProvidersModule, TemplatesModule],
  providers: [
    ChallengesService,
    OpeningsService,
    DeliveriesService,
    ChallengeHistory,
    BackPressure,
    FairShare,
    PlanResolver,
    ReceiverAliases,
    ReceiversService,
    RefusalsService,
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
    ReceiversService,
    SendQueue,
  ],
})
export class ChallengesModule {}
