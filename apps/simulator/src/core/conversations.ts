// Owns whether a conversation is open: for a day after the person's last words to the
// sender, in which words without a template arrive on WhatsApp.

import { Injectable } from '@nestjs/common';
import { Clock } from './clock.js';
import { chatOf, type Message } from './message.js';
import { MessageLog } from './message-log.js';
import { handsetOf } from './phone-number.js';

const DAY_MS = 24 * 3_600_000;

@Injectable()
export class Conversations {
  constructor(
    private readonly log: MessageLog,
    private readonly clock: Clock,
  ) {}

  isOpen(to: string, sender: Pick<Message, 'channel' | 'from'>): boolean {
    return this.log
      .ofHandset(handsetOf(to))
      .some(
        (message) =>
          message.own &&
          chatOf(message) === chatOf(sender) &&
          this.clock.now() - Date.parse(message.receivedAt) < DAY_MS,
      );
  }
}
