// Meta's webhook envelope, as Meta posts it and as gateways forward it. Who posted it is the adapter's business.
import { asProviderId, type Notice, type Notices } from '../../message-provider.js';
import { ACCOUNT_FIELDS, readAccountNews } from './account-notices.js';
import { asList, isObject } from '../json.js';
import { readInbound } from './inbound-notices.js';
import { readStatus } from './status-notices.js';
import { readTemplateNews, TEMPLATE_FIELDS } from './template-notices.js';

/** What an account has to have subscribed to for everything that is read here. */
export const WEBHOOK_FIELDS: readonly string[] = ['messages', ...TEMPLATE_FIELDS, ...ACCOUNT_FIELDS];

interface Reading {
  /** How a message's sender is named by `metadata`: its phone number id unless said. */
  senderOf?(metadata: Record<string, unknown>): string | undefined;
  /**
   * The WhatsApp Business Account that is believed about itself. One app may serve several at one address, and the ban
   * of one is no ban of the others. All are, when it is absent.
   */
  wabaId?: string;
}

type Found = Notice | 'ignored' | undefined;

export function parseEnvelope(body: unknown, reading: Reading = {}): Notices {
  const found: Notices = { notices: [], ignored: 0, malformed: 0 };
  if (!isObject(body)) return { ...found, malformed: 1 };
  const entries = body['object'] === 'whatsapp_business_account' ? asList(body['entry']) : [];
  if (entries.length === 0) found.ignored++;
  for (const entry of entries) {
    const changes = isObject(entry) ? entry['changes'] : undefined;
    if (!isObject(entry) || !Array.isArray(changes)) found.malformed++;
    else for (const change of changes) readChange(change, entry['id'], reading, found);
  }
  return found;
}

function readChange(change: unknown, wabaId: unknown, reading: Reading, found: Notices): void {
  const value = isObject(change) ? change['value'] : undefined;
  if (!isObject(change) || !isObject(value)) {
    found.malformed++;
    return;
  }
  const field = String(change['field']);
  if (field === 'messages') readMessages(value, reading, found);
  else if (TEMPLATE_FIELDS.includes(field)) add(found, readTemplateNews(value));
  else if (ACCOUNT_FIELDS.includes(field))
    add(found, isOther(wabaId, reading) ? 'ignored' : readAccountNews(field, value));
  else found.ignored++;
}

function isOther(wabaId: unknown, reading: Reading): boolean {
  return reading.wabaId !== undefined && wabaId !== reading.wabaId;
}

/** One change may hold statuses, messages and errors that are about no message (a throttle, say). */
function readMessages(value: Record<string, unknown>, { senderOf = idOf }: Reading, found: Notices): void {
  const sender = isObject(value['metadata']) ? senderOf(value['metadata']) : undefined;
  const read = (name: string, each: (item: unknown) => Found): void => {
    const items = value[name];
    if (items === undefined) return;
    if (!Array.isArray(items)) found.malformed++;
    for (const item of asList(items)) add(found, each(item));
  };
  read('statuses', (status) => readStatus(status, sender));
  read('messages', (message) => (sender === undefined ? undefined : readInbound(message, sender)));
  read('errors', () => 'ignored');
  if (!['statuses', 'messages', 'errors'].some((name) => value[name] !== undefined)) found.ignored++;
}

function idOf(metadata: Record<string, unknown>): string | undefined {
  return asProviderId(metadata['phone_number_id']);
}

export function add(found: Notices, notice: Found): void {
  if (notice === undefined) found.malformed++;
  else if (notice === 'ignored') found.ignored++;
  else found.notices.push(notice);
}
