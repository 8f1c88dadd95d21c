import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { type Identifier, newId, renderNative, renderUuid } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import type { EventType } from './event-catalogue.js';
import { EventOutbox } from './event-outbox.js';
import { type TenantEventData, TenantEventEntity } from './tenant-event.entity.js';

export interface TenantEvent {
  type: EventType;
  /** As the API names it. */
  subject: string;
  data?: TenantEventData;
}

/** What happened to a tenant's accounts, senders and templates: a row, a line in the log, a count. */
@Injectable()
export class TenantEvents {
  private readonly logger = loggerFor('events');

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly outbox: EventOutbox,
  ) {}

  /** With `manager` it is part of that transaction: told if, and only if, the change itself is. */
  async record(tenantId: Identifier, event: TenantEvent, manager?: EntityManager): Promise<void> {
    if (manager) await this.write(tenantId, event, manager);
    else await this.database.transaction((own) => this.write(tenantId, event, own));
    const { type, subject, data = {} } = event;
    this.metrics.tenantEvents.inc({ type });
    this.logger.info({ tenant: renderNative('tenant', tenantId), type, subject, ...data }, 'tenant.event');
  }

  /** Newest first; `before` is the id of the last one of the page before. */
  list(
    tenantId: Identifier,
    { subject, limit, before }: { subject?: string; limit: number; before?: string },
  ): Promise<TenantEventEntity[]> {
    const query = this.database
      .repository(TenantEventEntity)
      .createQueryBuilder('event')
      .where('event.tenant_id = :tenant', { tenant: renderUuid(tenantId) })
      .orderBy('event.id', 'DESC')
      .limit(limit);
    if (subject !== undefined) query.andWhere('event.subject = :subject', { subject });
    if (before !== undefined) query.andWhere('event.id < :before', { before });
    return query.getMany();
  }

  private async write(
    tenantId: Identifier,
    { type, subject, data = {} }: TenantEvent,
    manager: EntityManager,
  ): Promise<void> {
    const at = this.clock.date();
    await manager.getRepository(TenantEventEntity).insert({ tenantId, at, type, subject, data });
    await this.outbox.put([{ id: `evt_${newId()}`, type, tenantId, subject, at, data }], manager);
  }
}
