import type { EntityManager } from 'typeorm';
import type { Identifier } from '#platform/identifiers';
import { TemplateEntity } from './template.entity.js';

/** What the audit trail marks of a template. Its status may move afterwards without anybody here: by the provider. */
export async function readTemplateState(manager: EntityManager, id: Identifier): Promise<object | undefined> {
  const row = await manager.findOne(TemplateEntity, {
    where: { id },
    relations: { languages: true },
    order: { languages: { language: 'ASC' } },
  });
  if (!row) return undefined;
  const { name, category, revision } = row;
  const languages = row.languages.map(({ language, content, status }) => ({ language, content, status }));
  return { name, category, revision, languages };
}
