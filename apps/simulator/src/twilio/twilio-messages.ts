// Owns Twilio's messages: acceptance, what GET shows of one, and the signed callbacks.

import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CallbackPost } from '../core/callback-post.js';
import { Conversations } from '../core/conversations.js';
import { DeliveriesService, type Reply } from '../core/deliveries.service.js';
import { MessageCall } from '../core/message-call.js';
import { MessageLog } from '../core/message-log.js';
import { type Fate, type Message, type MessageDraft, type StatusEntry, statusOf } from '../core/message.js';
import { SimulatorConfig } from '../simulator.config.js';
import { inboundFields } from './inbound-fields.js';
import { titleOf, translate } from './twilio-error.js';
import { TwilioListeners } from './twilio-listeners.js';
import { readTwilioRequest, type TwilioRequest } from './twilio-request.js';

const DELIVERED: Fate = { kind: 'delivered' };
const API_VERSION = '2010-04-01';
/** Ours, in Twilio's words. */
const WORDS = {
  accepted: 'queued',
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  failed: 'undelivered',
} as const;

@Injectable()
export class TwilioMessages {
  constructor(
    private readonly log: MessageLog,
    private readonly deliveries: DeliveriesService,
    private readonly call: MessageCall,
    private readonly callbacks: CallbackPost,
    private readonly config: SimulatorConfig,
    private readonly conversations: Conversations,
    private readonly listeners: TwilioListeners,
  ) {
    deliveries.register('twilio', {
      report: (message, entry) => this.report(message, entry),
      titleOf: (code) => titleOf(Number(code)),
      inbound: (reply) => this.inbound(reply),
      listeners: () => this.listeners.list(),
    });
  }

  prepare(form: Record<string, unknown>, forced: Fate | undefined): MessageDraft {
    const request = readTwilioRequest(form);
    const fate = this.closedFate(request) ?? forced ?? this.call.magicFate(request.to) ?? DELIVERED;
    return {
      channel: request.channel,
      skin: 'twilio',
      id: `SM${randomBytes(16).toString('hex')}`,
      accountId: this.config.twilioAccountSid,
      senderId: request.from,
      from: request.from,
      senderName: request.from.startsWith('MG') ? 'Messaging service' : request.from,
      to: request.to,
      text: request.text,
      code: request.code,
      buttons: buttonsOf(request),
      correlation: request.statusCallback && new URL(request.statusCallback).searchParams.get('m')!,
      callbackUrl: request.statusCallback,
      fate: fate.kind === 'failed' ? { ...fate, code: translate(fate.code, request.channel) } : fate,
    };
  }

  /** Words of one's own on WhatsApp need an open conversation; 63016 later without one. */
  private closedFate({ channel, to, from, isTemplate }: TwilioRequest): Fate | undefined {
    if (channel !== 'whatsapp' || isTemplate || this.conversations.isOpen(to, { channel, from }))
      return undefined;
    return { kind: 'failed', code: 63016 };
  }

  accept(draft: MessageDraft): object {
    const message = this.log.append(draft);
    this.deliveries.start(message);
    return viewOf(message);
  }

  find(sid: string): object | undefined {
    const message = this.log.get(sid);
    return message?.skin === 'twilio' ? viewOf(message) : undefined;
  }

  /** Only words that a callback tells: nobody hears of `accepted`. */
  private report(message: Message, { status, error }: StatusEntry): void {
    if (message.callbackUrl === undefined) return;
    const { from, to } = addressesOf(message);
    const fields: Record<string, string> = {
      AccountSid: message.accountId,
      ApiVersion: API_VERSION,
      From: from,
      To: to,
      MessageSid: message.id,
      SmsSid: message.id,
      MessageStatus: WORDS[status],
      SmsStatus: WORDS[status],
      ...(message.channel === 'whatsapp' && { ChannelPrefix: 'whatsapp', ChannelToAddress: to }),
      ...(error && { ErrorCode: String(error.code), ErrorMessage: error.title }),
    };
    this.post(message.callbackUrl, fields);
  }

  private inbound(reply: Reply): void {
    const { channel, from } = reply.own;
    const url = this.listeners.find(channel, from)?.url;
    if (url !== undefined) this.post(url, inboundFields(reply, API_VERSION));
  }

  private post(url: string, fields: Record<string, string>): void {
    this.callbacks.send({
      url,
      contentType: 'application/x-www-form-urlencoded; charset=UTF-8',
      body: new URLSearchParams(fields).toString(),
      headers: { 'user-agent': 'TwilioProxy/1.1', 'x-twilio-signature': this.signatureOf(url, fields) },
    });
  }

  private signatureOf(url: string, fields: Record<string, string>): string {
    const signed = Object.keys(fields)
      .sort()
      .reduce((text, name) => text + name + fields[name]!, url);
    return createHmac('sha1', this.config.twilioAuthToken).update(signed).digest('base64');
  }
}

function buttonsOf({ channel, code }: TwilioRequest): MessageDraft['buttons'] {
  return channel === 'whatsapp' && code !== undefined
    ? [{ kind: 'copy', label: 'Copy code', value: code }]
    : [];
}

function addressesOf({ channel, from, to }: Message): { from: string; to: string } {
  const prefix = channel === 'whatsapp' ? 'whatsapp:' : '';
  return { from: prefix + (/^\d{7,}$/.test(from) ? `+${from}` : from), to: `${prefix}+${to}` };
}

function viewOf(message: Message): object {
  const { from, to } = addressesOf(message);
  const isService = message.senderId.startsWith('MG');
  const error = message.statuses.at(-1)?.error;
  const uri = `/${API_VERSION}/Accounts/${message.accountId}/Messages/${message.id}`;
  const created = new Date(message.receivedAt).toUTCString().replace('GMT', '+0000');
  return {
    account_sid: message.accountId,
    api_version: API_VERSION,
    body: message.text,
    date_created: created,
    date_sent: null,
    date_updated: created,
    direction: 'outbound-api',
    error_code: error ? Number(error.code) : null,
    error_message: error?.title ?? null,
    from: isService ? null : from,
    messaging_service_sid: isService ? message.senderId : null,
    num_media: '0',
    num_segments: '1',
    price: null,
    price_unit: 'USD',
    sid: message.id,
    status: WORDS[statusOf(message)],
    subresource_uris: { media: `${uri}/Media.json` },
    to,
    uri: `${uri}.json`,
  };
}
