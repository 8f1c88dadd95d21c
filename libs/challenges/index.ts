import { ConsentEntity, ConsentWithdrawalEntity } from './consents/consent.entity.js';
import { ErasureEntity } from './erasure/erasure.entity.js';
import { TestNumberEntity } from './test-number.entity.js';

export { CHAT_QUEUE } from './chat/chat-queue.js';
export type { Challenge } from './challenge.js';
export { type Callback, ChallengeEvents, type ToldChallenge } from './challenge-events.js';
export type { ChallengeState } from './challenge-state.js';
export { ChallengesModule } from './challenges.module.js';
export { ChallengesService, type CheckResult } from './challenges.service.js';
export { DeliveriesService } from './deliveries.service.js';
export { InboundMessagesService } from './inbound/inbound-messages.service.js';
export { OpeningsService } from './openings.service.js';
export { REPORT_QUEUE } from './conversion/report-queue.js';
export { challengeRetention } from './retention.js';
export { SEND_QUEUES } from './send-queue.js';

export const challengeEntities = [TestNumberEntity, ErasureEntity, ConsentEntity, ConsentWithdrawalEntity];
