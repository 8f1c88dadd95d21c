import { Module } from '@nestjs/common';
import { LimitStore } from './hot-store/limit-store.js';
import { LimitEvents } from './limit-events.js';
import { LimitPolicies } from './limit-policies.service.js';
import { LimitsService } from './limits.service.js';
import { OutcomeDetectors } from './outcomes.js';
import { ReceiverLists } from './receiver-lists.js';
import { SwitchesService } from './switches.service.js';

@Module({
  providers: [
    LimitStore,
    LimitEvents,
    LimitPolicies,
    ReceiverLists,
    LimitsService,
    SwitchesService,
    OutcomeDetectors,
  ],
  exports: [LimitsService, LimitPolicies, SwitchesService, LimitEvents, OutcomeDetectors],
})
export class LimitsModule {}
