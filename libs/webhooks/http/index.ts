import { Module } from '@nestjs/common';
import { TenantsModule } from '#tenants';
import { OutboundModule } from '../outbound/outbound.module.js';
import { WebhooksModule } from '../webhooks.module.js';
import { CallbackSecretController } from './callback-secret.controller.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';
import { ProviderWebhooksController } from './provider-webhooks.controller.js';
import { WebhookDeliveriesController } from './webhook-deliveries.controller.js';
import { WebhookEndpointsController } from './webhook-endpoints.controller.js';

@Module({
  imports: [OutboundModule, TenantsModule, WebhooksModule],
  providers: [EventStreams],
  controllers: [
    CallbackSecretController,
    EventsController,
    ProviderWebhooksController,
    WebhookDeliveriesController,
    WebhookEndpointsController,
  ],
})
export class WebhooksHttpModule {}
