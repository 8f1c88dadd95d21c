import {
  WebhookAttemptEntity,
  WebhookDeliveryEntity,
  WebhookEndpointEntity,
  WebhookSecretEntity,
} from './outbound/webhook.entity.js';

export { CallbackFormats } from './outbound/callback-formats.js';
export { OutboundModule } from './outbound/outbound.module.js';
export { WEBHOOKS_QUEUE } from './outbound/webhooks-queue.js';

export const webhookEntities = [
  WebhookEndpointEntity,
  WebhookSecretEntity,
  WebhookDeliveryEntity,
  WebhookAttemptEntity,
];
