import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '#platform/config';
import { dependencyUnavailable } from '#platform/errors';
import { newId } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { findRedisProblems } from './boot-check.js';
import { LuaScripts } from './lua-scripts.js';
import { RedisConnection } from './redis-connection.js';

const LOOK_MS = 1_000;
const SETTINGS_EVERY_MS = 5_000;
/** Long enough for a replica that took over to be told what its predecessor knew. */
const PAUSE_MS = 2_000;
/** A process that was silent for longer than this has nothing to compare with any more. */
const COUNT_LIFE_MS = 86_400_000;

/**
 * Looks at Redis each second, off the path of requests. A Redis that has forgotten writes (power loss, failover,
 * FLUSHALL) may hold an approved challenge as pending: no answer is checked for two seconds, and somebody is told.
 * A setting changed while it runs (FI-15) would lose live codes without a failed write: then nobody is ready.
 */
@Injectable()
export class RedisWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = loggerFor('redis-watch');
  private readonly scripts: LuaScripts<'note-alive'>;
  private readonly process = newId();
  private readonly listeners: (() => Promise<void>)[] = [];
  private looks = 0;
  private epoch: number | undefined;
  private pausedUntil = 0;
  private settings = { problems: [] as string[], readAt: -Infinity };
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: RedisConnection,
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {
    this.scripts = new LuaScripts(redis.client, import.meta.url, ['note-alive']);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.look().catch((error: unknown) =>
        this.logger.debug({ error: describeError(error) }, 'could not look at Redis'),
      );
    }, LOOK_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Called when Redis has forgotten something, in every process that notices. */
  onRollback(listener: () => Promise<void>): void {
    this.listeners.push(listener);
  }

  /** Throws 503 for a moment after a rollback. */
  refuseAfterRollback(): void {
    if (performance.now() < this.pausedUntil) throw dependencyUnavailable('redis');
  }

  async look(): Promise<void> {
    const [looks, epoch, forgotten] = (await this.scripts.run(
      'note-alive',
      ['{cfg}:epoch', `{cfg}:alive:${this.process}`],
      [this.looks, this.epoch ?? 0, COUNT_LIFE_MS],
    )) as [number, number, number];
    const changed = this.epoch !== undefined && epoch !== this.epoch;
    this.looks = looks;
    this.epoch = epoch;
    if (forgotten === 1 || changed) await this.meetRollback(epoch);
    await this.problems();
  }

  /** What is wrong with its settings or its role; known for at most SETTINGS_EVERY_MS. */
  async problems(): Promise<string[]> {
    if (performance.now() - this.settings.readAt <= SETTINGS_EVERY_MS) return this.settings.problems;
    const problems = await findRedisProblems(this.redis.client, this.config.redis.allowVolatile);
    if (problems.join() !== this.settings.problems.join()) {
      if (problems.length > 0) this.logger.error({ problems }, 'Redis must not be used like this; not ready');
      else this.logger.info('Redis is in order again');
    }
    this.settings = { problems, readAt: performance.now() };
    this.metrics.redisProblems.set(problems.length);
    return problems;
  }

  private async meetRollback(epoch: number): Promise<void> {
    this.pausedUntil = performance.now() + PAUSE_MS;
    this.metrics.redisRollbacks.inc();
    this.logger.error(
      { epoch },
      'Redis has forgotten writes it had confirmed; what was approved in the last moments may be pending again',
    );
    for (const listener of this.listeners)
      await listener().catch((error: unknown) =>
        this.logger.error({ error: describeError(error) }, 'not everything was repaired after a rollback'),
      );
  }
}
