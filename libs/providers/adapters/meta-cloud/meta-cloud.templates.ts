import {
  asProviderId,
  type AuthenticationContent,
  type ProviderContext,
  type TemplateDraft,
  type TemplateInfo,
  type TemplatePreview,
  type TemplateResult,
  type Templates,
} from '../../message-provider.js';
import { readStoredTemplate } from '../whatsapp/stored-template.js';
import { templateComponents } from '../whatsapp/template-components.js';
import { isObject } from '../json.js';
import { describe } from '../whatsapp/graph-answer.js';
import { readCreated, readCreatedRow } from '../whatsapp/template-results.js';
import { readTemplateQuality, readTemplateReason, readTemplateStatus } from '../whatsapp/template-words.js';
import { callGraph, listGraph } from './graph-client.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

const TEMPLATE_MISSING = 2593002;

const LISTED =
  'id,name,language,category,status,rejected_reason,quality_score,components,message_send_ttl_seconds';

export const metaTemplates: Templates<MetaCloudConfig> = {
  async create(draft, config, context) {
    const body = {
      name: draft.name,
      language: draft.language,
      category: draft.category,
      ...contentOf(draft),
    };
    return readCreated(await callGraph('POST', `${config.wabaId}/message_templates`, body, config, context));
  },

  /**
   * Languages that say the same go in one call; those with texts of their own on the button, which that call does not
   * take, one by one. Nothing is asked for after a call that failed.
   */
  async upsert(drafts, config, context) {
    const results = new Map<TemplateDraft, TemplateResult>();
    for (const group of groupsOf(drafts)) {
      const found = await submitGroup(group, config, context);
      group.forEach((draft, at) => results.set(draft, found[at]!));
      if (found.some(({ outcome }) => outcome !== 'created')) break;
    }
    return drafts.map((draft) => results.get(draft) ?? { outcome: 'unavailable', reason: 'not_tried' });
  },

  async edit(externalId, draft, config, context) {
    const answer = await callGraph('POST', externalId, contentOf(draft), config, context);
    if (answer.kind === 'ok') return { outcome: 'created', externalId, status: 'pending' };
    return readCreated(answer);
  },

  async list(name, config, context) {
    const filter = name === undefined ? '' : `&name=${encodeURIComponent(name)}`;
    const found = await listGraph(
      `${config.wabaId}/message_templates?fields=${LISTED}${filter}`,
      config,
      context,
    );
    return 'failed' in found ? { unavailable: describe(found.failed) } : found.rows.flatMap(readInfo);
  },

  async delete(name, config, context) {
    const answer = await callGraph(
      'DELETE',
      `${config.wabaId}/message_templates?name=${encodeURIComponent(name)}`,
      undefined,
      config,
      context,
    );
    const gone = answer.kind === 'error' && answer.error.subcode === TEMPLATE_MISSING;
    return answer.kind === 'ok' || gone ? { deleted: true } : { unavailable: describe(answer) };
  },

  async preview(content, languages, config, context) {
    const query = new URLSearchParams({
      category: 'AUTHENTICATION',
      languages: languages.join(','),
      add_security_recommendation: String(content.addSecurityRecommendation),
      button_types: 'OTP',
      ...(content.codeExpirationMinutes !== undefined && {
        code_expiration_minutes: String(content.codeExpirationMinutes),
      }),
    });
    const path = `${config.wabaId}/message_template_previews?${query.toString()}`;
    const answer = await callGraph('GET', path, undefined, config, context);
    if (answer.kind !== 'ok') return { unavailable: describe(answer) };
    const rows = answer.body['data'];
    return Array.isArray(rows) ? rows.filter(isObject).flatMap((row) => readPreview(row, content)) : [];
  },
};

function contentOf(draft: TemplateDraft): object {
  return {
    ...(draft.ttlSeconds !== undefined && { message_send_ttl_seconds: draft.ttlSeconds }),
    components: templateComponents(draft),
  };
}

/** Drafts that differ in their language alone, together; every other one alone. */
function groupsOf(drafts: readonly TemplateDraft[]): TemplateDraft[][] {
  const groups = new Map<string, TemplateDraft[]>();
  drafts.forEach((draft, at) => {
    const shared =
      draft.category === 'AUTHENTICATION' &&
      draft.copyCodeButtonText === undefined &&
      draft.autofillButtonText === undefined;
    const name = shared ? JSON.stringify({ ...draft, language: '' }) : String(at);
    groups.set(name, [...(groups.get(name) ?? []), draft]);
  });
  return [...groups.values()];
}

async function submitGroup(
  drafts: readonly TemplateDraft[],
  config: MetaCloudConfig,
  context: ProviderContext,
): Promise<TemplateResult[]> {
  const [first] = drafts as [TemplateDraft, ...TemplateDraft[]];
  if (drafts.length === 1) return [await metaTemplates.create(first, config, context)];
  const { name, category } = first;
  const languages = drafts.map(({ language }) => language);
  const body = { name, languages, category, ...contentOf(first) };
  const path = `${config.wabaId}/upsert_message_templates`;
  const answer = await callGraph('POST', path, body, config, context);
  const rows = answer.kind === 'ok' ? answer.body['data'] : undefined;
  if (!Array.isArray(rows)) {
    const failed: TemplateResult =
      answer.kind === 'ok' ? { outcome: 'unavailable', reason: 'answer_without_data' } : readCreated(answer);
    return drafts.map(() => failed);
  }
  return drafts.map(({ language }) => {
    const row = rows.filter(isObject).find((entry) => entry['language'] === language);
    return readCreatedRow(row ?? {});
  });
}

/** A row without id, name or language names nothing. */
function readInfo(row: Record<string, unknown>): TemplateInfo[] {
  const externalId = asProviderId(row['id']);
  const { name, language } = row;
  if (externalId === undefined || typeof name !== 'string' || typeof language !== 'string') return [];
  const category = typeof row['category'] === 'string' ? row['category'].toUpperCase() : '';
  const score = isObject(row['quality_score']) ? row['quality_score']['score'] : undefined;
  return [
    {
      externalId,
      name,
      language,
      category,
      status: readTemplateStatus(row['status']) ?? 'pending',
      reason: readTemplateReason(row['rejected_reason']),
      quality: readTemplateQuality(score),
      body: readStoredTemplate(category, row['components'], row['message_send_ttl_seconds']),
    },
  ];
}

/** The autofill button is what people see first of the two kinds that have one; the copy button where it cannot be. */
function readPreview(row: Record<string, unknown>, content: AuthenticationContent): TemplatePreview[] {
  const { language, body, footer, buttons } = row;
  if (typeof language !== 'string' || typeof body !== 'string') return [];
  const [button] = Array.isArray(buttons) ? buttons.filter(isObject) : [];
  const copy = content.copyCodeButtonText ?? button?.['text'];
  const autofill = content.autofillButtonText ?? button?.['autofill_text'];
  const texts = (content.otpType ?? 'COPY_CODE') === 'COPY_CODE' ? [copy] : [autofill, copy];
  return [
    {
      language,
      body,
      ...(typeof footer === 'string' && { footer }),
      buttons: texts.filter((text) => typeof text === 'string'),
    },
  ];
}
