import { asProviderId, type TemplateResult } from '../../message-provider.js';
import { describe, type GraphAnswer } from './graph-answer.js';
import { readTemplateStatus } from './template-words.js';

const NAME_EXISTS = 2388024;
const NAME_BEING_DELETED = 2388023;
const TEMPLATE_LIMIT = 2388019;

/** Which member of a draft each of Meta's subcodes is about. */
const FIELDS: Record<number, string> = {
  2388043: 'samples',
  2388047: 'header',
  2388072: 'body',
  2388073: 'footer',
  2388293: 'body',
  2388299: 'body',
};

/** What became of a creation or an edit, by Meta's own answer. */
export function readCreated(answer: GraphAnswer): TemplateResult {
  if (answer.kind === 'ok') return readCreatedRow(answer.body);
  if (answer.kind !== 'error') return { outcome: 'unavailable', reason: describe(answer) };
  const { code, subcode, isTransient } = answer.error;
  if (subcode === NAME_EXISTS || subcode === NAME_BEING_DELETED) {
    return {
      outcome: 'refused',
      nameTaken: true,
      reason: subcode === NAME_EXISTS ? 'name_exists' : 'name_being_deleted',
    };
  }
  if (subcode === TEMPLATE_LIMIT) return { outcome: 'refused', reason: 'template_limit' };
  if (code === 100 && !isTransient)
    return {
      outcome: 'refused',
      reason: `meta_100${subcode ? `_${subcode}` : ''}`,
      ...(subcode !== undefined && FIELDS[subcode] && { field: FIELDS[subcode] }),
    };
  return { outcome: 'unavailable', reason: `meta_${code}` };
}

export function readCreatedRow(row: Record<string, unknown>): TemplateResult {
  const externalId = asProviderId(row['id']);
  if (externalId === undefined) return { outcome: 'unavailable', reason: 'answer_without_id' };
  return { outcome: 'created', externalId, status: readTemplateStatus(row['status']) ?? 'pending' };
}
