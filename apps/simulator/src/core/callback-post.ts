// Owns when a callback goes out that a skin posts for one message at a time: muted,
// delayed or shuffled, as the switches say. The courier carries it.

import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from './behavior.js';
import { Scheduler } from './scheduler.js';
import { WebhookCourier } from './webhook-courier.js';

interface Callback {
  url: string;
  contentType: string;
  body: string;
  headers: Record<string, string>;
}

const SHUFFLE_WINDOW_MS = 500;

@Injectable()
export class CallbackPost {
  constructor(
    private readonly behavior: BehaviorSwitch,
    private readonly scheduler: Scheduler,
    private readonly courier: WebhookCourier,
  ) {}

  send({ url, contentType, body, headers }: Callback): void {
    const { mute, delayMs, shuffle } = this.behavior.current.webhooks;
    if (mute) return;
    const bytes = Buffer.from(body);
    const parcel = {
      url,
      body: bytes,
      headers: { 'content-type': contentType, 'content-length': String(bytes.length), ...headers },
    };
    const waitMs = delayMs + (shuffle ? randomInt(SHUFFLE_WINDOW_MS) : 0);
    if (waitMs === 0) this.courier.send(parcel);
    else this.scheduler.after(waitMs, () => this.courier.send(parcel));
  }
}
