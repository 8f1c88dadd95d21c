// Owns the wiring: a channel-neutral core (log, handsets, behaviour, webhooks), the
// skins over it (now Graph), the control API and the phone.

import { type DynamicModule, Module } from '@nestjs/common';
import { ControlNewsController } from './control/control-news.controller.js';
import { ControlPhonesController } from './control/control-phones.controller.js';
import { ControlTemplatesController } from './control/control-templates.controller.js';
import { ControlController } from './control/control.controller.js';
import { BehaviorSwitch } from './core/behavior.js';
import { CallbackPost } from './core/callback-post.js';
import { Clock } from './core/clock.js';
import { Conversations } from './core/conversations.js';
import { DeliveriesService } from './core/deliveries.service.js';
import { FaultPicker } from './core/fault-picker.js';
import { Handsets } from './core/handsets.js';
import { MessageCall } from './core/message-call.js';
import { MessageLog } from './core/message-log.js';
import { Replies } from './core/replies.js';
import { Scheduler } from './core/scheduler.js';
import { StateFile } from './core/state-file.js';
import { WebhookCourier } from './core/webhook-courier.js';
import { ControlDialog360Controller } from './dialog360/control-dialog360.controller.js';
import { Dialog360Keys } from './dialog360/dialog360-keys.js';
import { Dialog360MessagesController } from './dialog360/dialog360-messages.controller.js';
import { Dialog360TemplatesController } from './dialog360/dialog360-templates.controller.js';
import { Dialog360WebhookController } from './dialog360/dialog360-webhook.controller.js';
import { Dialog360Webhooks } from './dialog360/dialog360-webhooks.js';
import { GraphAccounts } from './graph/graph-accounts.js';
import { GraphWebhooks } from './graph/graph-webhooks.js';
import { MessagesController } from './graph/messages.controller.js';
import { MessagesService } from './graph/messages.service.js';
import { ObjectsController } from './graph/objects.controller.js';
import { RateRules } from './graph/rate-rules.js';
import { SenderRegistration } from './graph/sender-registration.js';
import { SendersController } from './graph/senders.controller.js';
import { SubscriptionsController } from './graph/subscriptions.controller.js';
import { TemplateReview } from './graph/template-review.js';
import { TemplateStore } from './graph/template-store.js';
import { TemplatesController } from './graph/templates.controller.js';
import { TemplatesService } from './graph/templates.service.js';
import { WebhookSubscriptions } from './graph/webhook-subscriptions.js';
import { HookController } from './hook/hook.controller.js';
import { HookMessages } from './hook/hook-messages.js';
import { InboxController } from './inbox/inbox.controller.js';
import { Inboxes } from './inbox/inboxes.js';
import { InfobipControlController } from './infobip/infobip-control.controller.js';
import { InfobipConversions } from './infobip/infobip-conversions.js';
import { InfobipHooks } from './infobip/infobip-hooks.js';
import { InfobipMessages } from './infobip/infobip-messages.service.js';
import { InfobipTemplates } from './infobip/infobip-templates.service.js';
import { InfobipMessagesController, InfobipTemplatesController } from './infobip/infobip.controllers.js';
import { PhoneController } from './phone/phone.controller.js';
import { SimulatorConfig } from './simulator.config.js';
import { MailCertificate } from './smtp/mail-certificate.js';
import { MailController } from './smtp/mail.controller.js';
import { MailServer } from './smtp/mail-server.js';
import { MailboxRules } from './smtp/mailbox-rules.js';
import { MailboxesController } from './smtp/mailboxes.controller.js';
import { TelegramController } from './telegram/telegram.controller.js';
import { TelegramMessages } from './telegram/telegram-messages.js';
import { TwilioController } from './twilio/twilio.controller.js';
import { TwilioControlController } from './twilio/twilio-control.controller.js';
import { TwilioListeners } from './twilio/twilio-listeners.js';
import { TwilioMessages } from './twilio/twilio-messages.js';

const CORE = [
  Scheduler,
  StateFile,
  BehaviorSwitch,
  FaultPicker,
  MessageLog,
  Handsets,
  WebhookCourier,
  CallbackPost,
  DeliveriesService,
  Conversations,
  Replies,
  MessageCall,
];

const GRAPH = [
  GraphAccounts,
  GraphWebhooks,
  TemplateStore,
  TemplateReview,
  TemplatesService,
  WebhookSubscriptions,
  SenderRegistration,
  RateRules,
  MessagesService,
];

const INFOBIP = [InfobipHooks, InfobipTemplates, InfobipMessages, InfobipConversions];

@Module({})
export class SimulatorModule {
  static register(config: SimulatorConfig, clock: Clock): DynamicModule {
    return {
      module: SimulatorModule,
      providers: [
        { provide: SimulatorConfig, useValue: config },
        { provide: Clock, useValue: clock },
        ...CORE,
        ...GRAPH,
        Dialog360Keys,
        Dialog360Webhooks,
        ...INFOBIP,
        MailboxRules,
        MailCertificate,
        MailServer,
        TwilioListeners,
        TwilioMessages,
        TelegramMessages,
        HookMessages,
        Inboxes,
      ],
      controllers: [
        PhoneController,
        ControlController,
        ControlPhonesController,
        ControlTemplatesController,
        MailboxesController,
        MailController,
        TwilioController,
        TwilioControlController,
        TelegramController,
        HookController,
        InboxController,
        ControlNewsController,
        ControlDialog360Controller,
        Dialog360MessagesController,
        Dialog360TemplatesController,
        Dialog360WebhookController,
        InfobipControlController,
        InfobipTemplatesController,
        InfobipMessagesController,
        MessagesController,
        TemplatesController,
        SendersController,
        SubscriptionsController,
        ObjectsController,
      ],
    };
  }
}
