// Owns what 360dialog posts: Meta's envelope as it is for Cloud numbers, a flat body for
// On-Premise ones, with the headers that were set and without any signature.

import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { DeliveriesService, type Reply } from '../core/deliveries.service.js';
import type { ChatEnd, Message, StatusEntry } from '../core/message.js';
import { Scheduler } from '../core/scheduler.js';
import { WebhookCourier } from '../core/webhook-courier.js';
import { graphErrorCode } from '../graph/graph-error-codes.js';
import { GraphWebhooks } from '../graph/graph-webhooks.js';
import { inboundMessage } from '../graph/inbound-message.js';
import { statusUpdate } from '../graph/status-update.js';
import { fromGraphCode, onPremiseCode } from './dialog360-errors.js';
import { type Dialog360Key, Dialog360Keys, type Dialog360Number } from './dialog360-keys.js';

const TIMEOUT_MS = 5_000;
const SHUFFLE_WINDOW_MS = 500;

@Injectable()
export class Dialog360Webhooks {
  constructor(
    private readonly keys: Dialog360Keys,
    private readonly courier: WebhookCourier,
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
    deliveries: DeliveriesService,
    graph: GraphWebhooks,
  ) {
    deliveries.register('dialog360', {
      report: (message, entry) => this.messageStatus(message, entry),
      titleOf: (code) => graphErrorCode(Number(code)).title,
      inbound: (reply) => this.inbound(reply),
      listeners: () => this.listeners(),
    });
    graph.onNews((wabaId, envelope) => {
      for (const key of keys.ofAccount(wabaId)) if (key.kind === 'cloud') this.post(key, envelope);
    });
  }

  private messageStatus(message: Message, entry: StatusEntry): void {
    const number = this.keys.open(message.accountId);
    if (!number) return;
    const { key, sender } = number;
    const status = statusUpdate(message, entry);
    if (key.kind === 'on-premise') return this.post(key, { statuses: [flatStatus(status, entry)] });
    this.postValue(number, {
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: sender.displayNumber, phone_number_id: sender.id },
      statuses: [status],
    });
  }

  /** On-Premise says the same without an envelope, and not which number it was written to. */
  private inbound(reply: Reply): void {
    const number = this.keys.open(reply.own.accountId);
    if (!number) return;
    const value = inboundMessage(reply, number.sender);
    const { contacts, messages } = value;
    if (number.key.kind === 'on-premise') this.post(number.key, { contacts, messages });
    else this.postValue(number, value);
  }

  private listeners(): ChatEnd[] {
    return this.keys.list().flatMap(({ apiKey, webhook }) => {
      const sender = webhook && this.keys.open(apiKey)?.sender;
      if (!sender) return [];
      return {
        channel: 'whatsapp',
        skin: 'dialog360',
        accountId: apiKey,
        senderId: sender.id,
        from: sender.displayNumber,
        senderName: sender.verifiedName,
      };
    });
  }

  private postValue({ key, account }: Dialog360Number, value: object): void {
    this.post(key, {
      object: 'whatsapp_business_account',
      entry: [{ id: account.wabaId, changes: [{ field: 'messages', value }] }],
    });
  }

  private post({ webhook }: Dialog360Key, body: object): void {
    const { mute, delayMs, shuffle, timeoutMs } = this.behavior.current.webhooks;
    if (mute || !webhook) return;
    const { url, headers } = webhook;
    const bytes = Buffer.from(JSON.stringify(body));
    const send = (): void =>
      this.courier.send({
        url,
        body: bytes,
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-length': String(bytes.length),
        },
        timeoutMs: Math.min(TIMEOUT_MS, timeoutMs),
      });
    const waitMs = delayMs + (shuffle ? randomInt(SHUFFLE_WINDOW_MS) : 0);
    if (waitMs === 0) send();
    else this.scheduler.after(waitMs, send);
  }
}

/** Nothing of the client's is echoed, and errors have codes of their own. */
function flatStatus(
  { biz_opaque_callback_data: _ours, errors: _graph, ...status }: Record<string, unknown>,
  { error }: StatusEntry,
): Record<string, unknown> {
  if (!error) return status;
  const code = fromGraphCode(Number(error.code));
  return { ...status, errors: [{ code, title: onPremiseCode(code).title }] };
}
