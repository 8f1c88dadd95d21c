// Owns Twilio's error body and what its codes are called.

import { Refusal } from '../core/refusal.js';

const CODES: Record<number, { status: number; message: string }> = {
  20003: { status: 401, message: 'Authenticate' },
  20404: { status: 404, message: 'The requested resource was not found' },
  20429: { status: 429, message: 'Too Many Requests' },
  20503: { status: 503, message: 'Service Unavailable' },
  21211: { status: 400, message: "The 'To' number is not a valid phone number." },
  21212: { status: 400, message: "The 'From' number is not a valid phone number or short code." },
  21408: { status: 400, message: 'Permission to send an SMS has not been enabled for the region.' },
  21602: { status: 400, message: 'Message body is required.' },
  21603: { status: 400, message: "A 'From' phone number is required." },
  21604: { status: 400, message: "A 'To' phone number is required." },
  21608: { status: 400, message: 'The number is unverified.' },
  21609: { status: 400, message: 'The StatusCallback URL is not a valid URL.' },
  21610: { status: 400, message: 'Attempt to send to unsubscribed recipient' },
  21617: { status: 400, message: 'The concatenated message body exceeds the 1600 character limit.' },
  21655: { status: 400, message: 'The ContentSid is Invalid' },
  21656: { status: 400, message: 'The ContentVariables Parameter is invalid' },
  21705: { status: 400, message: 'The Messaging Service SID is invalid' },
  21910: { status: 400, message: 'Invalid From and To pair. From and To should be of the same channel' },
  30002: { status: 403, message: 'Account suspended' },
  30003: { status: 400, message: 'Unreachable destination handset' },
  30007: { status: 400, message: 'Message filtered' },
  63018: { status: 429, message: 'Rate limit exceeded for Channel' },
  63020: { status: 400, message: 'Twilio encountered a Business Manager account error' },
  63024: { status: 400, message: 'Invalid message recipient' },
  63049: { status: 400, message: 'Meta chose not to deliver this message' },
};

export function titleOf(code: number): string {
  return CODES[code]?.message ?? 'Unknown error';
}

export function twilioError(
  code: number,
  { status = CODES[code]?.status ?? 400, retryAfter }: { status?: number; retryAfter?: number | string } = {},
): Refusal {
  const more_info = `https://www.twilio.com/docs/errors/${code}`;
  return new Refusal(status, { code, message: titleOf(code), more_info, status }, retryAfter);
}

/** Faults and magic numbers speak Graph's codes: what Twilio says in such a case, by SMS and by WhatsApp. */
const FROM_GRAPH: Record<number, { sms: number; whatsapp: number }> = {
  130429: { sms: 20429, whatsapp: 20429 },
  130497: { sms: 21408, whatsapp: 21408 },
  131000: { sms: 20503, whatsapp: 20503 },
  131016: { sms: 20503, whatsapp: 20503 },
  131026: { sms: 30003, whatsapp: 63024 },
  131030: { sms: 21608, whatsapp: 21608 },
  131042: { sms: 30002, whatsapp: 63020 },
  131049: { sms: 30007, whatsapp: 63049 },
  131056: { sms: 20429, whatsapp: 63018 },
};

export function translate(code: number | string, channel: 'sms' | 'whatsapp'): number {
  return FROM_GRAPH[Number(code)]?.[channel] ?? Number(code);
}
