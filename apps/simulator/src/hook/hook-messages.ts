// Owns what the hook makes of a document that Countersign posts: a message in whatever
// channel it names, and the signed reports.

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CallbackPost } from '../core/callback-post.js';
import { Clock } from '../core/clock.js';
import { DeliveriesService } from '../core/deliveries.service.js';
import { MessageCall } from '../core/message-call.js';
import { MessageLog } from '../core/message-log.js';
import { CHANNELS, type Fate, type Message, type MessageDraft, type StatusEntry } from '../core/message.js';
import { digitsOf, isMailAddress } from '../core/phone-number.js';
import { Refusal } from '../core/refusal.js';
import { SimulatorConfig } from '../simulator.config.js';
import { signatureOf } from './hook-signature.js';

const CLASSES = ['receiver', 'account', 'template', 'bug'];
const REASONS: Record<string, string> = {
  131026: 'not_reachable',
  131042: 'payment_missing',
  131049: 'filtered',
};

@Injectable()
export class HookMessages {
  constructor(
    private readonly log: MessageLog,
    private readonly deliveries: DeliveriesService,
    private readonly call: MessageCall,
    private readonly callbacks: CallbackPost,
    private readonly config: SimulatorConfig,
    private readonly clock: Clock,
  ) {
    deliveries.register('hook', {
      report: (message, entry) => this.report(message, entry),
      titleOf: (code) => REASONS[code] ?? String(code),
    });
  }

  prepare(name: string, document: Record<string, unknown>, forced: Fate | undefined): MessageDraft {
    const { v, id, channel, to, from, code, text, html, subject, callbackUrl } = document;
    if (v !== 1) throw refusal('bug', 'unknown_version');
    const known = CHANNELS.find((each) => each === channel);
    const receiver = typeof to === 'string' ? (isMailAddress(to) ? to : digitsOf(to)) : '';
    if (known === undefined || typeof id !== 'string' || typeof code !== 'string')
      throw refusal('bug', 'incomplete');
    if (receiver === '') throw refusal('receiver', 'no_address');
    return {
      channel: known,
      skin: 'hook',
      id: `hook-${randomUUID()}`,
      accountId: name,
      senderId: String(from),
      from: String(from),
      senderName: String(from),
      to: receiver,
      header: typeof subject === 'string' ? subject : undefined,
      text: typeof text === 'string' ? text : code,
      html: typeof html === 'string' ? html : undefined,
      code,
      buttons: [],
      correlation: id,
      callbackUrl: typeof callbackUrl === 'string' ? callbackUrl : undefined,
      fate: forced ?? this.call.magicFate(receiver) ?? { kind: 'delivered' },
    };
  }

  accept(draft: MessageDraft): object {
    const message = this.log.append(draft);
    this.deliveries.start(message);
    return { id: message.id };
  }

  private report(message: Message, { status, error }: StatusEntry): void {
    if (message.callbackUrl === undefined) return;
    const failure = error && { reason: error.title, refused: 'receiver' };
    const told = { id: message.id, correlationId: message.correlation, status, ...failure };
    const body = JSON.stringify({ messages: [told] });
    const id = randomUUID();
    const timestamp = String(Math.floor(this.clock.now() / 1_000));
    this.callbacks.send({
      url: message.callbackUrl,
      contentType: 'application/json',
      body,
      headers: {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatureOf(id, timestamp, body, this.config.hookSecret),
      },
    });
  }
}

/** In the words of the contract; another word than a class is the reason of a receiver’s refusal. */
export function refusal(refused: string, reason: string, retryAfter?: number | string): Refusal {
  return new Refusal(422, { refused: CLASSES.includes(refused) ? refused : 'receiver', reason }, retryAfter);
}
