import { LimitEventEntity, LimitPolicyEntity, SwitchEntity } from './limit.entity.js';

export type { Admission, EndUser, Price } from './admission.js';
export { LimitPolicies } from './limit-policies.service.js';
export { PLATFORM } from './limit-policy.js';
export { LimitsModule } from './limits.module.js';
export { LimitsService, type ReceiverLimits } from './limits.service.js';
export { OutcomeDetectors } from './outcomes.js';
export { ReceiverCounters } from './receiver-counters.js';
export { limitRetention } from './retention.js';
export { SwitchesService } from './switches.service.js';

export const limitEntities = [LimitPolicyEntity, SwitchEntity, LimitEventEntity];
