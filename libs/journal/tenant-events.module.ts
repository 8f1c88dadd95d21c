import { Module } from '@nestjs/common';
import { EventOutbox } from './event-outbox.js';
import { TenantEvents } from './tenant-events.js';

@Module({ providers: [EventOutbox, TenantEvents], exports: [EventOutbox, TenantEvents] })
export class TenantEventsModule {}
