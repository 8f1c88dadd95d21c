import { AccountEntity, SenderEntity } from './account.entity.js';
import { ADAPTERS } from './adapters/index.js';

export {
  type AccountInput,
  AccountsService,
  type LoadedAccount,
  type LoadedSender,
} from './accounts.service.js';
export {
  type AuthenticationTemplateDraft,
  type Channel,
  CHANNELS,
  type MessageProvider,
  type Notices,
  type OutboundMessage,
  type SendResult,
  type StatusNotice,
  type TemplateInfo,
  type TemplateNotice,
  type TemplateStatus,
} from './message-provider.js';
export { ProvidersModule } from './providers.module.js';
export { admitRoute, type Route, type RouteRefusal } from './routing.js';

/** Channels that some adapter carries: each has its own queue. */
export const CARRIED_CHANNELS = [...new Set(ADAPTERS.flatMap((adapter) => adapter.channels))];

export const providerEntities = [AccountEntity, SenderEntity];
