import { Injectable } from '@nestjs/common';
import type { InboundNotice } from '#providers';
import { Clock } from '#platform/clock';
import { KeyRing, shortDigest } from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';
import { LuaScripts, RedisConnection } from '#platform/redis';

/** Twenty a minute, and as many at once. */
const EVERY_MS = 3_000;
const AT_ONCE = 20;
/** Longer than reading one takes; a killed process leaves it to the provider's repetition. */
const LEASE_MS = 10_000;
/** As long as a provider repeats a webhook. */
const KEPT_SECONDS = 7 * 86_400;

type Admission = 'new' | 'reading' | 'repeated' | 'throttled';

/**
 * Stands before anybody looks for what a message may mean: each is let in once, and a person who floods us costs one
 * small script. People are counted by a keyed digest, per sender that they write to.
 */
@Injectable()
export class InboundGate {
  private readonly scripts: LuaScripts<'hear-message'>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
    private readonly keyRing: KeyRing,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, ['hear-message']);
  }

  async admit(senderId: Identifier, notice: InboundNotice): Promise<Admission> {
    return (await this.scripts.run('hear-message', this.keysOf(senderId, notice), [
      this.clock.offsetMs,
      EVERY_MS,
      AT_ONCE,
      LEASE_MS,
    ])) as Admission;
  }

  /** It was read: the same message is a repetition from now on. */
  async keep(senderId: Identifier, notice: InboundNotice): Promise<void> {
    await this.redis.client.set(this.keysOf(senderId, notice)[1], 'k', 'EX', KEPT_SECONDS);
  }

  /** Reading it failed: its repetition is to be read. */
  async free(senderId: Identifier, notice: InboundNotice): Promise<void> {
    await this.redis.client.del(this.keysOf(senderId, notice)[1]);
  }

  private keysOf(
    senderId: Identifier,
    { from, providerMessageId }: InboundNotice,
  ): [person: string, message: string] {
    const key = this.keyRing.installationKey;
    const person = `{heard:${shortDigest(key, ['heard', senderId, from])}}`;
    return [person, `${person}:${shortDigest(key, ['heard-message', providerMessageId])}`];
  }
}
