import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Price } from '#limits';
import type { Channel } from '#providers';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { LuaScripts, RedisConnection } from '#platform/redis';
import { LETTER_OF_CHANNEL } from '../channel-letters.js';
import type { Expectation } from './equal-accounts.js';

const EVERY_MS = 2_000;
/** An account that nothing was routed by for so long is not read any more. */
const FORGOTTEN_MS = 600_000;
const HALF_LIFE_MS = 6 * 3_600_000;
/** Twenty-eight half-lives: nothing is left by then. */
const KEPT_MS = 7 * 86_400_000;
/** Before anything is known, six of ten messages are taken to be answered; that weighs as much as ten messages do. */
const ASSUMED = { conversion: 0.6, messages: 10 };

/** One message that a provider took, when its challenge has ended. */
export interface CarriedMessage {
  accountId: Identifier;
  channelLetter: string;
  /** ISO 3166; absent where a receiver has none. */
  country?: string;
  endedAt: number;
  answered: boolean;
  price?: Price;
}

interface Count {
  carried: number;
  answered: number;
  at: number;
  price?: Price;
}

interface AccountCounts {
  byField: ReadonlyMap<string, Count>;
  askedAt: number;
}

/**
 * How many of an account's messages are answered, by channel and country, shared by all processes through Redis. Told by
 * the journal's projection, read every two seconds for the accounts that are asked about: a send looks at memory only.
 */
@Injectable()
export class ConversionRates implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = loggerFor('conversion');
  private readonly scripts: LuaScripts<'note-conversions'>;
  private readonly accounts = new Map<Identifier, AccountCounts>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, ['note-conversions']);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.refresh(), EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** From memory. An account that is asked about for the first time is as one that nothing is known of. */
  expect(accountId: Identifier, channel: Channel, country: string | undefined): Expectation {
    const known = this.accounts.get(accountId);
    if (known) known.askedAt = performance.now();
    else this.watch(accountId);
    const count = known?.byField.get(fieldOf(LETTER_OF_CHANNEL[channel], country));
    const kept = count ? 2 ** (-Math.max(0, this.clock.now() - count.at) / HALF_LIFE_MS) : 0;
    const evidence = (count?.carried ?? 0) * kept;
    const answered = (count?.answered ?? 0) * kept + ASSUMED.conversion * ASSUMED.messages;
    return { conversion: answered / (evidence + ASSUMED.messages), evidence, price: count?.price };
  }

  async note(messages: readonly CarriedMessage[]): Promise<void> {
    const byAccount = new Map<Identifier, CarriedMessage[]>();
    for (const message of messages)
      byAccount.set(message.accountId, [...(byAccount.get(message.accountId) ?? []), message]);
    await Promise.all(
      [...byAccount].map(([accountId, own]) =>
        this.scripts.run(
          'note-conversions',
          [keyOf(accountId)],
          [
            HALF_LIFE_MS,
            KEPT_MS,
            ...own.flatMap(({ channelLetter, country, endedAt, answered, price }) => [
              fieldOf(channelLetter, country),
              endedAt,
              answered ? 1 : 0,
              price ? `${price.micros} ${price.currency}` : '',
            ]),
          ],
        ),
      ),
    );
  }

  private refresh(): void {
    const now = performance.now();
    for (const [accountId, { askedAt }] of this.accounts) {
      if (now - askedAt > FORGOTTEN_MS) this.accounts.delete(accountId);
      else this.read(accountId);
    }
  }

  private watch(accountId: Identifier): void {
    this.accounts.set(accountId, { byField: new Map(), askedAt: performance.now() });
    this.read(accountId);
  }

  /** Not waited for: without Redis what was read last stands, and decays. */
  private read(accountId: Identifier): void {
    this.redis.client.hgetall(keyOf(accountId)).then(
      (counts) => {
        const known = this.accounts.get(accountId);
        if (known)
          known.byField = new Map(Object.entries(counts).map(([field, text]) => [field, readCount(text)]));
      },
      (error: unknown) => this.logger.debug({ error: describeError(error) }, 'rates not read'),
    );
  }
}

function keyOf(accountId: Identifier): string {
  return `{conv:${accountId}}`;
}

function fieldOf(channelLetter: string, country = '-'): string {
  return `${channelLetter}:${country}`;
}

/** As `note-conversions.lua` writes it. */
function readCount(text: string): Count {
  const [carried, answered, at, paid] = text.split(':');
  const [micros, currency] = paid?.split(' ') ?? [];
  return {
    carried: Number(carried),
    answered: Number(answered),
    at: Number(at),
    ...(currency && { price: { micros: Number(micros), currency } }),
  };
}
