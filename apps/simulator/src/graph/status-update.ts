// Owns one element of `statuses` as a webhook carries it.

import type { Message, StatusEntry } from '../core/message.js';
import { whatsappIdOf } from '../core/phone-number.js';

const ERROR_PAGE = 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/';
/** From this version on the conversation is left out. */
const FIRST_VERSION_WITHOUT_CONVERSATION = 24;
const DAY_SECONDS = 86_400;

/** What Meta writes in error_data.details where it differs from the title. */
const DETAILS: Record<number, string> = {
  131026: 'Message Undeliverable.',
  131047:
    'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
  131049: 'In order to maintain a healthy ecosystem engagement, the message failed to be delivered.',
};

export function statusUpdate(message: Message, entry: StatusEntry): Record<string, unknown> {
  const seconds = Math.floor(Date.parse(entry.at) / 1_000);
  return {
    id: message.id,
    status: entry.status,
    timestamp: String(seconds),
    recipient_id: whatsappIdOf(message.to),
    ...(message.correlation !== undefined && { biz_opaque_callback_data: message.correlation }),
    ...(entry.error ? { errors: [errorOf(entry.error)] } : accounting(message, entry, seconds)),
  };
}

function errorOf({ code, title }: NonNullable<StatusEntry['error']>): Record<string, unknown> {
  return {
    code,
    title,
    message: title,
    error_data: { details: DETAILS[Number(code)] ?? title },
    href: ERROR_PAGE,
  };
}

/** Pricing comes with `sent` and with one of delivered and read; an expiry only with `sent`. */
function accounting(message: Message, { status }: StatusEntry, seconds: number): Record<string, unknown> {
  if (status === 'read' && message.statuses.some((entry) => entry.status === 'delivered')) return {};
  const category = (message.category ?? 'service').toLowerCase();
  const pricing = { billable: true, pricing_model: 'PMP', type: 'regular', category };
  if ((message.apiVersion ?? 0) >= FIRST_VERSION_WITHOUT_CONVERSATION) return { pricing };
  const conversation = {
    id: conversationId(message),
    ...(status === 'sent' && { expiration_timestamp: String(seconds + DAY_SECONDS) }),
    origin: { type: category },
  };
  return { conversation, pricing };
}

/** The same for every status of a message. */
function conversationId(message: Message): string {
  return Buffer.from(message.id).toString('hex').slice(-32);
}
