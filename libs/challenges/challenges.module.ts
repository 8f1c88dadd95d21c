import { Module } from '@nestjs/common';
import { GeneratorsModule } from '#generators';
import { TenantEventsModule } from '#journal';
import { LimitsModule } from '#limits';
import { ProvidersModule } from '#providers';
import { TemplatesModule } from '#templates';
import { Admissions } from './admission.js';
import { AnswersService } from './answers.service.js';
import { ApprovalsService } from './approvals.service.js';
import { BackPressure } from './back-pressure.js';
import { ChatDeliveries } from './chat/chat-deliveries.service.js';
import { ChatQueue } from './chat/chat-queue.js';
import { ChatReplies } from './chat/chat-replies.service.js';
import { ChatVault } from './chat/chat-vault.js';
import { ChallengeEvents } from './challenge-events.js';
import { ChallengeHistory } from './challenge-history.js';
import { ChallengesService } from './challenges.service.js';
import { CodeVault } from './code-vault.js';
import { AnswerPayloads } from './confirm/answer-payloads.js';
import { ConfirmAnswersService } from './confirm/confirm-answers.service.js';
import { QuestionFinder } from './confirm/question-finder.js';
import { QuestionsService } from './confirm/questions.service.js';
import { ConversionRates } from './conversion/conversion-rates.js';
import { DeliveriesService } from './deliveries.service.js';
import { FollowUpsService } from './follow-ups.service.js';
import { FairShare } from './fair-share.js';
import { EarlierProofs } from './earlier-proofs.js';
import { ErasuresService } from './erasure/erasures.service.js';
import { ReceiverEraser } from './erasure/receiver-eraser.js';
import { ErasureStore } from './hot-store/erasure-store.js';
import { HotStore } from './hot-store/hot-store.js';
import { LinkStore } from './hot-store/link-store.js';
import { MessageStore } from './hot-store/message-store.js';
import { QuestionStore } from './hot-store/question-store.js';
import { ProviderMessageIds } from './hot-store/provider-message-ids.js';
import { ConsentRecords } from './consents/consent-records.service.js';
import { InboundStore } from './hot-store/inbound-store.js';
import { InboundAnswers } from './inbound/inbound-answers.service.js';
import { InboundConversation } from './inbound/inbound-conversation.js';
import { InboundExchanges } from './inbound/inbound-exchanges.service.js';
import { InboundGate } from './inbound/inbound-gate.js';
import { InboundMessagesService } from './inbound/inbound-messages.service.js';
import { InboundOpeningsService } from './inbound/inbound-openings.service.js';
import { InboundPeople } from './inbound/inbound-people.js';
import { InboundProofReader } from './inbound/inbound-proof-reader.js';
import { InboundReceptions } from './inbound/inbound-receptions.service.js';
import { InboundRecords } from './inbound/inbound-records.js';
import { StopReader } from './inbound/stop-reader.js';
import { TokenVault } from './inbound/token-vault.js';
import { ExchangesService } from './link/exchanges.service.js';
import { LinkOpenings } from './link/link-openings.js';
import { LinkUrls } from './link/link-urls.js';
import { LinkVault } from './link/link-vault.js';
import { LinksService } from './link/links.service.js';
import { OpeningPreparer } from './opening-preparer.js';
import { OpeningsService } from './openings.service.js';
import { PlanResolver } from './plan-resolver.js';
import { RoutePlanner } from './route-planner.js';
import { ReceiverAliases } from './receiver-aliases.js';
import { ReceiversService } from './receivers.service.js';
import { RefusalsService } from './refusals.service.js';
import { Secrets } from './secrets.js';
import { SendQueue } from './send-queue.js';
import { TestNumbersService } from './test-numbers.service.js';

@Module({
  imports: [GeneratorsModule, LimitsModule, ProvidersModule, TemplatesModule, TenantEventsModule],
  providers: [
    ChallengesService,
    OpeningsService,
    OpeningPreparer,
    Admissions,
    DeliveriesService,
    ChallengeEvents,
    ChallengeHistory,
    BackPressure,
    FairShare,
    PlanResolver,
    ReceiverAliases,
    ReceiversService,
    ErasuresService,
    ReceiverEraser,
    ErasureStore,
    RefusalsService,
    EarlierProofs,
    TestNumbersService,
    HotStore,
    MessageStore,
    ProviderMessageIds,
    CodeVault,
    SendQueue,
    RoutePlanner,
    ConversionRates,
    FollowUpsService,
    ApprovalsService,
    InboundGate,
    AnswersService,
    Secrets,
    LinkStore,
    LinkVault,
    LinkUrls,
    LinkOpenings,
    LinksService,
    ExchangesService,
    InboundMessagesService,
    AnswerPayloads,
    QuestionStore,
    QuestionsService,
    QuestionFinder,
    ConfirmAnswersService,
    // STOP is heard first.
    StopReader,
    InboundProofReader,
    InboundReceptions,
    InboundAnswers,
    InboundConversation,
    InboundExchanges,
    InboundOpeningsService,
    InboundPeople,
    InboundRecords,
    InboundStore,
    TokenVault,
    ConsentRecords,
    ChatVault,
    ChatQueue,
    ChatReplies,
    ChatDeliveries,
  ],
  exports: [
    ChallengesService,
    OpeningsService,
    DeliveriesService,
    ChallengeEvents,
    ChallengeHistory,
    CodeVault,
    ConversionRates,
    HotStore,
    MessageStore,
    ReceiversService,
    SendQueue,
    FollowUpsService,
    ApprovalsService,
    TestNumbersService,
    LinksService,
    ExchangesService,
    InboundMessagesService,
    InboundExchanges,
    InboundOpeningsService,
    InboundRecords,
    TokenVault,
    ConsentRecords,
    ChatReplies,
    ChatDeliveries,
    ErasuresService,
    ReceiverEraser,
  ],
})
export class ChallengesModule {}
