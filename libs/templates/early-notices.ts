import { Injectable } from '@nestjs/common';
import type { TemplateNotice } from '#providers';
import type { Identifier } from '#platform/identifiers';
import { RedisConnection } from '#platform/redis';

const KEPT_SECONDS = 600;

/** What is new about one language of a template; what is absent is as it was. */
export type TemplateChange = Omit<TemplateNotice, 'kind' | 'externalId'>;

/** What a provider said about a template before we had written down its id: an approval may overtake the answer. */
@Injectable()
export class EarlyNotices {
  constructor(private readonly redis: RedisConnection) {}

  /** Added to what was said before: a word about the quality does not unsay the approval. */
  async keep(accountId: Identifier, externalId: string, change: TemplateChange): Promise<void> {
    const name = nameOf(accountId, externalId);
    const said = Object.entries(change).filter(([, value]) => value !== undefined);
    await this.redis.client.multi().hset(name, Object.fromEntries(said)).expire(name, KEPT_SECONDS).exec();
  }

  /** Hands it over, once. */
  async take(accountId: Identifier, externalId: string): Promise<TemplateChange | undefined> {
    const name = nameOf(accountId, externalId);
    const replies = await this.redis.client.multi().hgetall(name).del(name).exec();
    const said = replies?.[0]?.[1] as TemplateChange | undefined;
    return said && Object.keys(said).length > 0 ? said : undefined;
  }
}

function nameOf(accountId: Identifier, externalId: string): string {
  return `{tn:${accountId}:${externalId}}`;
}
