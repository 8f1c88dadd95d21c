import { AccountEntity, SenderEntity } from './account.entity.js';
import { ADAPTERS } from './adapters/index.js';
import { SenderNumberEntity } from './sender-number.entity.js';

export { CircuitBreakers } from './breakers/circuit-breakers.js';
export { AccountNewsService } from './account-news.service.js';
export {
  type AccountInput,
  AccountsService,
  type LoadedAccount,
  type LoadedSender,
} from './accounts.service.js';
export { senderOf } from './inbound-sender.js';
export {
  type AuthenticationContent,
  type Channel,
  type ChatButton,
  type ChatMessage,
  type InboundNotice,
  type Notice,
  type Notices,
  OTP_TYPES,
  type OtpType,
  type OutboundMessage,
  type SendResult,
  type StatusNotice,
  type SupportedApp,
  TEMPLATE_CATEGORIES,
  type TemplateBody,
  type TemplateCategory,
  type TemplateDraft,
  type TemplateInfo,
  type TemplateNotice,
  type TemplatePreview,
  type TemplateQuality,
  type TemplateResult,
  type Templates,
  type TemplateStatus,
  type WebhookRequest,
} from './message-provider.js';
export { SendTurns, type Turn } from './turns/send-turns.js';
export { ProvidersModule } from './providers.module.js';
export { SENDER_STEPS, SendersService } from './senders.service.js';
export { admitRoute, type RouteRefusal } from './routing.js';

/** Channels that some adapter carries: each has its own queue. */
export const CARRIED_CHANNELS = [...new Set(ADAPTERS.flatMap((adapter) => adapter.channels))];

export const providerEntities = [AccountEntity, SenderEntity, SenderNumberEntity];
