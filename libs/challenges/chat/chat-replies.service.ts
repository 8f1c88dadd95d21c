import { Injectable } from '@nestjs/common';
import type { Channel, ChatButton, LoadedAccount } from '#providers';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { ChatQueue } from './chat-queue.js';
import { ChatVault } from './chat-vault.js';

/** An answer that comes later confuses more than it helps. */
const LIFE_MS = 120_000;

/** Something to say to a person who wrote to us. */
export interface Saying {
  account: LoadedAccount;
  channel: Channel;
  /** The person, as the notice named them. */
  to: string;
  /** The sender that they wrote to: whoever hears a message is told which one it was. */
  senderId: Identifier;
  /** At most 1,000 characters; never a code. */
  text: string;
  /** Three at most. Left out where the channel has none, so the text says what can be typed instead. */
  buttons?: readonly ChatButton[];
  /** The provider's id of the message that is answered. */
  inReplyTo?: string;
  /** Under one key something is said once, however often this is called within seven days. */
  key: string;
}

/**
 * Answers people in the conversation that they opened. Best effort: a worker says it within two minutes or not at all,
 * and never twice. What must not be lost is a message of a challenge instead.
 */
@Injectable()
export class ChatReplies {
  constructor(
    private readonly queue: ChatQueue,
    private readonly vault: ChatVault,
    private readonly clock: Clock,
  ) {}

  /** False when the account cannot talk on this channel. Throws when Redis is away. */
  async say({ account, channel, senderId, key, ...words }: Saying): Promise<boolean> {
    const { chat } = account.provider;
    if (!chat?.channels.includes(channel)) return false;
    const { buttons, ...spoken } = words;
    const name = this.vault.nameOf(account.id, key);
    await this.queue.add({
      v: 1,
      name,
      accountId: account.id,
      senderId,
      channel,
      sealed: this.vault.seal(account.id, name, {
        ...spoken,
        ...(chat.buttonChannels.includes(channel) && { buttons }),
      }),
      until: this.clock.now() + LIFE_MS,
      attempt: 1,
    });
    return true;
  }
}
