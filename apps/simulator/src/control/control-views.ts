// Owns what /_sim shows of messages, accounts and templates. Tokens, secrets and
// PINs stay inside: whoever set them knows them.

import type { BubbleButton, Message, StatusEntry } from '../core/message.js';
import type { Account } from '../graph/graph-accounts.js';
import type { Template } from '../graph/template.js';

interface MessageView {
  seq: number;
  channel: string;
  skin: string;
  /** The provider's id of it. */
  id: string;
  wamid: string;
  to: string;
  from: string;
  phoneNumberId: string;
  receivedAt: string;
  templateName?: string;
  language?: string;
  code?: string;
  text: string;
  buttons: BubbleButton[];
  /** Of a mail. */
  subject?: string;
  html?: string;
  correlation?: string;
  statuses: StatusEntry[];
}

export function messageView(message: Message): MessageView {
  return {
    seq: message.seq,
    channel: message.channel,
    skin: message.skin,
    id: message.id,
    wamid: message.id,
    to: message.to,
    from: message.from,
    phoneNumberId: message.senderId,
    receivedAt: message.receivedAt,
    templateName: message.templateName,
    language: message.language,
    code: message.code,
    text: message.text,
    buttons: message.buttons,
    ...(message.channel === 'email' && { subject: message.header, html: message.html }),
    correlation: message.correlation,
    statuses: message.statuses,
  };
}

export function accountView(account: Account): Record<string, unknown> {
  const { wabaId, name, appId, subscribed, override, appCallbackUrl, phoneNumbers } = account;
  return {
    wabaId,
    name,
    appId,
    subscribed,
    callbackUrl: override?.uri ?? appCallbackUrl,
    phoneNumbers: phoneNumbers.map((sender) => ({
      id: sender.id,
      displayNumber: sender.displayNumber,
      verifiedName: sender.verifiedName,
      registered: sender.registered,
      verified: sender.verified,
      verificationCode: sender.verificationCode,
      registrationCalls: sender.registrations.length,
      callbackUrl: sender.override?.uri,
    })),
  };
}

export function controlledTemplateView(template: Template): Record<string, unknown> {
  const { id, wabaId, name, language, category, status, rejectedReason } = template;
  return { id, wabaId, name, language, category, status, rejectedReason };
}
