// Owns what happens to an accepted message: the statuses its fate has in store,
// each logged, shown on the phone and reported. Goes on after a restart with
// messages that were still under way.

import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { MessageLog } from '../core/message-log.js';
import { type DeliveryStatus, type Message, statusOf } from '../core/message.js';
import { Scheduler } from '../core/scheduler.js';
import { graphErrorCode } from './graph-error-codes.js';
import { GraphWebhooks } from './graph-webhooks.js';

const RESUME_WITHIN_MS = 3_600_000;

@Injectable()
export class DeliveriesService implements OnApplicationBootstrap {
  constructor(
    private readonly log: MessageLog,
    private readonly webhooks: GraphWebhooks,
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    for (const message of this.log.query({ since: 0, limit: Infinity })) {
      if (this.clock.now() - Date.parse(message.receivedAt) < RESUME_WITHIN_MS) this.start(message);
    }
  }

  /** A refused message fails without having been sent; any other goes the ladder. */
  start(message: Message): void {
    const { sentAfterMs, deliveredAfterMs } = this.behavior.current.statuses;
    const { fate } = message;
    const status = statusOf(message);
    if (fate.kind === 'failed') {
      if (status === 'accepted') this.scheduler.after(sentAfterMs, () => this.fail(message, fate.code));
      return;
    }
    if (status === 'accepted') this.scheduler.after(sentAfterMs, () => this.set(message, 'sent'));
    if (fate.kind === 'offline' || (status !== 'accepted' && status !== 'sent')) return;
    this.scheduler.after(deliveredAfterMs, () => this.deliver(message));
  }

  /** The person looks at the chat: everything that reached the handset is read. */
  read(handset: string): number {
    const unread = this.log.ofHandset(handset).filter((message) => statusOf(message) === 'delivered');
    for (const message of unread) this.set(message, 'read');
    return unread.length;
  }

  private deliver(message: Message): void {
    this.set(message, 'delivered');
    if (message.fate.kind !== 'read') return;
    this.scheduler.after(this.behavior.current.statuses.readAfterMs, () => {
      if (statusOf(message) === 'delivered') this.set(message, 'read');
    });
  }

  private fail(message: Message, code: number): void {
    this.set(message, 'failed', { code, title: graphErrorCode(code).title });
  }

  private set(message: Message, status: DeliveryStatus, error?: { code: number; title: string }): void {
    this.log.addStatus(message, status, error);
    const entry = message.statuses[message.statuses.length - 1];
    if (entry && message.fate.kind !== 'unreported') this.webhooks.messageStatus(message, entry);
  }
}
