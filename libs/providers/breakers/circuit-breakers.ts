import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { type Identifier, renderNative } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { LuaScripts, RedisConnection } from '#platform/redis';
import type { SendResult } from '../message-provider.js';
import { BreakerNews } from './breaker-news.js';

const OPEN_KEY = '{cfg}:breakers';
const EVERY_MS = 500;
const OPEN_MS = 10_000;
/** Wrong credentials do not mend themselves: each probe would be one more refusal at the provider. */
const FATAL_OPEN_MS = 60_000;
const WINDOW_MS = 30_000;
const LEAST_OUTCOMES = 20;
const PROBES = 3;
const PROBE_FORGOTTEN_MS = 15_000;

interface Tally {
  good: number;
  bad: number;
  fatal: boolean;
}

/**
 * One breaker per provider account, shared by all processes through Redis: it opens when half of at least twenty
 * sends of the last 30 s came to nothing certain, or at once when the account itself was refused; after 10 s three
 * sends may try. Outcomes are told twice a second, states are read as often, so a send pays for neither.
 */
@Injectable()
export class CircuitBreakers implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = loggerFor('breakers');
  private readonly scripts: LuaScripts<'note-outcomes' | 'take-probe'>;
  private tallies = new Map<Identifier, Tally>();
  /** Accounts that are not closed, and until when nothing may try. */
  private openUntil = new Map<Identifier, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly news: BreakerNews,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, ['note-outcomes', 'take-probe']);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.exchange().catch((error: unknown) =>
        this.logger.debug({ error: describeError(error) }, 'breakers not exchanged'),
      );
    }, EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Whether new messages should rather take another way. From memory, at most half a second old. */
  isOpen(accountId: Identifier): boolean {
    const until = this.openUntil.get(accountId);
    return until !== undefined && this.clock.now() < until;
  }

  /** 0 when a send may go to this account now, else the ms until it is worth asking again. */
  admit(accountId: Identifier): number | Promise<number> {
    return this.openUntil.has(accountId) ? this.takeProbe(accountId) : 0;
  }

  /** Counts what a send came to. A refused receiver or a rate limit says nothing about the account's health. */
  note(accountId: Identifier, result: SendResult): void {
    const tally = this.tallies.get(accountId) ?? { good: 0, bad: 0, fatal: false };
    if (result.outcome === 'unknown' || (result.outcome === 'retry' && !result.throttled)) tally.bad++;
    else if (result.outcome === 'rejected' && result.failure === 'account') tally.fatal = true;
    else tally.good++;
    this.tallies.set(accountId, tally);
  }

  /** Opens it at once: the provider itself says that the account is of no use. */
  async trip(accountId: Identifier): Promise<void> {
    this.note(accountId, { outcome: 'rejected', reason: 'banned', failure: 'account' });
    await this.exchange();
  }

  /** Tells what was counted here and reads what is open. */
  async exchange(): Promise<void> {
    const tallies = this.tallies;
    this.tallies = new Map();
    await Promise.all([...tallies].map(([accountId, tally]) => this.tell(accountId, tally)));
    const open = await this.redis.client.hgetall(OPEN_KEY);
    this.openUntil = new Map(Object.entries(open).map(([accountId, until]) => [accountId, Number(until)]));
    this.metrics.breakersOpen.set(this.openUntil.size);
  }

  private async tell(accountId: Identifier, { good, bad, fatal }: Tally): Promise<void> {
    const [state, , changed] = (await this.scripts.run('note-outcomes', this.keys(accountId), [
      this.clock.offsetMs,
      accountId,
      good,
      bad,
      fatal ? FATAL_OPEN_MS : 0,
      OPEN_MS,
      WINDOW_MS,
      LEAST_OUTCOMES,
      PROBES,
    ])) as [string, string, string];
    if (changed !== '1') return;
    const event = state === 'open' ? 'account.breaker_opened' : 'account.breaker_closed';
    const cause = fatal ? 'account_refused' : 'outcomes';
    this.logger.warn({ account: renderNative('account', accountId), cause }, event);
    this.news.tell(accountId, event, cause);
  }

  private async takeProbe(accountId: Identifier): Promise<number> {
    return Number(
      await this.scripts.run('take-probe', this.keys(accountId), [
        this.clock.offsetMs,
        accountId,
        PROBES,
        PROBE_FORGOTTEN_MS,
      ]),
    );
  }

  private keys(accountId: Identifier): string[] {
    return [`{cfg}:breaker:${accountId}`, OPEN_KEY];
  }
}
