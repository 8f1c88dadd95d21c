import { Module } from '@nestjs/common';
import { GeneratorsModule } from '#generators';
import { LimitsModule } from '#limits';
import { ProvidersModule } from '#providers';
import { TemplatesModule } from '#templates';
import { Admissions } from './admission.js';
import { ApprovalsService } from './approvals.service.js';
import { BackPressure } from './back-pressure.js';
import { ChallengeHistory } from './challenge-history.js';
import { ChallengesService } from './challenges.service.js';
import { CodeVault } from './code-vault.js';
import { DeliveriesService } from './deliveries.service.js';
import { FollowUpsService } from './follow-ups.service.js';
import { FairShare } from './fair-share.js';
import { EarlierProofs } from './earlier-proofs.js';
import { HotStore } from './hot-store/hot-store.js';
import { MessageStore } from './hot-store/message-store.js';
import { OpeningPreparer } from './opening-preparer.js';
import { OpeningsService } from './openings.service.js';
import { PlanResolver } from './plan-resolver.js';
import { RoutePlanner } from './route-planner.js';
import { ReceiverAliases } from './receiver-aliases.js';
import { ReceiversService } from './receivers.service.js';
import { RefusalsService } from './refusals.service.js';
import { SendQueue } from './send-queue.js';
import { TestNumbersService } from './test-numbers.service.js';

@Module({
  imports: [GeneratorsModule, LimitsModule, ProvidersModule, TemplatesModule],
  providers: [
    ChallengesService,
    OpeningsService,
    OpeningPreparer,
    Admissions,
    DeliveriesService,
    ChallengeHistory,
    BackPressure,
    FairShare,
    PlanResolver,
    ReceiverAliases,
    ReceiversService,
    RefusalsService,
    EarlierProofs,
    TestNumbersService,
    HotStore,
    MessageStore,
    CodeVault,
    SendQueue,
    RoutePlanner,
    FollowUpsService,
    ApprovalsService,
  ],
  exports: [
    ChallengesService,
    OpeningsService,
    DeliveriesService,
    ChallengeHistory,
    CodeVault,
    HotStore,
    MessageStore,
    ReceiversService,
    SendQueue,
    FollowUpsService,
    ApprovalsService,
    TestNumbersService,
  ],
})
export class ChallengesModule {}
