// Owns the inboxes: servers of one's own that events are posted to, which keep what came
// and answer well or badly as they were told.

import { Injectable } from '@nestjs/common';
import { Clock } from '../core/clock.js';
import { integer, object, oneOf, text } from '../core/shape.js';

export interface InboxBehavior {
  /** 204 unless said. */
  status: number;
  latencyMs: number;
  /** Seconds or a date, as a header. */
  retryAfter: string;
  /** `hang` never answers, `drip` answers 200 one byte a second, `reset` cuts the connection. */
  fault: 'none' | 'hang' | 'drip' | 'reset';
}

export interface Posted {
  receivedAt: string;
  headers: Record<string, unknown>;
  body: string;
}

interface Inbox {
  behavior: InboxBehavior;
  posts: Posted[];
  /** Of all, also those no longer kept. */
  count: number;
}

const MOST_POSTS = 1_000;
const WELL: InboxBehavior = { status: 204, latencyMs: 0, retryAfter: '', fault: 'none' };

export const readInboxBehavior = object<InboxBehavior>({
  status: integer(200, 599),
  latencyMs: integer(0, 60_000),
  retryAfter: text(/^[\x20-\x7e]{0,64}$/, 'a header'),
  fault: oneOf('none', 'hang', 'drip', 'reset'),
});

@Injectable()
export class Inboxes {
  private readonly inboxes = new Map<string, Inbox>();

  constructor(private readonly clock: Clock) {}

  get(name: string): Inbox {
    let inbox = this.inboxes.get(name);
    if (!inbox) this.inboxes.set(name, (inbox = { behavior: WELL, posts: [], count: 0 }));
    return inbox;
  }

  /** What is left out is as at first. */
  behave(name: string, behavior: Partial<InboxBehavior>): InboxBehavior {
    return (this.get(name).behavior = { ...WELL, ...behavior });
  }

  keep(name: string, headers: Record<string, unknown>, body: string): InboxBehavior {
    const inbox = this.get(name);
    inbox.count++;
    inbox.posts.push({ receivedAt: this.clock.iso(), headers, body });
    if (inbox.posts.length > MOST_POSTS) inbox.posts.shift();
    return inbox.behavior;
  }

  clear(name: string): void {
    this.inboxes.delete(name);
  }
}
