// Owns the wiring: a channel-neutral core (log, handsets, behaviour, webhooks), the
// skins over it (now Graph), the control API and the phone.

import { type DynamicModule, Module } from '@nestjs/common';
import { ControlPhonesController } from './control/control-phones.controller.js';
import { ControlTemplatesController } from './control/control-templates.controller.js';
import { ControlController } from './control/control.controller.js';
import { BehaviorSwitch } from './core/behavior.js';
import { Clock } from './core/clock.js';
import { FaultPicker } from './core/fault-picker.js';
import { Handsets } from './core/handsets.js';
import { MessageLog } from './core/message-log.js';
import { Scheduler } from './core/scheduler.js';
import { StateFile } from './core/state-file.js';
import { WebhookCourier } from './core/webhook-courier.js';
import { DeliveriesService } from './graph/deliveries.service.js';
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
import { PhoneController } from './phone/phone.controller.js';
import { SimulatorConfig } from './simulator.config.js';
import { MailServer } from './smtp/mail-server.js';
import { MailboxRules } from './smtp/mailbox-rules.js';
import { MailboxesController } from './smtp/mailboxes.controller.js';

const CORE = [Scheduler, StateFile, BehaviorSwitch, FaultPicker, MessageLog, Handsets, WebhookCourier];

const GRAPH = [
  GraphAccounts,
  GraphWebhooks,
  TemplateStore,
  TemplateReview,
  TemplatesService,
  WebhookSubscriptions,
  SenderRegistration,
  RateRules,
  DeliveriesService,
  MessagesService,
];

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
        MailboxRules,
        MailServer,
      ],
      controllers: [
        PhoneController,
        ControlController,
        ControlPhonesController,
        ControlTemplatesController,
        MailboxesController,
        MessagesController,
        TemplatesController,
        SendersController,
        SubscriptionsController,
        ObjectsController,
      ],
    };
  }
}
