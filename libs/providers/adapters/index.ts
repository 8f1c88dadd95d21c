import type { MessageProvider } from '../message-provider.js';
import { dialog360 } from './dialog360/dialog360.provider.js';
import { genericHttp } from './generic-http/generic-http.provider.js';
import { infobip } from './infobip/infobip.provider.js';
import { metaCloud } from './meta-cloud/meta-cloud.provider.js';
import { smtp } from './smtp/smtp.provider.js';
import { telegramGateway } from './telegram-gateway/telegram-gateway.provider.js';
import { twilioMessaging } from './twilio-messaging/twilio-messaging.provider.js';

/** Every adapter, one line each. */
export const ADAPTERS: readonly MessageProvider[] = [
  dialog360,
  genericHttp,
  infobip,
  metaCloud,
  smtp,
  telegramGateway,
  twilioMessaging,
];
