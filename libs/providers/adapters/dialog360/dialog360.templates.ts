import {
  asProviderId,
  type ProviderContext,
  type TemplateInfo,
  type Templates,
} from '../../message-provider.js';
import { isObject } from '../json.js';
import { readStoredTemplate } from '../whatsapp/stored-template.js';
import { templateComponents } from '../whatsapp/template-components.js';
import { readCreated } from '../whatsapp/template-results.js';
import { readTemplateQuality, readTemplateReason, readTemplateStatus } from '../whatsapp/template-words.js';
import { callDialog360, describeAnswer, type Dialog360Answer } from './dialog360-client.js';
import type { Dialog360Config } from './dialog360.config.js';

const PATH = 'v1/configs/templates';
const PAGE = 100;
const MOST_PAGES = 100;

/** Editing, many languages at once and previews are not offered with a number's key. */
export const dialog360Templates: Templates<Dialog360Config> = {
  async create(draft, config, context) {
    const body = {
      name: draft.name,
      language: draft.language,
      category: draft.category,
      ...(draft.ttlSeconds !== undefined && { message_send_ttl_seconds: draft.ttlSeconds }),
      components: templateComponents(draft),
    };
    const answer = await callDialog360('POST', PATH, body, config, context);
    if (answer.kind === 'gateway' || answer.kind === 'on_premise')
      return { outcome: 'unavailable', reason: describeAnswer(answer) };
    return readCreated(answer.kind === 'ok' ? { ...answer, body: normalized(answer.body) } : answer);
  },

  /** The filters of the call are not documented for names, so the name is looked for here. */
  async list(name, config, context) {
    const found = await listRows(config, context);
    if ('failed' in found) return { unavailable: describeAnswer(found.failed) };
    const infos = found.rows.map(normalized).flatMap(readInfo);
    return name === undefined ? infos : infos.filter((info) => info.name === name);
  },

  async delete(name, config, context) {
    const answer = await callDialog360(
      'DELETE',
      `${PATH}/${encodeURIComponent(name)}`,
      undefined,
      config,
      context,
    );
    const gone = answer.kind === 'gateway' && answer.status === 404;
    return answer.kind === 'ok' || gone ? { deleted: true } : { unavailable: describeAnswer(answer) };
  },
};

/** Pages by offset. `total` says when the end is reached, whatever the size of page that the gateway allows. */
async function listRows(
  config: Dialog360Config,
  context: ProviderContext,
): Promise<{ rows: Record<string, unknown>[] } | { failed: Dialog360Answer }> {
  const rows: Record<string, unknown>[] = [];
  let offset = 0;
  for (let page = 0; page < MOST_PAGES; page++) {
    const path = `${PATH}?limit=${PAGE}&offset=${offset}&sort=business_templates.name`;
    const answer = await callDialog360('GET', path, undefined, config, context);
    if (answer.kind !== 'ok') return { failed: answer };
    const { waba_templates: found, total } = answer.body;
    if (!Array.isArray(found)) return { failed: { kind: 'unreadable', reason: 'answer_without_templates' } };
    rows.push(...found.filter(isObject));
    offset += found.length;
    if (found.length === 0 || offset >= (Number.isInteger(total) ? (total as number) : 0)) break;
  }
  return { rows };
}

/**
 * A row as Graph would write it: states in upper case, and Meta's id, which is the one that webhooks name. Where
 * 360dialog has an id of its own beside it, that one is called `external_id`.
 */
function normalized(row: Record<string, unknown>): Record<string, unknown> {
  const { id, external_id: metaId, status } = row;
  const word = typeof status === 'string' ? status.toUpperCase() : status;
  return { ...row, id: asProviderId(metaId) ?? id, status: word === 'SUBMITTED' ? 'PENDING' : word };
}

/** A row without id, name or language names nothing. */
function readInfo(row: Record<string, unknown>): TemplateInfo[] {
  const externalId = asProviderId(row['id']);
  const { name, language, rejected_reason: reason, quality_score: score } = row;
  if (externalId === undefined || typeof name !== 'string' || typeof language !== 'string') return [];
  const category = typeof row['category'] === 'string' ? row['category'].toUpperCase() : '';
  return [
    {
      externalId,
      name,
      language,
      category,
      status: readTemplateStatus(row['status']) ?? 'pending',
      reason: readTemplateReason(reason),
      quality: readTemplateQuality(isObject(score) ? score['score'] : score),
      body: readStoredTemplate(category, row['components'], row['message_send_ttl_seconds']),
    },
  ];
}
