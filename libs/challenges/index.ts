import { TestNumberEntity } from './test-number.entity.js';

export type { Challenge } from './challenge.js';
export type { ChallengeState } from './challenge-state.js';
export { ChallengesModule } from './challenges.module.js';
export { ChallengesService, type CheckResult } from './challenges.service.js';
export { DeliveriesService } from './deliveries.service.js';
export { OpeningsService } from './openings.service.js';
export { SEND_QUEUES } from './send-queue.js';

export const challengeEntities = [TestNumberEntity];
