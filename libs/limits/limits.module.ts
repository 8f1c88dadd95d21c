import { Module } from '@nestjs/common';
import { TenantEventsModule } from '#journal';
import { LimitStore } from './hot-store/limit-store.js';
import { LimitEvents } from './limit-events.js';
import { LimitRestarts } from './limit-restarts.js';
import { LimitPolicies } from './limit-policies.service.js';
import { LimitsService } from './limits.service.js';
import { OutcomeDetectors } from './outcomes.js';
import { ReceiverCounters } from './receiver-counters.js';
import { ReceiverLists } from './receiver-lists.js';
import { SwitchesService } from './switches.service.js';

@Module({
  imports: [TenantEventsModule],
  providers: [
    LimitStore,
    LimitEvents,
    LimitPolicies,
    LimitRestarts,
    ReceiverCounters,
    ReceiverLists,
    LimitsService,
    SwitchesService,
    OutcomeDetectors,
  ],
  exports: [LimitsService, LimitPolicies, SwitchesService, LimitEvents, OutcomeDetectors, ReceiverCounters],
})
export class LimitsModule {}
