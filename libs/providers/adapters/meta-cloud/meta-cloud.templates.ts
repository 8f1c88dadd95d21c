import {
  asProviderId,
  type TemplateInfo,
  type TemplateResult,
  type Templates,
} from '../../message-provider.js';
import { callGraph, type GraphAnswer, listGraph } from './graph-client.js';
import { readTemplateReason, readTemplateStatus } from './meta-cloud.receipts.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

const NAME_EXISTS = 2388024;
const NAME_BEING_DELETED = 2388023;

export const metaTemplates: Templates<MetaCloudConfig> = {
  async create(draft, config, context) {
    const body = {
      name: draft.name,
      language: draft.language,
      category: 'AUTHENTICATION',
      ...(draft.ttlSeconds !== undefined && { message_send_ttl_seconds: draft.ttlSeconds }),
      components: [
        { type: 'BODY', add_security_recommendation: draft.addSecurityRecommendation },
        ...(draft.codeExpirationMinutes === undefined
          ? []
          : [{ type: 'FOOTER', code_expiration_minutes: draft.codeExpirationMinutes }]),
        {
          type: 'BUTTONS',
          buttons: [
            {
              type: 'OTP',
              otp_type: 'COPY_CODE',
              ...(draft.copyCodeButtonText && { text: draft.copyCodeButtonText }),
            },
          ],
        },
      ],
    };
    return readCreated(await callGraph('POST', `${config.wabaId}/message_templates`, body, config, context));
  },

  async list(name, config, context) {
    const filter = name === undefined ? '' : `&name=${encodeURIComponent(name)}`;
    const path = `${config.wabaId}/message_templates?fields=id,name,language,status,rejected_reason${filter}`;
    const found = await listGraph(path, config, context);
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
    return answer.kind === 'ok' ? { deleted: true } : { unavailable: describe(answer) };
  },
};

function readCreated(answer: GraphAnswer): TemplateResult {
  if (answer.kind === 'ok') {
    const externalId = asProviderId(answer.body['id']);
    if (externalId === undefined) return { outcome: 'unavailable', reason: 'answer_without_id' };
    return { outcome: 'created', externalId, status: readTemplateStatus(answer.body['status']) ?? 'pending' };
  }
  if (answer.kind !== 'error') return { outcome: 'unavailable', reason: describe(answer) };
  const { code, subcode, isTransient } = answer.error;
  if (subcode === NAME_EXISTS || subcode === NAME_BEING_DELETED) {
    return {
      outcome: 'refused',
      nameTaken: true,
      reason: subcode === NAME_EXISTS ? 'name_exists' : 'name_being_deleted',
    };
  }
  if (code === 100 && !isTransient)
    return { outcome: 'refused', reason: `meta_100${subcode ? `_${subcode}` : ''}` };
  return { outcome: 'unavailable', reason: `meta_${code}` };
}

/** A row without id, name or language names nothing. */
function readInfo(row: Record<string, unknown>): TemplateInfo[] {
  const externalId = asProviderId(row['id']);
  const { name, language } = row;
  if (externalId === undefined || typeof name !== 'string' || typeof language !== 'string') return [];
  const status = readTemplateStatus(row['status']) ?? 'pending';
  return [{ externalId, name, language, status, reason: readTemplateReason(row['rejected_reason']) }];
}

export function describe(answer: GraphAnswer): string {
  switch (answer.kind) {
    case 'error':
      return `meta_${answer.error.code}`;
    case 'server_error':
      return `status_${answer.status}`;
    case 'throttled':
      return 'status_429';
    case 'ok':
      return 'ok';
    default:
      return answer.reason;
  }
}
