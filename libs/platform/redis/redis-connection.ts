import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Config } from '#platform/config';
import { describeError, loggerFor } from '#platform/logging';
import { checkRedis } from './boot-check.js';
import { corkWrites, openRedis, REQUEST_OPTIONS, untilReady } from './connection.js';

const BOOT_TIMEOUT_MS = 15_000;
const ERROR_LOG_INTERVAL_MS = 5_000;
export const CORK = Symbol('cork');

/** The process's one client for commands. Ready, and checked, before anything that injects it is built. */
@Injectable()
export class RedisConnection implements OnApplicationShutdown {
  private static readonly logger = loggerFor('redis');
  readonly client: Redis;

  constructor(
    private readonly config: Config,
    @Inject(CORK) cork: boolean,
  ) {
    let lastLogged = 0;
    const client = openRedis(config.redis.url, REQUEST_OPTIONS, (error) => {
      if (performance.now() - lastLogged < ERROR_LOG_INTERVAL_MS && lastLogged > 0) return;
      lastLogged = performance.now();
      RedisConnection.logger.warn({ error: describeError(error) }, 'Redis connection trouble');
    });
    this.client = cork ? corkWrites(client) : client;
  }

  async connect(): Promise<this> {
    await untilReady(this.client, BOOT_TIMEOUT_MS);
    await checkRedis(this.client, this.config.redis.allowVolatile);
    return this;
  }

  onApplicationShutdown(): void {
    this.client.disconnect();
  }
}
