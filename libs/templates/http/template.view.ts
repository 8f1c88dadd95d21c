import { renderNative } from '#platform/identifiers';
import type { TenantEventEntity } from '#journal';
import type { TemplateEntity, TemplateLanguageEntity } from '../template.entity.js';
import type { Adoption } from '../sync.service.js';
import { warningsOf } from '../template-rules.js';

export function toTemplateView(template: TemplateEntity): object {
  return {
    id: renderNative('template', template.id),
    account: renderNative('account', template.accountId),
    name: template.name,
    category: template.category,
    createdAt: template.createdAt.toISOString(),
    languages: template.languages.map(toLanguageView),
  };
}

/** What a save answers: beside the template, what works but is probably not meant. */
export function toSavedView(template: TemplateEntity): object {
  const warnings = warningsOf(template.languages);
  return { ...toTemplateView(template), ...(warnings.length > 0 && { warnings }) };
}

function toLanguageView(row: TemplateLanguageEntity): object {
  const { category, ...content } = row.content;
  return {
    language: row.language,
    status: row.status,
    reason: row.reason ?? undefined,
    quality: row.quality ?? undefined,
    providerCategory:
      row.providerCategory === null || row.providerCategory === category ? undefined : row.providerCategory,
    externalId: row.externalId,
    checkedAt: row.checkedAt.toISOString(),
    ...content,
  };
}

export function toAdoptionView({ adopted, changed, skipped }: Adoption): object {
  return { adopted: adopted.map(toTemplateView), changed, skipped };
}

export function toTemplateEventView({ id, at, type, subject, data }: TenantEventEntity): object {
  return { id, at: at.toISOString(), type, subject, data };
}
