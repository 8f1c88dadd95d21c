import { Module } from '@nestjs/common';
import { WebhooksModule } from '../webhooks.module.js';
import { ProviderWebhooksController } from './provider-webhooks.controller.js';

@Module({ imports: [WebhooksModule], controllers: [ProviderWebhooksController] })
export class WebhooksHttpModule {}
