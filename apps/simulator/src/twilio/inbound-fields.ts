// Owns the fields of the call that tells what a person wrote or pressed.

import { randomBytes } from 'node:crypto';
import type { Reply } from '../core/deliveries.service.js';
import { displayOf } from '../core/phone-number.js';

export function inboundFields({ own, answered, button }: Reply, apiVersion: string): Record<string, string> {
  const { channel, accountId, senderId, from, to, text } = own;
  const sid = `SM${randomBytes(16).toString('hex')}`;
  const prefix = channel === 'whatsapp' ? 'whatsapp:' : '';
  const sender = /^\d{7,}$/.test(from) ? `+${from}` : from;
  return {
    AccountSid: accountId,
    ApiVersion: apiVersion,
    MessageSid: sid,
    SmsSid: sid,
    SmsMessageSid: sid,
    SmsStatus: 'received',
    From: `${prefix}+${to}`,
    To: prefix + sender,
    Body: text,
    NumMedia: '0',
    NumSegments: '1',
    ...(senderId.startsWith('MG') && { MessagingServiceSid: senderId }),
    ...(channel === 'whatsapp' && {
      MessageType: button ? 'button' : 'text',
      ProfileName: `Phone ${displayOf(own.handset)}`,
      WaId: to,
    }),
    ...(button && { ButtonText: button.label, ButtonPayload: button.value ?? button.label }),
    ...(answered && {
      OriginalRepliedMessageSid: answered.id,
      OriginalRepliedMessageSender: prefix + sender,
    }),
  };
}
