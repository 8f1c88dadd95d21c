// Owns one change of the field `messages` that tells what a person wrote or pressed.

import type { Reply } from '../core/deliveries.service.js';
import { displayOf, userIdOf, whatsappIdOf } from '../core/phone-number.js';
import type { Sender } from './graph-accounts.js';
import { wamid } from './graph-ids.js';

export function inboundMessage(reply: Reply, { id, displayNumber }: Sender): Record<string, unknown> {
  const { own, answered } = reply;
  const waId = whatsappIdOf(own.to);
  const hidden = own.own?.hidesNumber === true;
  const message = {
    ...(answered && { context: { from: displayNumber, id: answered.id } }),
    ...(hidden ? { from_user_id: userIdOf(own.to) } : { from: waId }),
    id: wamid(waId),
    timestamp: String(Math.floor(Date.parse(own.receivedAt) / 1_000)),
    ...wordsOf(reply),
  };
  const name = hidden ? 'Somebody' : `Phone ${displayOf(own.handset)}`;
  return {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: displayNumber, phone_number_id: id },
    contacts: [{ profile: { name }, ...(hidden ? { user_id: userIdOf(own.to) } : { wa_id: waId }) }],
    messages: [message],
  };
}

/** A button of a template comes back otherwise than one of an interactive message. */
export function wordsOf({ own, answered, button }: Reply): Record<string, unknown> {
  if (!button) return { type: 'text', text: { body: own.text } };
  const { label, value = label } = button;
  if (answered?.templateName !== undefined)
    return { type: 'button', button: { payload: value, text: label } };
  return {
    type: 'interactive',
    interactive: { type: 'button_reply', button_reply: { id: value, title: label } },
  };
}
