import { AccountEntity, SenderEntity } from './account.entity.js';
import { ADAPTERS } from './adapters/index.js';

export { CircuitBreakers } from './breakers/circuit-breakers.js';
export { type AccountInput, AccountsService, type LoadedAccount } from './accounts.service.js';
export {
  type Channel,
  type Notices,
  type OutboundMessage,
  type SendResult,
  type StatusNotice,
  type TemplateStatus,
} from './message-provider.js';
export { ProvidersModule } from './providers.module.js';
export { admitRoute, type RouteRefusal } from './routing.js';

/** Channels that some adapter carries: each has its own queue. */
export const CARRIED_CHANNELS = [...new Set(ADAPTERS.flatMap((adapter) => adapter.channels))];

export const providerEntities = [AccountEntity, SenderEntity];
