import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual } from 'typeorm';
import { Audit, type Author } from '#journal';
import {
  AccountsService,
  type LoadedAccount,
  TEMPLATE_CATEGORIES,
  type TemplateCategory,
  type TemplateInfo,
} from '#providers';
import { Clock } from '#platform/clock';
import { Database, sqlState } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { ConfigPublisher } from '#platform/published-config';
import type { TemplateChange } from './early-notices.js';
import { providerUnavailable } from './refusals.js';
import { TemplateEntity, TemplateLanguageEntity } from './template.entity.js';
import { differs, TemplateNews } from './template-news.js';
import { readTemplateState } from './template-state.js';
import { TemplatesService } from './templates.service.js';

/** What an adoption found: templates that are ours now, languages that had changed, and what could not be taken. */
export interface Adoption {
  adopted: TemplateEntity[];
  changed: number;
  skipped: { name: string; language: string; category: string; why: SkipReason }[];
}
type SkipReason = 'category' | 'content' | 'name';

/** A template that can be kept here. */
type Adoptable = TemplateInfo & Required<Pick<TemplateInfo, 'body'>> & { category: TemplateCategory };

const MINUTE_MS = 60_000;
/** A review may take 24 hours; approved templates change rarely, and webhooks tell of it. */
const UNSETTLED_AFTER_MS = MINUTE_MS;
const SETTLED_AFTER_MS = 6 * 60 * MINUTE_MS;
const UNIQUE_VIOLATION = '23505';

/** Asks providers how templates are: for webhooks that never came, and for templates made elsewhere. */
@Injectable()
export class TemplateSyncService {
  private readonly logger = loggerFor('templates');

  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly accounts: AccountsService,
    private readonly templates: TemplatesService,
    private readonly news: TemplateNews,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** Asks the provider for the state of this template and takes it over. */
  async sync(tenantId: Identifier, id: Identifier, by: Author): Promise<TemplateEntity> {
    const template = await this.templates.get(tenantId, id);
    const account = await this.accounts.get(tenantId, template.accountId);
    const found = await this.ask(account, template.name);
    await this.takeOver(account.id, template.languages, found);
    await this.database.transaction(async (manager) => {
      const after = await readTemplateState(manager, id);
      const subject = renderNative('template', id);
      await this.audit.record(manager, by, { tenantId, action: 'template.synced', subject, after });
    });
    return this.templates.get(tenantId, id);
  }

  /** Takes over the state of all templates of an account, and keeps what exists at the provider only. */
  async adopt(tenantId: Identifier, account: LoadedAccount, by: Author): Promise<Adoption> {
    const rows = await this.rowsOf(account.id);
    const found = await this.ask(account);
    const changed = await this.takeOver(account.id, rows, found);
    const known = new Set(rows.map(({ externalId }) => externalId));
    const strange = found.filter(({ externalId, status }) => !known.has(externalId) && status !== 'deleted');
    const adopted = new Set<Identifier>();
    const skipped: Adoption['skipped'] = [];
    for (const info of strange) {
      const { name, language, category } = info;
      const why = obstacle(info);
      const id = why ? undefined : await this.keep(tenantId, account.id, info as Adoptable, by);
      if (id) {
        adopted.add(id);
        // Its review may have ended between the provider's answer and now.
        await this.news.applyEarly(account.id, info.externalId);
      } else skipped.push({ name: name.slice(0, 512), language, category, why: why ?? 'name' });
    }
    const templates = await Promise.all([...adopted].map((id) => this.templates.get(tenantId, id)));
    return { adopted: templates, changed, skipped };
  }

  /** One round over every account with a language that waits for its review, or of which nothing was heard for long. */
  async lookAround(): Promise<void> {
    const now = this.clock.now();
    const due = await this.database.repository(TemplateLanguageEntity).find({
      select: { tenantId: true, accountId: true },
      where: [
        { status: 'pending', checkedAt: LessThanOrEqual(new Date(now - UNSETTLED_AFTER_MS)) },
        { checkedAt: LessThanOrEqual(new Date(now - SETTLED_AFTER_MS)) },
      ],
    });
    const accounts = new Map(due.map(({ accountId, tenantId }) => [accountId, tenantId]));
    for (const [accountId, tenantId] of accounts)
      await this.lookAt(tenantId, accountId).catch((error: unknown) =>
        this.logger.warn(
          { account: renderNative('account', accountId), error: describeError(error) },
          'templates not looked at; the next round does',
        ),
      );
  }

  private async lookAt(tenantId: Identifier, accountId: Identifier): Promise<void> {
    const account = await this.accounts.get(tenantId, accountId);
    const rows = await this.rowsOf(accountId);
    await this.takeOver(accountId, rows, await this.ask(account));
  }

  /** Read before the provider is asked: what was created after its answer is not missing from it. */
  private rowsOf(accountId: Identifier): Promise<TemplateLanguageEntity[]> {
    return this.database.repository(TemplateLanguageEntity).findBy({ accountId });
  }

  private async ask(account: LoadedAccount, name?: string): Promise<TemplateInfo[]> {
    const { templates } = account.provider;
    if (!templates) throw Problem.field('account', 'not_allowed', `${account.provider.id} has no templates`);
    const found = await templates.list(name, account.config, this.accounts.context(account));
    if (!Array.isArray(found)) throw providerUnavailable(found.unavailable);
    return found;
  }

  /** How many of the languages were otherwise than is written down. */
  private async takeOver(
    accountId: Identifier,
    rows: readonly TemplateLanguageEntity[],
    found: readonly TemplateInfo[],
  ): Promise<number> {
    const byId = new Map(found.map((info) => [info.externalId, info]));
    let changed = 0;
    for (const row of rows) {
      const change = changeOf(byId.get(row.externalId));
      if (!differs(row, change)) continue;
      changed++;
      await this.news.apply(accountId, row.externalId, change);
    }
    if (rows.length > 0) await this.noteLook(rows);
    return changed;
  }

  /** Waits for nobody: what somebody else writes to at the moment was heard of just now. */
  private noteLook(rows: readonly TemplateLanguageEntity[]): Promise<unknown> {
    return this.database.transaction(async (manager) => {
      const free = await manager.find(TemplateLanguageEntity, {
        select: { id: true },
        where: { id: In(rows.map(({ id }) => id)) },
        lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      });
      const ids = free.map(({ id }) => id);
      await manager.update(TemplateLanguageEntity, { id: In(ids) }, { checkedAt: this.clock.date() });
    });
  }

  /** Written down as it is at the provider; undefined when its name or language is another template's here. */
  private async keep(
    tenantId: Identifier,
    accountId: Identifier,
    info: Adoptable,
    by: Author,
  ): Promise<Identifier | undefined> {
    const { name, language, category } = info;
    try {
      return await this.publisher.commit(async (manager, owe) => {
        const known = await manager.findOne(TemplateEntity, {
          where: { accountId, name },
          lock: { mode: 'pessimistic_write' },
        });
        if (known && known.category !== category) return undefined;
        const id = known?.id ?? newId();
        const before = known ? await readTemplateState(manager, id) : undefined;
        if (known) await manager.increment(TemplateEntity, { id }, 'revision', 1);
        else await manager.insert(TemplateEntity, { id, tenantId, accountId, name, category, revision: 1 });
        // What was deleted at the provider and made again there has another id of it now.
        await manager.delete(TemplateLanguageEntity, { templateId: id, language, status: 'deleted' });
        await manager.insert(TemplateLanguageEntity, {
          id: newId(),
          templateId: id,
          tenantId,
          accountId,
          language,
          content: info.body as never,
          status: info.status,
          reason: info.reason ?? null,
          quality: info.quality ?? null,
          providerCategory: null,
          externalId: info.externalId,
          checkedAt: this.clock.date(),
        });
        const after = await readTemplateState(manager, id);
        const subject = renderNative('template', id);
        await this.audit.record(manager, by, {
          tenantId,
          action: 'template.adopted',
          subject,
          before,
          after,
        });
        owe('template', id);
        return id;
      });
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) return undefined;
      throw error;
    }
  }
}

/** What is in the way of keeping a template that the provider lists. */
function obstacle({ name, language, category, body }: TemplateInfo): SkipReason | undefined {
  if (!/^[a-z0-9_]{1,512}$/.test(name) || !/^[a-z]{2,3}(_[A-Z]{2})?$/.test(language)) return 'name';
  if (!TEMPLATE_CATEGORIES.includes(category as TemplateCategory)) return 'category';
  return body?.category === category ? undefined : 'content';
}

/** What the provider does not list any more was deleted there. */
function changeOf(info: TemplateInfo | undefined): TemplateChange {
  if (!info) return { status: 'deleted' };
  const { status, reason, quality, category } = info;
  return { status, reason, quality, ...(category !== '' && { category }) };
}
