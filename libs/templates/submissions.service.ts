import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Audit, type AuditAction, type Author } from '#journal';
import {
  AccountsService,
  type LoadedAccount,
  type TemplateDraft,
  type TemplateResult,
  type Templates,
} from '#providers';
import { Clock } from '#platform/clock';
import { Database, sqlState } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';
import { ConfigPublisher } from '#platform/published-config';
import { refusalOf } from './refusals.js';
import { TemplateEntity, TemplateLanguageEntity } from './template.entity.js';
import type { LanguageInput, TemplateInput } from './template-input.js';
import { TemplateNews } from './template-news.js';
import { lockTemplate } from './template-lock.js';
import { checkTemplate, NATIVE_PLACING, type Placing, toBody } from './template-rules.js';
import { readTemplateState } from './template-state.js';
import { TemplatesService } from './templates.service.js';

type NewLanguage = Omit<TemplateLanguageEntity, 'template' | 'updatedAt'>;

const UNIQUE_VIOLATION = '23505';
/** A language whose review is going on, or that is gone for good, stays as it is. */
const EDITABLE = ['approved', 'rejected', 'paused'];
const EDIT_LIMITS =
  'WhatsApp lets an approved language be edited once in 24 hours and ten times in 30 days, a rejected or paused one at any time.';

/** Submits templates to the provider, in one or more languages, and edits them there. */
@Injectable()
export class SubmissionsService {
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

  /**
   * Submits a template in each language. When one language is refused after others were created, those stay (they
   * exist at the provider) and the refusal names the language.
   */
  async create(
    tenantId: Identifier,
    account: LoadedAccount,
    input: TemplateInput,
    by: Author,
    place: Placing = NATIVE_PLACING,
  ): Promise<TemplateEntity> {
    const port = portOf(account);
    const errors = checkTemplate(input, place);
    if (errors.length > 0) throw new Problem('request.invalid', { errors });
    const known = await this.database
      .repository(TemplateEntity)
      .findOneBy({ accountId: account.id, name: input.name });
    if (known) throw new Problem('template.name_taken');

    const id = newId();
    const drafts = input.languages.map((entry) => draftOf(input, entry));
    const results = await this.submit(port, drafts, account);
    const languages = results.flatMap((result, at) =>
      result.outcome === 'created'
        ? [this.newLanguage({ id, tenantId, accountId: account.id }, drafts[at]!, result)]
        : [],
    );
    const failed = results.findIndex(({ outcome }) => outcome !== 'created');
    const refusal = failed < 0 ? undefined : this.refuse(account, results[failed]!, failed, place);
    if (refusal && languages.length === 0) throw refusal;
    await this.insert(account, { id, tenantId, input }, languages, by);
    for (const { externalId } of languages) await this.news.applyEarly(account.id, externalId);
    if (refusal) throw refusal;
    return this.templates.get(tenantId, id);
  }

  /** Replaces what each named language says, and adds those that the template does not have. */
  async edit(
    tenantId: Identifier,
    id: Identifier,
    entries: readonly LanguageInput[],
    by: Author,
    place: Placing = NATIVE_PLACING,
  ): Promise<TemplateEntity> {
    const template = await this.templates.get(tenantId, id);
    const account = await this.accounts.get(tenantId, template.accountId);
    const input = { name: template.name, category: template.category, languages: [...entries] };
    const errors = checkTemplate(input, place);
    if (errors.length > 0) throw new Problem('request.invalid', { errors });
    for (const [at, entry] of entries.entries()) {
      const row = template.languages.find(({ language }) => language === entry.language);
      const draft = draftOf(input, entry);
      if (row) await this.editLanguage(account, row, draft, (member) => place(at, member), by);
      else await this.addLanguage(account, template, draft, (member) => place(at, member), by);
    }
    return this.templates.get(tenantId, id);
  }

  private async submit(
    port: Templates<object>,
    drafts: readonly TemplateDraft[],
    account: LoadedAccount,
  ): Promise<TemplateResult[]> {
    const context = this.accounts.context(account);
    if (port.upsert && drafts.length > 1) return port.upsert(drafts, account.config, context);
    const results: TemplateResult[] = [];
    for (const draft of drafts) {
      const result = await port.create(draft, account.config, context);
      results.push(result);
      if (result.outcome !== 'created') break;
    }
    return results;
  }

  /**
   * Marked as waiting before the provider is asked: its approval may come before its answer does, and would be
   * overwritten by what is written down after it.
   */
  private async editLanguage(
    account: LoadedAccount,
    row: TemplateLanguageEntity,
    draft: TemplateDraft,
    pointer: (member: string) => string,
    by: Author,
  ): Promise<void> {
    const port = portOf(account);
    if (!port.edit)
      throw new Problem('template.not_editable', { detail: `${account.provider.id} edits no templates.` });
    if (!EDITABLE.includes(row.status))
      throw new Problem('template.not_editable', {
        detail: `The language is ${row.status}: only what is approved, rejected or paused can be edited.`,
        errors: [{ pointer: pointer('language'), code: row.status }],
      });
    await this.write(row, { status: 'pending', reason: null });
    const result = await port.edit(row.externalId, draft, account.config, this.accounts.context(account));
    if (result.outcome !== 'created') {
      await this.write(row, { status: row.status, reason: row.reason }, 'pending');
      const limits = result.outcome === 'refused' && row.status === 'approved' ? EDIT_LIMITS : undefined;
      this.warn(account, result);
      throw refusalOf(result, pointer, limits);
    }
    const { name: _name, language: _language, ...content } = draft;
    const columns = {
      content: content as never,
      externalId: result.externalId,
      ...(result.status !== 'pending' && { status: result.status }),
    };
    await this.write(row, columns, undefined, by);
  }

  private async addLanguage(
    account: LoadedAccount,
    { id, tenantId, accountId }: TemplateEntity,
    draft: TemplateDraft,
    pointer: (member: string) => string,
    by: Author,
  ): Promise<void> {
    const result = await portOf(account).create(draft, account.config, this.accounts.context(account));
    if (result.outcome !== 'created') {
      this.warn(account, result);
      throw refusalOf(result, pointer);
    }
    const language = this.newLanguage({ id, tenantId, accountId }, draft, result);
    await this.refusingTaken(() =>
      this.publisher.commit(async (manager, owe) => {
        if (!(await lockTemplate(manager, id))) throw new Problem('template.not_found');
        const before = await readTemplateState(manager, id);
        await manager.insert(TemplateLanguageEntity, language as never);
        await manager.increment(TemplateEntity, { id }, 'revision', 1);
        await this.news.tellFirst(tenantId, language, manager);
        await this.record(manager, by, 'template.edited', { id, tenantId }, before);
        owe('template', id);
      }),
    );
    await this.news.applyEarly(accountId, language.externalId);
  }

  /** `onlyIn`: only while the row is in this status still. `by`: whose edit is complete with it. */
  private async write(
    { id, templateId, tenantId }: TemplateLanguageEntity,
    columns: Partial<Pick<TemplateLanguageEntity, 'status' | 'reason' | 'content' | 'externalId'>>,
    onlyIn?: TemplateLanguageEntity['status'],
    by?: Author,
  ): Promise<void> {
    const { status, reason, content, externalId } = columns;
    await this.publisher.commit(async (manager, owe) => {
      if (!(await lockTemplate(manager, templateId))) throw new Problem('template.not_found');
      const before = await readTemplateState(manager, templateId);
      await manager.update(
        TemplateLanguageEntity,
        { id, ...(onlyIn && { status: onlyIn }) },
        { status, reason, content: content as never, externalId, checkedAt: this.clock.date() },
      );
      await manager.increment(TemplateEntity, { id: templateId }, 'revision', 1);
      if (by) await this.record(manager, by, 'template.edited', { id: templateId, tenantId }, before);
      owe('template', templateId);
    });
  }

  private newLanguage(
    owner: Pick<TemplateEntity, 'id' | 'tenantId' | 'accountId'>,
    { name: _name, language, ...content }: TemplateDraft,
    { status, externalId }: Extract<TemplateResult, { outcome: 'created' }>,
  ): NewLanguage {
    return {
      id: newId(),
      templateId: owner.id,
      tenantId: owner.tenantId,
      accountId: owner.accountId,
      language,
      content,
      status,
      reason: null,
      quality: null,
      providerCategory: null,
      externalId,
      checkedAt: this.clock.date(),
    };
  }

  private async insert(
    account: LoadedAccount,
    { id, tenantId, input }: { id: Identifier; tenantId: Identifier; input: TemplateInput },
    languages: readonly NewLanguage[],
    by: Author,
  ): Promise<void> {
    const { name, category } = input;
    await this.refusingTaken(() =>
      this.publisher.commit(async (manager, owe) => {
        const row = { id, tenantId, accountId: account.id, name, category, revision: 1 };
        await manager.insert(TemplateEntity, row);
        await manager.insert(TemplateLanguageEntity, [...languages] as never);
        for (const language of languages) await this.news.tellFirst(tenantId, language, manager);
        await this.record(manager, by, 'template.created', { id, tenantId });
        owe('template', id);
      }),
    );
  }

  private async record(
    manager: EntityManager,
    by: Author,
    action: AuditAction,
    { id, tenantId }: Pick<TemplateEntity, 'id' | 'tenantId'>,
    before?: object,
  ): Promise<void> {
    const after = await readTemplateState(manager, id);
    const subject = renderNative('template', id);
    await this.audit.record(manager, by, { tenantId, action, subject, before, after });
  }

  private async refusingTaken(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) throw new Problem('template.name_taken');
      throw error;
    }
  }

  private refuse(
    account: LoadedAccount,
    result: TemplateResult,
    at: number,
    place: Placing,
  ): Problem | undefined {
    if (result.outcome === 'created') return undefined;
    this.warn(account, result);
    return refusalOf(result, (member) => place(at, member));
  }

  private warn({ id }: LoadedAccount, { outcome, reason }: { outcome: string; reason: string }): void {
    this.logger.warn(
      { account: renderNative('account', id), outcome, reason },
      'the provider did not take a template',
    );
  }
}

function portOf({ provider }: LoadedAccount): Templates<object> {
  if (!provider.templates) throw Problem.field('account', 'not_allowed', `${provider.id} has no templates`);
  return provider.templates;
}

function draftOf({ name, category }: TemplateInput, entry: LanguageInput): TemplateDraft {
  return { name, language: entry.language, ...toBody(category, entry) };
}
