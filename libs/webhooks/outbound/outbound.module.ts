import { Module } from '@nestjs/common';
import { ChallengesModule } from '#challenges';
import { TenantEventsModule } from '#journal';
import { CallbackFormats } from './callback-formats.js';
import { DeliveriesLog } from './deliveries-log.service.js';
import { DeliveryStore } from './delivery-store.js';
import { EndpointsService } from './endpoints.service.js';
import { EventRenderer } from './event-renderer.js';
import { EventSequencer } from './event-sequencer.js';
import { EventStore } from './event-store.js';
import { ReplaysService } from './replays.service.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { WebhookSender } from './webhook-sender.js';

const SERVICES = [
  CallbackFormats,
  DeliveriesLog,
  DeliveryStore,
  EndpointsService,
  EventRenderer,
  EventSequencer,
  EventStore,
  ReplaysService,
  WebhookSecrets,
  WebhookSender,
];

/** What tenants hear of: the order of events, their endpoints, and how they get there. */
@Module({ imports: [ChallengesModule, TenantEventsModule], providers: SERVICES, exports: SERVICES })
export class OutboundModule {}
