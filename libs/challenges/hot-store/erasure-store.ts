import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { LuaScripts, RedisConnection } from '#platform/redis';
import { LETTER_OF_CHANNEL } from '../channel-letters.js';
import type { ReceiverPlace } from '../receiver-aliases.js';

/** What erasure does in Redis, beside `HotStore`. */
@Injectable()
export class ErasureStore {
  private readonly scripts: LuaScripts<'erase-challenge' | 'erase-receiver'>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly partitions: Partitions,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, ['erase-challenge', 'erase-receiver']);
  }

  /** Whether anything that was journalled at these places up to that time is not in PostgreSQL yet. */
  async isBehind(places: readonly ReceiverPlace[], time: Date): Promise<boolean> {
    const oldest = await Promise.all(
      places.map(({ partition }) =>
        this.redis.client.xrange(`${this.partitions.tag(partition)}journal`, '-', '+', 'COUNT', 1),
      ),
    );
    return oldest.flat().some(([, fields]) => Number(fields[fields.indexOf('at') + 1]) <= time.getTime());
  }

  /** False when something of it is under way still: ask again. */
  async eraseChallenge(id: Identifier, tenantId: Identifier): Promise<boolean> {
    const tag = this.partitions.tagOf(id);
    const keys = [`${tag}ch:${id}`, `${tag}journal`];
    return (await this.scripts.run('erase-challenge', keys, [this.clock.offsetMs, tenantId])) === 1;
  }

  async eraseReceiver({ partition, ref }: ReceiverPlace, tenantId: Identifier): Promise<void> {
    const tag = this.partitions.tag(partition);
    const name = `${tenantId}:${ref}`;
    const suppressions = Object.values(LETTER_OF_CHANNEL).map((letter) => `${tag}sup:${name}:${letter}`);
    const known = ['ver', 'alert', 'asked', 'stop', 'miss'].map((what) => `${tag}${what}:${name}`);
    await this.scripts.run('erase-receiver', [`${tag}lim:${ref}`, ...known, ...suppressions], [tenantId]);
  }
}
