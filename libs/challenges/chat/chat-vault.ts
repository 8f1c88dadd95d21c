import { Injectable } from '@nestjs/common';
import type { ChatMessage } from '#providers';
import { KeyRing, Sealer, shortDigest } from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';

/** What is said, and to whom. */
export type ChatWords = Pick<ChatMessage, 'to' | 'text' | 'buttons' | 'inReplyTo'>;

/** Everything secret about a reply. */
@Injectable()
export class ChatVault {
  constructor(
    private readonly keyRing: KeyRing,
    private readonly sealer: Sealer,
  ) {}

  /** Tells nothing of the key, which may be made of an id that a person's number can be read from. */
  nameOf(accountId: Identifier, key: string): string {
    return shortDigest(this.keyRing.installationKey, ['chat', accountId, key]);
  }

  seal(accountId: Identifier, name: string, words: ChatWords): string {
    return this.sealer.seal('chat-seal', JSON.stringify(words), `${accountId}:${name}`);
  }

  /** Throws `RetiredKey` when it was sealed under a key that is gone. */
  open(accountId: Identifier, name: string, sealed: string): ChatWords {
    return JSON.parse(this.sealer.open('chat-seal', sealed, `${accountId}:${name}`)) as ChatWords;
  }
}
