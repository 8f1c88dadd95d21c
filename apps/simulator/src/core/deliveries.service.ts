// Owns what happens to an accepted message: the statuses its fate has in store,
// each logged, shown on the phone and reported by the skin it came in through. Goes
// on after a restart with messages that were still under way.

import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { BehaviorSwitch } from './behavior.js';
import { Clock } from './clock.js';
import { MessageLog } from './message-log.js';
import {
  type BubbleButton,
  type ChatEnd,
  chatOf,
  type DeliveryStatus,
  type Message,
  type Skin,
  type StatusEntry,
  statusOf,
} from './message.js';
import { Scheduler } from './scheduler.js';

/** What a person wrote or pressed. */
export interface Reply {
  /** As the log keeps it: the words, the time, and the chat's account, sender and receiver. Its id is the log's own. */
  own: Message;
  /** The message of ours that it quotes, or whose button was pressed. */
  answered?: Message;
  button?: BubbleButton;
}

/** How a skin tells its client, and what its failures are called. */
export interface Reporter {
  report(message: Message, entry: StatusEntry): void;
  titleOf(code: number | string): string;
  /** Tells the client what the person answered, as the provider would. Left out: the channel has no way back. */
  inbound?(reply: Reply): void;
  /** The senders of this skin that people may write to, because somebody listens. */
  listeners?(): ChatEnd[];
}

const RESUME_WITHIN_MS = 3_600_000;

@Injectable()
export class DeliveriesService implements OnApplicationBootstrap {
  private readonly reporters = new Map<Skin, Reporter>();

  constructor(
    private readonly log: MessageLog,
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
    private readonly clock: Clock,
  ) {}

  /** Each skin, while it is constructed. */
  register(skin: Skin, reporter: Reporter): void {
    this.reporters.set(skin, reporter);
  }

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

  /** The person looks at one chat, or at all of them: everything of it that reached the handset is read. */
  read(handset: string, chat?: string): number {
    const unread = this.log
      .ofHandset(handset)
      .filter((message) => statusOf(message) === 'delivered' && !message.own)
      .filter((message) => chat === undefined || chatOf(message) === chat);
    for (const message of unread) this.set(message, 'read');
    return unread.length;
  }

  /** Whom a person can write to. */
  listeners(): ChatEnd[] {
    return [...this.reporters.values()].flatMap((reporter) => reporter.listeners?.() ?? []);
  }

  /** Hands the person's words to the skin of their chat; without a way back they never leave the phone. */
  hand(reply: Reply): void {
    const inbound = this.reporters.get(reply.own.skin)?.inbound;
    if (!inbound) return;
    inbound(reply);
    this.log.addStatus(reply.own, 'delivered');
  }

  private deliver(message: Message): void {
    this.set(message, 'delivered');
    if (message.fate.kind !== 'read') return;
    this.scheduler.after(this.behavior.current.statuses.readAfterMs, () => {
      if (statusOf(message) === 'delivered') this.set(message, 'read');
    });
  }

  private fail(message: Message, code: number | string): void {
    this.set(message, 'failed', { code, title: this.reporters.get(message.skin)?.titleOf(code) ?? '' });
  }

  private set(message: Message, status: DeliveryStatus, error?: StatusEntry['error']): void {
    this.log.addStatus(message, status, error);
    const entry = message.statuses[message.statuses.length - 1];
    if (entry && message.fate.kind !== 'unreported') this.reporters.get(message.skin)?.report(message, entry);
  }
}
