import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type TenantEvent, TenantEvents } from '#journal';
import type { TemplateNotice, TemplateStatus } from '#providers';
import { Clock } from '#platform/clock';
import { Database } from '#platform/database';
import { type Identifier, renderNative } from '#platform/identifiers';
import { ConfigPublisher } from '#platform/published-config';
import { EarlyNotices, type TemplateChange } from './early-notices.js';
import { TemplateEntity, TemplateLanguageEntity } from './template.entity.js';
import { lockTemplate } from './template-lock.js';

/** A status that is worth telling. Of `pending` the tenant knows: it follows from a call of its own. */
const TOLD = ['approved', 'rejected', 'paused', 'disabled', 'deleted'] as const;

type LanguageRow = Pick<
  TemplateLanguageEntity,
  | 'templateId'
  | 'accountId'
  | 'language'
  | 'status'
  | 'reason'
  | 'quality'
  | 'providerCategory'
  | 'content'
  | 'externalId'
>;

/** Believes what providers say about templates: the row, its publication and the tenant's event in one transaction. */
@Injectable()
export class TemplateNews {
  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly events: TenantEvents,
    private readonly earlyNotices: EarlyNotices,
    private readonly clock: Clock,
  ) {}

  /** Takes over what a webhook says; kept for a while when it is about a template that is only being written down. */
  async applyNotice(
    accountId: Identifier,
    { kind: _kind, externalId, ...change }: TemplateNotice,
  ): Promise<boolean> {
    if (await this.apply(accountId, externalId, change)) return true;
    await this.earlyNotices.keep(accountId, externalId, change);
    // Written down meanwhile, it would not be looked for again.
    const known = await this.database.repository(TemplateLanguageEntity).existsBy({ accountId, externalId });
    return known && this.applyEarly(accountId, externalId);
  }

  /** What was said about it before it was written down. */
  async applyEarly(accountId: Identifier, externalId: string): Promise<boolean> {
    const change = await this.earlyNotices.take(accountId, externalId);
    return change !== undefined && this.apply(accountId, externalId, change);
  }

  /** False when the account has no such template. */
  apply(accountId: Identifier, externalId: string, change: TemplateChange): Promise<boolean> {
    return this.publisher.commit(async (manager, owe) => {
      const of = { accountId, externalId };
      const known = await manager.findOneBy(TemplateLanguageEntity, of);
      if (!known || !(await lockTemplate(manager, known.templateId))) return false;
      // As it is now that nobody else writes to it.
      const row = await manager.findOneBy(TemplateLanguageEntity, of);
      if (!row) return false;
      const changed = differs(row, change);
      await manager.update(
        TemplateLanguageEntity,
        { id: row.id },
        {
          checkedAt: this.clock.date(),
          ...(change.status && { status: change.status, reason: change.reason ?? null }),
          ...(change.quality && { quality: change.quality }),
          ...(change.category && { providerCategory: change.category }),
        },
      );
      if (!changed) return true;
      await manager.increment(TemplateEntity, { id: row.templateId }, 'revision', 1);
      owe('template', row.templateId);
      for (const event of eventsOf(row, change)) await this.events.record(row.tenantId, event, manager);
      return true;
    });
  }

  /** Of a language that is written down for the first time: a provider may approve in its answer. */
  async tellFirst(
    tenantId: Identifier,
    row: Omit<LanguageRow, 'status'> & { status: TemplateStatus },
    manager: EntityManager,
  ): Promise<void> {
    const unknown: LanguageRow = { ...row, status: 'pending' };
    for (const event of eventsOf(unknown, { status: row.status }))
      await this.events.record(tenantId, event, manager);
  }
}

/** Whether the provider's word is another one than is written down. */
export function differs(row: LanguageRow, { status, reason, quality, category }: TemplateChange): boolean {
  return (
    (status !== undefined && (status !== row.status || (reason ?? null) !== row.reason)) ||
    (quality !== undefined && quality !== qualityOf(row)) ||
    (category !== undefined && category !== categoryOf(row))
  );
}

function eventsOf(row: LanguageRow, { status, reason, quality, category }: TemplateChange): TenantEvent[] {
  const subject = renderNative('template', row.templateId);
  const about = { account: renderNative('account', row.accountId), language: row.language };
  const events: TenantEvent[] = [];
  const told = TOLD.find((word) => word === status);
  if (told !== undefined && told !== row.status)
    events.push({
      type: `template.${told}`,
      subject,
      data: { ...about, previous: row.status, ...(reason !== undefined && { reason }) },
    });
  if (quality !== undefined && quality !== qualityOf(row))
    events.push({
      type: 'template.quality_changed',
      subject,
      data: { ...about, quality, previous: qualityOf(row) },
    });
  if (category !== undefined && category !== categoryOf(row))
    events.push({
      type: 'template.recategorised',
      subject,
      data: { ...about, category, previous: categoryOf(row) },
    });
  return events;
}

function qualityOf({ quality }: LanguageRow): string {
  return quality ?? 'unknown';
}

function categoryOf({ providerCategory, content }: LanguageRow): string {
  return providerCategory ?? content.category;
}
