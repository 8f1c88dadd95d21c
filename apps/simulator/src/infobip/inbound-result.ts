// Owns one element of `results` that tells what a person wrote or pressed, in the form
// of the channel: SMS is flat, Viber and Zalo call the person `sender`.

import { randomUUID } from 'node:crypto';
import type { Reply } from '../core/deliveries.service.js';
import { displayOf, userIdOf } from '../core/phone-number.js';

const PRICE = { pricePerMessage: 0, currency: 'EUR' };
const INTEGRATIONS: Record<string, string> = {
  whatsapp: 'WHATSAPP',
  viber: 'VIBER',
  zalo: 'ZALO',
  kakao: 'KAKAO',
  line: 'LINE_ON',
};

export function inboundResult(reply: Reply, receivedAt: string): object {
  const { channel, to: person, from: to, text, handset, own } = reply.own;
  const common = { to, receivedAt, price: PRICE };
  if (channel === 'sms') {
    const keyword = text.split(/\s+/, 1)[0]!.toUpperCase();
    return { messageId: randomUUID(), from: person, text, cleanText: text, keyword, smsCount: 1, ...common };
  }
  const integrationType = INTEGRATIONS[channel];
  if (channel !== 'whatsapp') {
    const message = { type: 'TEXT', text };
    const from = channel === 'viber' || channel === 'zalo' ? { sender: person } : { from: person };
    return { messageId: randomUUID(), ...from, integrationType, message, ...common };
  }
  const hidden = own?.hidesNumber === true;
  return {
    messageId: `wamid.${randomUUID()}`,
    ...(!hidden && { from: person }),
    integrationType,
    message: { ...wordsOf(reply), ...(reply.answered && { context: { from: to, id: reply.answered.id } }) },
    contact: hidden
      ? { name: 'Somebody', userId: userIdOf(person) }
      : { name: `Phone ${displayOf(handset)}`, phoneNumber: person },
    ...common,
  };
}

function wordsOf({ own, answered, button }: Reply): object {
  if (!button) return { type: 'TEXT', text: own.text };
  const { label, value = label } = button;
  return answered?.templateName === undefined
    ? { type: 'INTERACTIVE_BUTTON_REPLY', id: value, title: label }
    : { type: 'BUTTON', text: label, payload: value };
}
