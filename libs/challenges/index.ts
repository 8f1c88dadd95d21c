export { type Challenge, type Message, PURPOSES, type Purpose } from './challenge.js';
export { type ChallengeState, isTerminal } from './challenge-state.js';
export { ChallengeHistory } from './challenge-history.js';
export { ChallengesModule } from './challenges.module.js';
export { ChallengesService, type CheckInput, type CheckResult } from './challenges.service.js';
export { DeliveriesService } from './deliveries.service.js';
export { type Opened, OpeningsService, type OpenInput, type OpenResult } from './openings.service.js';
export { SEND_QUEUES } from './send-queue.js';
