// Owns Graph's webhooks: where one goes (phone > WABA > app, and only while the app
// is subscribed), the envelope, batching and shuffling. The courier carries the bytes.

import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { DeliveriesService, type Reply } from '../core/deliveries.service.js';
import type { ChatEnd, Message, StatusEntry } from '../core/message.js';
import { Scheduler } from '../core/scheduler.js';
import { WebhookCourier } from '../core/webhook-courier.js';
import { type Account, GraphAccounts, type Sender } from './graph-accounts.js';
import { graphErrorCode } from './graph-error-codes.js';
import { inboundMessage } from './inbound-message.js';
import { escapedJson, signatureOf } from './signed-json.js';
import { statusUpdate } from './status-update.js';
import type { Template, TemplateStatus } from './template.js';

export interface TemplateNews {
  reason?: string;
  disable_info?: { disable_date: string };
  other_info?: { title: string; description: string };
  rejection_info?: { reason: string; recommendation: string };
}

interface Update {
  wabaId: string;
  field: string;
  value: Record<string, unknown>;
  /** Unix seconds on account-level news, absent on messages. */
  time?: number;
}

interface Outbox {
  url: string;
  account: Account;
  updates: Update[];
  flushing: boolean;
}

type Forward = (wabaId: string, envelope: object) => void;

const MAX_UPDATES_PER_POST = 1_000;
const SHUFFLE_WINDOW_MS = 500;
/** With deliveries behind, updates gather this long, as Meta batches under load. */
const CATCH_UP_BATCH_MS = 50;

@Injectable()
export class GraphWebhooks {
  private readonly outboxes = new Map<string, Outbox>();
  private readonly forwards: Forward[] = [];

  constructor(
    private readonly accounts: GraphAccounts,
    private readonly courier: WebhookCourier,
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
    private readonly clock: Clock,
    deliveries: DeliveriesService,
  ) {
    deliveries.register('graph', {
      report: (message, entry) => this.messageStatus(message, entry),
      titleOf: (code) => graphErrorCode(Number(code)).title,
      inbound: (reply) => this.inbound(reply),
      listeners: () => this.listeners(),
    });
  }

  private messageStatus(message: Message, entry: StatusEntry): void {
    const found = this.accounts.sender(message.senderId);
    if (!found) return;
    const { account, sender } = found;
    const value = {
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: sender.displayNumber, phone_number_id: sender.id },
      statuses: [statusUpdate(message, entry)],
    };
    this.post(account, callbackOf(account, sender), { wabaId: account.wabaId, field: 'messages', value });
  }

  private listeners(): ChatEnd[] {
    return this.accounts.list().flatMap((account) =>
      account.phoneNumbers
        .filter((sender) => callbackOf(account, sender) !== undefined)
        .map(({ id, displayNumber, verifiedName }) => ({
          channel: 'whatsapp',
          skin: 'graph',
          accountId: account.wabaId,
          senderId: id,
          from: displayNumber,
          senderName: verifiedName,
        })),
    );
  }

  private inbound(reply: Reply): void {
    const found = this.accounts.sender(reply.own.senderId);
    if (!found) return;
    const { account, sender } = found;
    const update = { wabaId: account.wabaId, field: 'messages', value: inboundMessage(reply, sender) };
    this.post(account, callbackOf(account, sender), update);
  }

  templateStatus(template: Template, event: TemplateStatus, news: TemplateNews): void {
    const account = this.accounts.find(template.wabaId);
    if (!account) return;
    const value = {
      event,
      // An integer here, a string everywhere else; the language with a hyphen.
      message_template_id: Number(template.id),
      message_template_name: template.name,
      message_template_language: template.language.replace('_', '-'),
      reason: 'NONE',
      message_template_category: template.category,
      ...news,
    };
    this.tell(account, 'message_template_status_update', value);
  }

  /** News of an account: to its own callback, and to the gateways that forward them. */
  tell(account: Account, field: string, value: Record<string, unknown>): void {
    // Only what is about messages has no time on its entry.
    const time = field === 'messages' ? undefined : Math.floor(this.clock.now() / 1_000);
    const update = { wabaId: account.wabaId, field, value, time };
    this.post(account, callbackOf(account), update);
    for (const forward of this.forwards) forward(account.wabaId, envelopeOf([update]));
  }

  /** Each gateway, while it is constructed. */
  onNews(forward: Forward): void {
    this.forwards.push(forward);
  }

  private post(account: Account, url: string | undefined, update: Update): void {
    const { mute, delayMs, shuffle } = this.behavior.current.webhooks;
    if (mute || url === undefined) return;
    const waitMs = delayMs + (shuffle ? randomInt(SHUFFLE_WINDOW_MS) : 0);
    if (waitMs === 0) this.collect(account, url, update);
    else this.scheduler.after(waitMs, () => this.collect(account, url, update));
  }

  private collect(account: Account, url: string, update: Update): void {
    const key = `${account.wabaId} ${url}`;
    const outbox = this.outboxes.get(key) ?? { url, account, updates: [], flushing: false };
    this.outboxes.set(key, outbox);
    outbox.updates.push(update);
    if (outbox.updates.length >= MAX_UPDATES_PER_POST) return this.flush(outbox);
    const { batchMs } = this.behavior.current.webhooks;
    const waitMs = batchMs || (this.courier.behind ? CATCH_UP_BATCH_MS : 0);
    if (outbox.flushing) return;
    if (waitMs === 0) return this.flush(outbox);
    outbox.flushing = true;
    this.scheduler.after(waitMs, () => {
      outbox.flushing = false;
      this.flush(outbox);
    });
  }

  private flush(outbox: Outbox): void {
    if (outbox.updates.length === 0) return;
    const updates = outbox.updates.splice(0);
    if (this.behavior.current.webhooks.shuffle) shuffleInPlace(updates);
    const body = escapedJson(envelopeOf(updates));
    this.courier.send({
      url: outbox.url,
      body,
      headers: {
        'content-type': 'application/json',
        'content-length': String(body.length),
        'user-agent': 'facebookexternalua',
        'x-hub-signature-256': signatureOf(body, outbox.account.appSecret),
      },
    });
  }
}

function callbackOf(account: Account, sender?: Sender): string | undefined {
  if (!account.subscribed) return undefined;
  return sender?.override?.uri ?? account.override?.uri ?? account.appCallbackUrl;
}

function envelopeOf(updates: Update[]): object {
  return { object: 'whatsapp_business_account', entry: entriesOf(updates) };
}

/** Messages share one entry; account news have one each, because the time stands on the entry. */
function entriesOf(updates: Update[]): Record<string, unknown>[] {
  const entries: { id: string; time?: number; changes: Record<string, unknown>[] }[] = [];
  for (const { wabaId, field, value, time } of updates) {
    const shared = time === undefined ? entries.find((entry) => entry.time === undefined) : undefined;
    if (shared) shared.changes.push({ field, value });
    else entries.push({ id: wabaId, ...(time !== undefined && { time }), changes: [{ field, value }] });
  }
  return entries;
}

function shuffleInPlace(updates: Update[]): void {
  for (let last = updates.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [updates[last], updates[other]] = [updates[other]!, updates[last]!];
  }
}
