import { createHmac } from 'node:crypto';
import { constantTimeEqual } from '#platform/crypto';
import type {
  Notices,
  Receipts,
  StatusNotice,
  TemplateNotice,
  TemplateStatus,
} from '../../message-provider.js';
import { isObject } from './graph-client.js';
import { judgeGraphError } from './graph-errors.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

const SIGNATURE = /^sha256=([0-9a-f]{64})$/;
const STATUSES = new Set(['sent', 'delivered', 'read', 'failed']);

/** Meta's words for a template's state, and ours. Words not listed change nothing that we act on. */
export const GRAPH_TEMPLATE_STATUS: Record<string, TemplateStatus> = {
  APPROVED: 'approved',
  REINSTATED: 'approved',
  UNARCHIVED: 'approved',
  FLAGGED: 'approved',
  PENDING: 'pending',
  IN_APPEAL: 'pending',
  REJECTED: 'rejected',
  LIMIT_EXCEEDED: 'rejected',
  PAUSED: 'paused',
  LOCKED: 'paused',
  ARCHIVED: 'disabled',
  DISABLED: 'disabled',
  PENDING_DELETION: 'deleted',
  DELETED: 'deleted',
};

export const metaReceipts: Receipts<MetaCloudConfig> = {
  /** HMAC-SHA256 over the untouched bytes: Meta signs the escaped form it sent, which no re-serialisation restores. */
  verify({ headers, rawBody }, config) {
    const header = headers['x-hub-signature-256'];
    const given = typeof header === 'string' ? SIGNATURE.exec(header)?.[1] : undefined;
    if (!given) return false;
    // Both secrets are always tried, so that the time taken does not tell which one is in use.
    return config.appSecrets
      .map((secret) => constantTimeEqual(createHmac('sha256', secret).update(rawBody).digest('hex'), given))
      .some(Boolean);
  },

  parse(body) {
    const found: Notices = { notices: [], ignored: 0, malformed: 0 };
    const entries =
      isObject(body) && body['object'] === 'whatsapp_business_account' ? asList(body['entry']) : [];
    if (entries.length === 0) found.ignored++;
    for (const entry of entries) {
      for (const change of isObject(entry) ? asList(entry['changes']) : []) readChange(change, found);
    }
    return found;
  },

  handshake(query, config) {
    const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = query;
    if (
      mode !== 'subscribe' ||
      typeof token !== 'string' ||
      typeof challenge !== 'string' ||
      !config.verifyToken
    )
      return undefined;
    return constantTimeEqual(token, config.verifyToken) ? challenge.slice(0, 200) : undefined;
  },
};

function readChange(change: unknown, found: Notices): void {
  const value = isObject(change) ? change['value'] : undefined;
  if (!isObject(change) || !isObject(value)) {
    found.malformed++;
  } else if (change['field'] === 'messages' && value['statuses'] !== undefined) {
    for (const status of asList(value['statuses'])) add(found, readStatus(status));
  } else if (
    change['field'] === 'message_template_status_update' &&
    value['new_quality_score'] === undefined
  ) {
    add(found, readTemplate(value));
  } else {
    found.ignored++;
  }
}

function add(found: Notices, notice: StatusNotice | TemplateNotice | 'ignored' | undefined): void {
  if (notice === undefined) found.malformed++;
  else if (notice === 'ignored') found.ignored++;
  else found.notices.push(notice);
}

function readStatus(status: unknown): StatusNotice | 'ignored' | undefined {
  if (!isObject(status) || typeof status['id'] !== 'string' || typeof status['status'] !== 'string')
    return undefined;
  if (!STATUSES.has(status['status'])) return 'ignored';
  const error = asList(status['errors']).find(isObject);
  const code = typeof error?.['code'] === 'number' ? error['code'] : undefined;
  const verdict = code === undefined ? undefined : judgeGraphError(code, false);
  return {
    kind: 'status',
    providerMessageId: status['id'],
    correlationId:
      typeof status['biz_opaque_callback_data'] === 'string' ? status['biz_opaque_callback_data'] : undefined,
    status: status['status'] as StatusNotice['status'],
    reason: code === undefined ? undefined : `meta_${code}`,
    failure: verdict && typeof verdict === 'object' && 'failure' in verdict ? verdict.failure : undefined,
  };
}

/** Template ids are integers in webhooks and strings everywhere else. */
function readTemplate(value: Record<string, unknown>): TemplateNotice | 'ignored' | undefined {
  const { message_template_id: id, event, reason } = value;
  if ((typeof id !== 'number' && typeof id !== 'string') || typeof event !== 'string') return undefined;
  const status = GRAPH_TEMPLATE_STATUS[event];
  if (!status) return 'ignored';
  return {
    kind: 'template',
    externalId: String(id),
    status,
    reason: typeof reason === 'string' && reason !== 'NONE' ? reason : undefined,
  };
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
