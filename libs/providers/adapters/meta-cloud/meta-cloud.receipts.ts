import { createHmac } from 'node:crypto';
import { constantTimeEqual } from '#platform/crypto';
import {
  asProviderId,
  type Notices,
  type Receipts,
  type StatusNotice,
  type TemplateNotice,
  type TemplateStatus,
} from '../../message-provider.js';
import { isErrorCode, isObject } from './graph-client.js';
import { judgeGraphError } from './graph-errors.js';
import type { MetaCloudConfig } from './meta-cloud.config.js';

const SIGNATURE = /^sha256=([0-9a-f]{64})$/;
const STATUSES = new Set(['sent', 'delivered', 'read', 'failed']);

/** Meta's words for a template's state, and ours. Words not listed change nothing that we act on. */
const TEMPLATE_STATUS: Record<string, TemplateStatus> = {
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

export function readTemplateStatus(word: unknown): TemplateStatus | undefined {
  return typeof word === 'string' && Object.hasOwn(TEMPLATE_STATUS, word) ? TEMPLATE_STATUS[word] : undefined;
}

/** `INVALID_FORMAT`, `SCAM`: a word of Meta's. Sentences are for people at Meta's own pages. */
export function readTemplateReason(reason: unknown): string | undefined {
  return typeof reason === 'string' && /^[A-Z0-9_]{1,64}$/.test(reason) && reason !== 'NONE'
    ? reason
    : undefined;
}

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
    if (!isObject(body)) return { ...found, malformed: 1 };
    const entries = body['object'] === 'whatsapp_business_account' ? asList(body['entry']) : [];
    if (entries.length === 0) found.ignored++;
    for (const entry of entries) {
      const changes = isObject(entry) ? entry['changes'] : undefined;
      if (!Array.isArray(changes)) found.malformed++;
      for (const change of asList(changes)) readChange(change, found);
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
    if (!Array.isArray(value['statuses'])) found.malformed++;
    const sender = isObject(value['metadata'])
      ? asProviderId(value['metadata']['phone_number_id'])
      : undefined;
    for (const status of asList(value['statuses'])) add(found, readStatus(status, sender));
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

function readStatus(status: unknown, sender: string | undefined): StatusNotice | 'ignored' | undefined {
  const providerMessageId = isObject(status) ? asProviderId(status['id']) : undefined;
  if (!isObject(status) || providerMessageId === undefined || typeof status['status'] !== 'string')
    return undefined;
  if (!STATUSES.has(status['status'])) return 'ignored';
  const error = asList(status['errors']).find(isObject);
  const code = isErrorCode(error?.['code']) ? error['code'] : undefined;
  const verdict = code === undefined ? undefined : judgeGraphError(code);
  return {
    kind: 'status',
    providerMessageId,
    correlationId:
      typeof status['biz_opaque_callback_data'] === 'string' ? status['biz_opaque_callback_data'] : undefined,
    sender,
    status: status['status'] as StatusNotice['status'],
    reason: code === undefined ? undefined : `meta_${code}`,
    failure: verdict && typeof verdict === 'object' && 'failure' in verdict ? verdict.failure : undefined,
  };
}

/**
 * Template ids are integers in webhooks and strings everywhere else. One beyond 2^53 has lost its last digits to
 * JSON.parse and would name another template.
 */
function readTemplate(value: Record<string, unknown>): TemplateNotice | 'ignored' | undefined {
  const { message_template_id: id, event, reason } = value;
  const externalId = asProviderId(Number.isSafeInteger(id) ? String(id) : id);
  if (externalId === undefined || typeof event !== 'string') return undefined;
  const status = readTemplateStatus(event);
  if (!status) return 'ignored';
  return { kind: 'template', externalId, status, reason: readTemplateReason(reason) };
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
