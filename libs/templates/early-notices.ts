import { Injectable } from '@nestjs/common';
import type { TemplateStatus } from '#providers';
import type { Identifier } from '#platform/identifiers';
import { RedisConnection } from '#platform/redis';

const KEPT_SECONDS = 600;

export interface EarlyNotice {
  status: TemplateStatus;
  reason?: string;
}

/** What a provider said about a template before we had written down its id: an approval may overtake the answer. */
@Injectable()
export class EarlyNotices {
  constructor(private readonly redis: RedisConnection) {}

  async keep(accountId: Identifier, externalId: string, notice: EarlyNotice): Promise<void> {
    await this.redis.client.set(nameOf(accountId, externalId), JSON.stringify(notice), 'EX', KEPT_SECONDS);
  }

  /** Hands it over, once. */
  async take(accountId: Identifier, externalId: string): Promise<EarlyNotice | undefined> {
    const text = await this.redis.client.getdel(nameOf(accountId, externalId));
    return text === null ? undefined : (JSON.parse(text) as EarlyNotice);
  }
}

function nameOf(accountId: Identifier, externalId: string): string {
  return `{t:${accountId}:${externalId}}`;
}
