// Owns every accepted message: a ring of the newest 25,000, with an index by
// provider id and by handset. Adding and dropping one is O(1), so that a load
// test does not slow down as the log fills. Channel-neutral.

import { Injectable } from '@nestjs/common';
import { Clock } from './clock.js';
import type { DeliveryStatus, Message, MessageDraft, StatusEntry } from './message.js';
import { handsetOf } from './phone-number.js';
import { StateFile } from './state-file.js';

export const LOG_CAPACITY = 25_000;
/** Only these many survive a restart: writing the whole log on every change would stall under load. */
const PERSISTED_MESSAGES = 1_000;

/** A message that is new or has a new status; undefined when the log was cleared. */
type MessageListener = (message: Message | undefined) => void;

export interface MessageQuery {
  /** Any spelling of the receiver, digits. */
  to?: string;
  /** Only messages with a greater seq, oldest first; without it the newest `limit`. */
  since?: number;
  limit: number;
}

interface PersistedLog {
  lastSeq: number;
  messages: Message[];
}

@Injectable()
export class MessageLog {
  private ring: (Message | undefined)[] = new Array<Message | undefined>(LOG_CAPACITY);
  private byId = new Map<string, Message>();
  private byHandset = new Map<string, Map<number, Message>>();
  private readonly listeners = new Set<MessageListener>();
  private firstSeq = 1;
  private seq = 0;

  constructor(
    private readonly clock: Clock,
    private readonly state: StateFile,
  ) {
    state.register<PersistedLog>('messages', () => this.snapshot());
    const saved = state.read<PersistedLog>('messages');
    if (saved) this.restore(saved);
  }

  get lastSeq(): number {
    return this.seq;
  }

  get size(): number {
    return this.byId.size;
  }

  append(draft: MessageDraft): Message {
    const at = this.clock.iso();
    const message: Message = {
      seq: this.seq + 1,
      ...draft,
      handset: handsetOf(draft.to),
      receivedAt: at,
      statuses: [{ status: 'accepted', at }],
    };
    this.place(message);
    this.emit(message);
    return message;
  }

  addStatus(message: Message, status: DeliveryStatus, error?: StatusEntry['error']): void {
    message.statuses.push({ status, at: this.clock.iso(), ...(error && { error }) });
    this.emit(message);
  }

  get(id: string): Message | undefined {
    return this.byId.get(id);
  }

  /** What was sent to people; their own words are not among it. */
  query({ to, since, limit }: MessageQuery): Message[] {
    const all = to === undefined ? this.all(since ?? 0) : this.ofHandset(handsetOf(to), since ?? 0);
    const source = all.filter(({ own }) => !own);
    return since === undefined ? source.slice(-limit) : source.slice(0, limit);
  }

  /** Oldest first. */
  ofHandset(handset: string, since = 0): Message[] {
    const messages = [...(this.byHandset.get(handset)?.values() ?? [])];
    return since === 0 ? messages : messages.filter((message) => message.seq > since);
  }

  /** The newest message of every handset, the latest handset first. */
  latestByHandset(limit: number): { newest: Message; count: number }[] {
    const latest: { newest: Message; count: number }[] = [];
    const seen = new Set<string>();
    for (let seq = this.seq; seq >= this.firstSeq && latest.length < limit; seq -= 1) {
      const newest = this.ring[seq % LOG_CAPACITY];
      if (!newest || seen.has(newest.handset)) continue;
      seen.add(newest.handset);
      latest.push({ newest, count: this.byHandset.get(newest.handset)?.size ?? 0 });
    }
    return latest;
  }

  clear(): void {
    this.ring = new Array<Message | undefined>(LOG_CAPACITY);
    this.byId = new Map();
    this.byHandset = new Map();
    this.firstSeq = this.seq + 1;
    this.emit();
  }

  subscribe(listener: MessageListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private all(since: number): Message[] {
    const found: Message[] = [];
    for (let seq = Math.max(since + 1, this.firstSeq); seq <= this.seq; seq += 1) {
      const message = this.ring[seq % LOG_CAPACITY];
      if (message) found.push(message);
    }
    return found;
  }

  private place(message: Message): void {
    const slot = message.seq % LOG_CAPACITY;
    const evicted = this.ring[slot];
    if (evicted) this.forget(evicted);
    this.ring[slot] = message;
    this.seq = message.seq;
    this.byId.set(message.id, message);
    const chat = this.byHandset.get(message.handset) ?? new Map<number, Message>();
    chat.set(message.seq, message);
    this.byHandset.set(message.handset, chat);
  }

  private forget(message: Message): void {
    this.firstSeq = message.seq + 1;
    this.byId.delete(message.id);
    const chat = this.byHandset.get(message.handset);
    chat?.delete(message.seq);
    if (chat?.size === 0) this.byHandset.delete(message.handset);
  }

  private emit(message?: Message): void {
    this.state.touch();
    for (const listener of this.listeners) listener(message);
  }

  private snapshot(): PersistedLog {
    return { lastSeq: this.seq, messages: this.all(Math.max(0, this.seq - PERSISTED_MESSAGES)) };
  }

  private restore({ lastSeq, messages }: PersistedLog): void {
    this.firstSeq = messages[0]?.seq ?? lastSeq + 1;
    // Written before there were others.
    for (const message of messages) this.place({ ...message, skin: message.skin ?? 'graph' });
    this.seq = lastSeq;
  }
}
