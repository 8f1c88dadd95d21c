import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Audit, type Author } from '#journal';
import { AccountsService, type TemplateStatus } from '#providers';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, renderNative } from '#platform/identifiers';
import { ConfigPublisher, type Loaded, type Publication, PublishedConfig } from '#platform/published-config';
import { providerUnavailable } from './refusals.js';
import { TemplateEntity, TemplateLanguageEntity } from './template.entity.js';
import { quickRepliesOf } from './utility-rules.js';
import { readTemplateState } from './template-state.js';

/** A template as the hot path reads it. */
export interface PublishedTemplate {
  tenantId: Identifier;
  accountId: Identifier;
  name: string;
  category: string;
  languages: {
    language: string;
    status: TemplateStatus;
    codeExpirationMinutes?: number;
    ttlSeconds?: number;
    /** Of a UTILITY template: its text, and the places of its quick replies among its buttons. */
    body?: string;
    quickReplies?: number[];
  }[];
}

/** Templates and their approval. The provider's word is what counts; this room keeps a copy of it. */
@Injectable()
export class TemplatesService implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly publisher: ConfigPublisher,
    private readonly published: PublishedConfig,
    private readonly accounts: AccountsService,
    private readonly audit: Audit,
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

  list(
    tenantId: Identifier,
    filter: { accountId?: Identifier; name?: string; category?: 'AUTHENTICATION' } = {},
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
  async delete(tenantId: Identifier, id: Identifier, by: Author): Promise<void> {
    const template = await this.get(tenantId, id);
    const account = await this.accounts.get(tenantId, template.accountId);
    const result = await account.provider.templates!.delete(
      template.name,
      account.config,
      this.accounts.context(account),
    );
    if ('unavailable' in result) throw providerUnavailable(result.unavailable);
    await this.publisher.commit(async (manager, owe) => {
      const before = await readTemplateState(manager, id);
      await manager.delete(TemplateEntity, { id, tenantId });
      const subject = renderNative('template', id);
      await this.audit.record(manager, by, { tenantId, action: 'template.deleted', subject, before });
      owe('template', id);
    });
  }
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
      codeExpirationMinutes:
        content.category === 'AUTHENTICATION' ? content.codeExpirationMinutes : undefined,
      ttlSeconds: content.ttlSeconds,
      ...(content.category === 'UTILITY' && {
        body: content.body,
        quickReplies: quickRepliesOf(content),
      }),
    })),
  };
  return { revision: template.revision, payload };
}
