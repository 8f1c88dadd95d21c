import { constantTimeEqual } from '#platform/crypto';
import {
  asProviderId,
  asWords,
  type Channel,
  type InboundNotice,
  type Notice,
  type Notices,
  type Receipts,
  type StatusNotice,
  type TemplateNotice,
  type TemplateQuality,
  type TemplateStatus,
} from '../../message-provider.js';
import { isObject } from '../json.js';
import { isUnacknowledged } from '../whatsapp/inbound-notices.js';
import { GROUP, isFailedGroup, judgeOutcome, type Outcome } from './infobip-errors.js';
import type { InfobipConfig } from './infobip.config.js';

const DEFAULT_HEADER = 'authorization';

export function webhookHeaderOf({ webhookHeader }: InfobipConfig): string {
  return (webhookHeader ?? DEFAULT_HEADER).toLowerCase();
}

export const infobipReceipts: Receipts<InfobipConfig> = {
  /** The header's whole value, as the operator wrote it at Infobip. It proves who posts, not what is posted. */
  verify({ headers }, config) {
    const given = headers[webhookHeaderOf(config)];
    if (typeof given !== 'string' || given === '') return false;
    // Both are always compared, so that the time taken does not tell which one is in use.
    return config.webhookSecrets.map((secret) => constantTimeEqual(secret, given)).some(Boolean);
  },

  /** Reports and messages come in `results`, news of a template and of a changed phone alone. */
  parse(body) {
    const found: Notices = { notices: [], ignored: 0, malformed: 0 };
    if (!isObject(body)) return { ...found, malformed: 1 };
    if (isObject(body['content'])) add(found, readChange(body, body['content']));
    else if (isObject(body['change'])) add(found, readTemplate(body, body['change']));
    else if (!Array.isArray(body['results']) || body['results'].length === 0) found.ignored++;
    else for (const result of body['results']) add(found, readResult(result));
    return found;
  },
};

type Read = Notice | 'ignored' | undefined;

function add(found: Notices, notice: Read): void {
  if (notice === undefined) found.malformed++;
  else if (notice === 'ignored') found.ignored++;
  else found.notices.push(notice);
}

function readResult(result: unknown): Read {
  const id = isObject(result) ? asProviderId(result['messageId']) : undefined;
  if (!isObject(result) || id === undefined) return undefined;
  if (result['status'] !== undefined) return readDelivery(id, result);
  if (result['seenAt'] !== undefined) return { ...statusNotice(id, result), status: 'read' };
  if (result['message'] !== undefined || result['text'] !== undefined) return readInbound(id, result);
  return undefined;
}

function readDelivery(id: string, result: Record<string, unknown>): Read {
  const outcome = readOutcome(result);
  if (!outcome) return undefined;
  const notice = statusNotice(id, result);
  if (isFailedGroup(outcome.groupId)) {
    const { verdict, reason } = judgeOutcome(outcome);
    const failure = typeof verdict === 'object' && 'failure' in verdict ? verdict.failure : undefined;
    return { ...notice, status: 'failed', reason, ...(failure && { failure }) };
  }
  const status = STATUS.get(outcome.statusId ?? -1) ?? BY_GROUP.get(outcome.groupId);
  return status ? { ...notice, status } : 'ignored';
}

/** Waiting, on its way, and taken over by an operator: all of them have left Infobip's door. */
const STATUS = new Map<number, StatusNotice['status']>([
  [2, 'sent'],
  [3, 'sent'],
  [5, 'delivered'],
  [7, 'sent'],
]);
const BY_GROUP = new Map<number, StatusNotice['status']>([[GROUP.DELIVERED, 'delivered']]);

function statusNotice(
  providerMessageId: string,
  result: Record<string, unknown>,
): Omit<StatusNotice, 'status'> {
  const correlationId = result['callbackData'];
  const price = readPrice(result['price']);
  return {
    kind: 'status',
    providerMessageId,
    ...(typeof correlationId === 'string' && { correlationId }),
    ...(price && { price }),
  };
}

/** The groups and ids of an answer's or a report's message; undefined when there is no status to be read. */
export function readOutcome({ status, error }: Record<string, unknown>): Outcome | undefined {
  const groupId = isObject(status) ? status['groupId'] : undefined;
  if (!isObject(status) || !isSmall(groupId)) return undefined;
  const { id: errorId, groupId: errorGroupId } = isObject(error) ? error : {};
  return {
    groupId,
    ...(isSmall(status['id']) && { statusId: status['id'] }),
    ...(isSmall(errorId) && { errorId }),
    ...(isSmall(errorGroupId) && { errorGroupId }),
  };
}

function isSmall(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 1_000_000;
}

/** JSON has it as a number: written out, without an exponent. */
function readPrice(price: unknown): StatusNotice['price'] {
  const { pricePerMessage: amount, currency } = isObject(price) ? price : {};
  if (typeof amount !== 'number' || !(amount >= 0 && amount < 1e9)) return undefined;
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return undefined;
  const written = amount.toFixed(8).replace(/\.?0+$/, '');
  return { amount: written, currency };
}

const INTEGRATIONS: readonly [prefix: string, channel: Channel][] = [
  ['WHATSAPP', 'whatsapp'],
  ['VIBER', 'viber'],
  ['ZALO', 'zalo'],
  ['KAKAO', 'kakao'],
  ['LINE', 'line'],
  ['SMS', 'sms'],
];

/** Only SMS names no integration; Zalo and Viber call the person `sender`. */
function readInbound(
  providerMessageId: string,
  result: Record<string, unknown>,
): InboundNotice | 'ignored' | undefined {
  const contact = isObject(result['contact']) ? result['contact'] : {};
  // Who shows no number is known by an id.
  const from = readPerson(result['sender'] ?? result['from'] ?? contact['userId']);
  const sender = asProviderId(result['to']);
  if (from === undefined || sender === undefined) return undefined;
  const integration = result['integrationType'] ?? result['channel'] ?? 'SMS';
  const channel = INTEGRATIONS.find(([prefix]) => String(integration).startsWith(prefix))?.[1];
  if (!channel) return 'ignored';
  const message = isObject(result['message']) ? result['message'] : result;
  const context = isObject(message['context']) ? message['context'] : {};
  const text = asWords(message['text'] ?? message['title']);
  const payload = asWords(message['payload'] ?? message['id']);
  // A picture, a place, a reaction.
  if (text === undefined && payload === undefined) return 'ignored';
  const inReplyTo = asProviderId(context['id']);
  return {
    kind: 'inbound',
    providerMessageId,
    channel,
    from,
    sender,
    ...(text !== undefined && { text }),
    ...(payload !== undefined && { payload }),
    ...(isUnacknowledged(result['identity']) && { changed: true }),
    ...(inReplyTo !== undefined && { inReplyTo }),
  };
}

/** A WhatsApp user has another phone. It has no id: the hash of the new one is one for as long as it lasts. */
function readChange(
  { from }: Record<string, unknown>,
  { type, hash, userNumber, userId }: Record<string, unknown>,
): InboundNotice | 'ignored' | undefined {
  if (type !== 'user_identity_changed') return 'ignored';
  const person = readPerson(userNumber ?? userId);
  const [sender, providerMessageId] = [asProviderId(from), asProviderId(hash)];
  if (person === undefined || sender === undefined || providerMessageId === undefined) return undefined;
  return { kind: 'inbound', channel: 'whatsapp', providerMessageId, from: person, sender, changed: true };
}

function readPerson(value: unknown): string | undefined {
  const person = asProviderId(value);
  return person !== undefined && /^\d{7,15}$/.test(person) ? `+${person}` : person;
}

/** Infobip's words for a template's state, and ours. Words not listed change nothing that we act on. */
const TEMPLATE_STATUS = new Map<unknown, TemplateStatus>([
  ['APPROVED', 'approved'],
  ['REINSTATED', 'approved'],
  ['FLAGGED', 'approved'],
  ['PENDING', 'pending'],
  ['IN_APPEAL', 'pending'],
  ['REJECTED', 'rejected'],
  ['FIRST_PAUSED', 'paused'],
  ['SECOND_PAUSED', 'paused'],
  ['PAUSED', 'paused'],
  ['DISABLED', 'disabled'],
  ['PENDING_DELETION', 'deleted'],
  ['DELETED', 'deleted'],
]);

const QUALITY = new Map<unknown, TemplateQuality>([
  ['HIGH', 'high'],
  ['GREEN', 'high'],
  ['MEDIUM', 'medium'],
  ['YELLOW', 'medium'],
  ['LOW', 'low'],
  ['RED', 'low'],
  ['UNKNOWN', 'unknown'],
]);

export function readTemplateStatus(word: unknown): TemplateStatus | undefined {
  return TEMPLATE_STATUS.get(word);
}

export function readQuality(word: unknown): TemplateQuality | undefined {
  return QUALITY.get(word);
}

function readTemplate(
  { messageTemplateId: id }: Record<string, unknown>,
  change: Record<string, unknown>,
): TemplateNotice | 'ignored' | undefined {
  const externalId = asProviderId(Number.isSafeInteger(id) ? String(id) : id);
  if (externalId === undefined) return undefined;
  const notice = { kind: 'template', externalId } as const;
  switch (change['type']) {
    case 'TEMPLATE_STATUS_UPDATE': {
      const status = readTemplateStatus(change['newStatus']);
      const { reason } = change;
      const isWord = typeof reason === 'string' && /^[A-Z0-9_]{1,64}$/.test(reason) && reason !== 'NONE';
      return status ? { ...notice, status, ...(isWord && { reason }) } : 'ignored';
    }
    case 'TEMPLATE_CATEGORY_UPDATE': {
      const category = change['newCategory'];
      return typeof category === 'string' && /^[A-Za-z_]{1,64}$/.test(category)
        ? { ...notice, category: category.toUpperCase() }
        : undefined;
    }
    case 'TEMPLATE_QUALITY_UPDATE': {
      const quality = readQuality(change['newQualityScore']);
      return quality ? { ...notice, quality } : 'ignored';
    }
    default:
      return 'ignored';
  }
}
