// Owns getting bytes to a receiver: in order of arrival, a bounded number at a
// time, repeated with falling frequency until the receiver answers 200. It knows
// nothing of what the bytes say; skins build and sign them.

import { Injectable, Logger } from '@nestjs/common';
import { BehaviorSwitch } from './behavior.js';
import { httpCall } from './http-call.js';
import { Scheduler } from './scheduler.js';

interface Parcel {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  /** Of a provider that waits for its own time; the behaviour's unless said. */
  timeoutMs?: number;
}

const CONCURRENT_POSTS = 32;
/** Beyond this the receiver is gone and the newest parcels are refused. */
const MAX_WAITING = 50_000;

@Injectable()
export class WebhookCourier {
  private readonly logger = new Logger('WebhookCourier');
  private queue: { parcel: Parcel; attempt: number }[] = [];
  private head = 0;
  private active = 0;
  private readonly counts = { delivered: 0, refused: 0, dropped: 0, retrying: 0 };

  constructor(
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
  ) {}

  /** Falling behind: a skin should send fewer, fuller posts. */
  get behind(): boolean {
    return this.waiting + this.active >= CONCURRENT_POSTS;
  }

  get stats(): Record<string, number> {
    return { ...this.counts, waiting: this.waiting, active: this.active };
  }

  send(parcel: Parcel): void {
    for (let copy = 0; copy <= this.behavior.current.webhooks.duplicate; copy += 1) this.enqueue(parcel, 1);
  }

  private get waiting(): number {
    return this.queue.length - this.head;
  }

  private enqueue(parcel: Parcel, attempt: number): void {
    if (this.waiting >= MAX_WAITING) {
      this.counts.dropped += 1;
      return;
    }
    this.queue.push({ parcel, attempt });
    this.pump();
  }

  private pump(): void {
    while (this.active < CONCURRENT_POSTS && this.head < this.queue.length) {
      const { parcel, attempt } = this.queue[this.head]!;
      this.head += 1;
      this.active += 1;
      void this.post(parcel, attempt).finally(() => {
        this.active -= 1;
        this.pump();
      });
    }
    // The consumed front is cut off in one go: shifting per item would be O(n) each.
    if (this.head > 1_000 || this.head === this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  private async post(parcel: Parcel, attempt: number): Promise<void> {
    const { timeoutMs } = this.behavior.current.webhooks;
    try {
      const { status } = await httpCall({ method: 'POST', timeoutMs, ...parcel });
      // Any answer other than 200 counts as a failure; 201 and 204 too.
      if (status === 200) {
        this.counts.delivered += 1;
        return;
      }
    } catch {
      // unreachable or too slow: as good as a refusal
    }
    this.repeat(parcel, attempt);
  }

  private repeat(parcel: Parcel, attempt: number): void {
    const { retryBaseMs, maxAttempts } = this.behavior.current.webhooks;
    this.counts.refused += 1;
    if (attempt >= maxAttempts) {
      this.counts.dropped += 1;
      this.logger.warn(`webhook given up after ${attempt} attempts: ${new URL(parcel.url).host}`);
      return;
    }
    this.counts.retrying += 1;
    this.scheduler.after(retryBaseMs * 2 ** (attempt - 1), () => {
      this.counts.retrying -= 1;
      this.enqueue(parcel, attempt + 1);
    });
  }
}
