import { asProviderId, type TemplateNotice } from '../../message-provider.js';
import { readTemplateQuality, readTemplateReason, readTemplateStatus } from './template-words.js';

/** Meta's page shows a quality update under the field of the status: what a value holds decides, not its field. */
export const TEMPLATE_FIELDS: readonly string[] = [
  'message_template_status_update',
  'message_template_quality_update',
  'template_category_update',
];

/**
 * Template ids are integers in webhooks and strings everywhere else. One beyond 2^53 has lost its last digits to
 * JSON.parse and would name another template.
 */
export function readTemplateNews(value: Record<string, unknown>): TemplateNotice | 'ignored' | undefined {
  const { message_template_id: id, event, reason } = value;
  const { new_quality_score: score, new_category: category } = value;
  const externalId = asProviderId(Number.isSafeInteger(id) ? String(id) : id);
  if (externalId === undefined) return undefined;
  if (score !== undefined) {
    const quality = readTemplateQuality(score);
    return quality ? { kind: 'template', externalId, quality } : 'ignored';
  }
  if (typeof category === 'string' && /^[A-Za-z_]{1,40}$/.test(category))
    return { kind: 'template', externalId, category: category.toUpperCase() };
  // Meta thinks that another category would be correct, and has not changed it.
  if (event === undefined && value['correct_category'] !== undefined) return 'ignored';
  if (typeof event !== 'string') return undefined;
  const status = readTemplateStatus(event);
  if (!status) return 'ignored';
  return { kind: 'template', externalId, status, reason: readTemplateReason(reason) };
}
