import { Injectable } from '@nestjs/common';
import type { Identifier } from '#platform/identifiers';
import { RedisConnection } from '#platform/redis';

/** What a receipt said before anybody knew its message. */
export interface EarlyReceipt {
  status: 'sent' | 'delivered' | 'read' | 'failed';
  reason?: string;
  price?: { amount: string; currency: string };
}

const LIFE_SECONDS = 7 * 86_400;
/** A provider that calls back while its own answer is on the way does so within its deadline. */
const EARLY_SECONDS = 60;
const MOST_EARLY = 16;

/**
 * Which message a provider's own id names, for providers whose receipts echo nothing of ours. The id and the receipts
 * that came before it share a hash tag, and each side reads and writes in one transaction, so none falls between.
 */
@Injectable()
export class ProviderMessageIds {
  constructor(private readonly redis: RedisConnection) {}

  /** Answers what was said of it already, in order. */
  async note(
    accountId: Identifier,
    providerMessageId: string,
    messageId: Identifier,
  ): Promise<EarlyReceipt[]> {
    const [key, early] = keysOf(accountId, providerMessageId);
    const replies = await this.redis.client
      .multi()
      .set(key, messageId, 'EX', LIFE_SECONDS)
      .lrange(early, 0, -1)
      .del(early)
      .exec();
    const kept = replies?.[1]?.[1] as string[] | undefined;
    return (kept ?? []).map((text) => JSON.parse(text) as EarlyReceipt);
  }

  /** The message of that id, for whoever answers it. */
  async messageOf(accountId: Identifier, providerMessageId: string): Promise<Identifier | undefined> {
    return (await this.redis.client.get(keysOf(accountId, providerMessageId)[0])) ?? undefined;
  }

  async forget(accountId: Identifier, providerMessageId: string): Promise<void> {
    await this.redis.client.del(...keysOf(accountId, providerMessageId));
  }

  /** The message of that id; else the receipt is kept for a minute, in case its message is only being sent. */
  async find(
    accountId: Identifier,
    providerMessageId: string,
    receipt: EarlyReceipt,
  ): Promise<Identifier | undefined> {
    const [key, early] = keysOf(accountId, providerMessageId);
    const known = await this.redis.client.get(key);
    if (known !== null) return known;
    const replies = await this.redis.client
      .multi()
      .get(key)
      .rpush(early, JSON.stringify(receipt))
      .ltrim(early, 0, MOST_EARLY - 1)
      .expire(early, EARLY_SECONDS)
      .exec();
    return (replies?.[0]?.[1] as string | null | undefined) ?? undefined;
  }
}

function keysOf(accountId: Identifier, providerMessageId: string): [id: string, early: string] {
  const tag = `{r:${accountId}:${providerMessageId}}`;
  return [tag, `${tag}:early`];
}
