import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AccountsService, type LoadedAccount, type TemplateStatus } from '#providers';
import { Database, sqlState } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, newId } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { ConfigPublisher, type Loaded, type Publication, PublishedConfig } from '#platform/published-config';
import { TemplateEntity, TemplateLanguageEntity, type TemplateContent } from './template.entity.js';
import { checkTemplate, type LanguageInput } from './template-rules.js';

export interface TemplateInput {
  name: string;
  languages: LanguageInput[];
}

/** A template as the hot path reads it. */
export interface PublishedTemplate {
  tenantId: Identifier;
  accountId: Identifier;
  name: string;
  category: string;
  languages: { language: string; status: TemplateStatus; codeExpirationMinutes?: number }[];
}

const UNIQUE_VIOLATION = '23505';

/** Templates and their approval. The provider's word is what counts; this room keeps a copy of it. */
@Injectable()
export class TemplatesService implements OnModuleInit {
  private readonly logger = loggerFor('templates');

  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly published: PublishedConfig,
    private readonly accounts: AccountsService,
  ) {}

  onModuleInit(): void {
    this.publisher.register('template', {
      read: readTemplate,
      list: async (manager) =>
        (await manager.find(TemplateEntity, { select: { id: true } })).map((template) => template.id),
    });
  }

  /** The template as the hot path uses it. Redis and memory only. */
  load(id: Identifier): Loaded<PublishedTemplate> {
    return this.published.get('template', id, (payload) => payload as PublishedTemplate);
  }

  /**
   * Submits a template in each language. When one language is refused after others were created, those stay (they
   * exist at the provider) and the refusal names the language.
   */
  async create(
    tenantId: Identifier,
    account: LoadedAccount,
    input: TemplateInput,
    pointer?: string,
  ): Promise<TemplateEntity> {
    const port = account.provider.templates;
    if (!port) throw Problem.field('account', 'not_allowed', `${account.provider.id} has no templates`);
    const errors = checkTemplate(input.name, input.languages, pointer);
    if (errors.length > 0) throw new Problem('request.invalid', { errors });
    const known = await this.database
      .repository(TemplateEntity)
      .findOneBy({ accountId: account.id, name: input.name });
    if (known) throw new Problem('template.name_taken');

    const id = newId();
    const languages: Omit<TemplateLanguageEntity, 'template' | 'updatedAt'>[] = [];
    let refusal: Problem | undefined;
    for (const [index, entry] of input.languages.entries()) {
      const content = toContent(entry);
      const result = await port.create(
        { name: input.name, language: entry.language, ...content },
        account.config,
        this.accounts.context(),
      );
      if (result.outcome === 'created') {
        languages.push({
          id: newId(),
          templateId: id,
          tenantId,
          accountId: account.id,
          language: entry.language,
          content,
          status: result.status,
          reason: null,
          externalId: result.externalId,
        });
        continue;
      }
      this.logger.warn(
        { account: account.id, outcome: result.outcome, reason: result.reason },
        'template not created at the provider',
      );
      const where = `${pointer ?? '#/languages'}/${index}/language`;
      if (result.outcome === 'unavailable')
        refusal = new Problem('provider.unavailable', {
          retryAfterSeconds: 5,
          detail: `The provider answered ${result.reason}.`,
        });
      else if (result.nameTaken)
        refusal = new Problem('template.name_taken', { detail: `At the provider: ${result.reason}.` });
      else refusal = new Problem('template.refused', { errors: [{ pointer: where, code: result.reason }] });
      break;
    }
    if (refusal && languages.length === 0) throw refusal;
    await this.insert(tenantId, account.id, id, input.name, languages);
    if (languages.some(({ status }) => status === 'pending')) await this.catchUp(tenantId, id);
    if (refusal) throw refusal;
    return this.get(tenantId, id);
  }

  /** An approval may come within milliseconds, and its webhook before there was a row to write it to. */
  private async catchUp(tenantId: Identifier, id: Identifier): Promise<void> {
    try {
      await this.sync(tenantId, id);
    } catch (error) {
      this.logger.warn(
        { error: describeError(error) },
        'the state of a new template could not be read again',
      );
    }
  }

  list(
    tenantId: Identifier,
    filter: { accountId?: Identifier; name?: string } = {},
  ): Promise<TemplateEntity[]> {
    return this.database.repository(TemplateEntity).find({
      where: { tenantId, ...filter },
      relations: { languages: true },
      order: { createdAt: 'DESC', id: 'DESC', languages: { language: 'ASC' } },
      take: 500,
    });
  }

  async get(tenantId: Identifier, id: Identifier): Promise<TemplateEntity> {
    const template = await this.database.repository(TemplateEntity).findOne({
      where: { id, tenantId },
      relations: { languages: true },
      order: { languages: { language: 'ASC' } },
    });
    if (!template) throw new Problem('template.not_found');
    return template;
  }

  /** The template and language behind the provider's own id of it. */
  async findByExternalId(
    tenantId: Identifier,
    externalId: string,
  ): Promise<{ template: TemplateEntity; language: string } | undefined> {
    const row = await this.database.repository(TemplateLanguageEntity).findOneBy({ tenantId, externalId });
    return row ? { template: await this.get(tenantId, row.templateId), language: row.language } : undefined;
  }

  /** Deletes it at the provider first: a copy that outlives its original would be sent with and refused. */
  async delete(tenantId: Identifier, id: Identifier): Promise<void> {
    const template = await this.get(tenantId, id);
    const account = await this.accounts.get(tenantId, template.accountId);
    const result = await account.provider.templates!.delete(
      template.name,
      account.config,
      this.accounts.context(),
    );
    if ('unavailable' in result)
      throw new Problem('provider.unavailable', {
        retryAfterSeconds: 5,
        detail: `The provider answered ${result.unavailable}.`,
      });
    await this.publisher.commit(async (manager, owe) => {
      await manager.delete(TemplateEntity, { id, tenantId });
      owe('template', id);
    });
  }

  /** Asks the provider for the state of this template and takes it over. For a webhook that never came. */
  async sync(tenantId: Identifier, id: Identifier): Promise<TemplateEntity> {
    const template = await this.get(tenantId, id);
    const account = await this.accounts.get(tenantId, template.accountId);
    const found = await account.provider.templates!.list(
      template.name,
      account.config,
      this.accounts.context(),
    );
    if (!Array.isArray(found))
      throw new Problem('provider.unavailable', {
        retryAfterSeconds: 5,
        detail: `The provider answered ${found.unavailable}.`,
      });
    for (const language of template.languages) {
      const theirs = found.find((info) => info.externalId === language.externalId);
      await this.applyStatus(account.id, language.externalId, theirs?.status ?? 'deleted', theirs?.reason);
    }
    return this.get(tenantId, id);
  }

  /** Takes over what a webhook or a sync says. False when the account has no such template. */
  applyStatus(
    accountId: Identifier,
    externalId: string,
    status: TemplateStatus,
    reason?: string,
  ): Promise<boolean> {
    return this.publisher.commit(async (manager, owe) => {
      const row = await manager.findOneBy(TemplateLanguageEntity, { accountId, externalId });
      if (!row) return false;
      await manager.update(TemplateLanguageEntity, { id: row.id }, { status, reason: reason ?? null });
      await manager.increment(TemplateEntity, { id: row.templateId }, 'revision', 1);
      owe('template', row.templateId);
      return true;
    });
  }

  private async insert(
    tenantId: Identifier,
    accountId: Identifier,
    id: Identifier,
    name: string,
    languages: readonly Omit<TemplateLanguageEntity, 'template' | 'updatedAt'>[],
  ): Promise<void> {
    try {
      await this.publisher.commit(async (manager, owe) => {
        await manager.insert(TemplateEntity, {
          id,
          tenantId,
          accountId,
          name,
          category: 'AUTHENTICATION',
          revision: 1,
        });
        await manager.insert(TemplateLanguageEntity, [...languages]);
        owe('template', id);
      });
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) throw new Problem('template.name_taken');
      throw error;
    }
  }
}

function toContent(entry: LanguageInput): TemplateContent {
  return {
    addSecurityRecommendation: entry.addSecurityRecommendation ?? false,
    codeExpirationMinutes: entry.codeExpirationMinutes,
    copyCodeButtonText: entry.copyCodeButtonText,
    ttlSeconds: entry.ttlSeconds,
  };
}

async function readTemplate(manager: EntityManager, id: Identifier): Promise<Publication | undefined> {
  const template = await manager.findOne(TemplateEntity, { where: { id }, relations: { languages: true } });
  if (!template) return undefined;
  const payload: PublishedTemplate = {
    tenantId: template.tenantId,
    accountId: template.accountId,
    name: template.name,
    category: template.category,
    languages: template.languages.map(({ language, status, content }) => ({
      language,
      status,
      codeExpirationMinutes: content.codeExpirationMinutes,
    })),
  };
  return { revision: template.revision, payload };
}
