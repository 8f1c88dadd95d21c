import { asProviderId, type Notices, type Receipts, type StatusNotice } from '../../message-provider.js';
import { isObject } from '../json.js';
import type { GenericHttpConfig } from './generic-http.config.js';
import { readClass, readReason } from './hook-words.js';
import { isSigned } from './standard-webhooks.js';

const STATUSES = new Set(['sent', 'delivered', 'read', 'failed']);

export const genericReceipts: Receipts<GenericHttpConfig> = {
  verify: (request, config) => isSigned(request, config.secrets),

  parse(body) {
    const found: Notices = { notices: [], ignored: 0, malformed: 0 };
    const messages = isObject(body) ? body['messages'] : undefined;
    if (!Array.isArray(messages)) return { ...found, malformed: 1 };
    if (messages.length === 0) return { ...found, ignored: 1 };
    for (const message of messages) {
      const notice = readMessage(message);
      if (notice === undefined) found.malformed++;
      else if (notice === 'ignored') found.ignored++;
      else found.notices.push(notice);
    }
    return found;
  },
};

/** A hook that gives no ids of its own names messages by ours, under either name. */
function readMessage(message: unknown): StatusNotice | 'ignored' | undefined {
  if (!isObject(message)) return undefined;
  const { id, correlationId: named, status, reason, refused } = message;
  const correlationId = asProviderId(named);
  const providerMessageId = id === undefined ? correlationId : asProviderId(id);
  if (providerMessageId === undefined || typeof status !== 'string') return undefined;
  if (!STATUSES.has(status)) return 'ignored';
  const failed = status === 'failed';
  return {
    kind: 'status',
    providerMessageId,
    correlationId: correlationId ?? providerMessageId,
    status: status as StatusNotice['status'],
    reason: failed ? (readReason(reason) ?? 'hook_failed') : undefined,
    failure: failed ? readClass(refused) : undefined,
  };
}
