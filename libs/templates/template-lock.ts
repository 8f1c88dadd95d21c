import type { EntityManager } from 'typeorm';
import type { Identifier } from '#platform/identifiers';
import { TemplateEntity } from './template.entity.js';

/**
 * Taken before any row of its languages is touched. A deletion locks the template and then, by its cascade, the
 * languages: who went the other way round would wait for it while it waits for them. False when it is gone.
 */
export async function lockTemplate(manager: EntityManager, id: Identifier): Promise<boolean> {
  const row = await manager.findOne(TemplateEntity, {
    select: { id: true },
    where: { id },
    lock: { mode: 'pessimistic_write' },
  });
  return row !== null;
}
