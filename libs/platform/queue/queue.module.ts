import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { type DynamicModule, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Queue, WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { Config } from '#platform/config';
import { describeError, loggerFor } from '#platform/logging';
import { openRedis, RedisConnection, WORKER_OPTIONS } from '#platform/redis';

const logger = loggerFor('queue');

/** A producer is corked and fails fast; a worker waits for Redis and blocks on it. */
export type QueueRole = 'producer' | 'worker';
const WORKER_REDIS = Symbol('worker-redis');

/** A kill -9 of a worker is noticed within 7.5 s: BullMQ's defaults take 61 s. */
export const WORKER_SETTINGS = {
  lockDuration: 5_000,
  stalledInterval: 2_500,
  maxStalledCount: 3,
  maxStartedAttempts: 5,
} as const satisfies Partial<WorkerOptions>;

const FAILED_JOBS = { age: 86_400, count: 10_000 };

@Injectable()
class WorkerRedis implements OnApplicationShutdown {
  readonly client: Redis;
  constructor(config: Config) {
    this.client = openRedis(config.redis.url, WORKER_OPTIONS);
  }
  onApplicationShutdown(): void {
    this.client.disconnect();
  }
}

/** Each queue's keys share one hash tag of their own, so that queues spread over the slots of a cluster. */
export function queuePrefix(name: string): string {
  return `{q-${name}}`;
}

@Module({})
export class QueueModule {
  static forRoot(role: QueueRole, names: readonly string[]): DynamicModule {
    const connection =
      role === 'producer'
        ? { provide: WORKER_REDIS, useFactory: (redis: RedisConnection) => redis, inject: [RedisConnection] }
        : {
            provide: WORKER_REDIS,
            // After the process's own client, which has checked this Redis: BullMQ would only warn, and go on.
            useFactory: (config: Config, _checked: RedisConnection) => new WorkerRedis(config),
            inject: [Config, RedisConnection],
          };
    const shared: DynamicModule = {
      module: QueueConnectionModule,
      global: true,
      providers: [connection],
      exports: [WORKER_REDIS],
    };
    const queues = names.map((name) =>
      BullModule.registerQueueAsync({
        name,
        inject: [WORKER_REDIS],
        useFactory: (holder: { client: Redis }) => ({
          connection: holder.client,
          prefix: queuePrefix(name),
          skipMetasUpdate: role === 'producer',
          // A producer's first look at the version may time out under load, and every add would fail for ever after.
          // The Redis was checked at boot.
          skipVersionCheck: role === 'producer',
          streams: { events: { maxLen: 100 } },
          defaultJobOptions: { removeOnComplete: true, removeOnFail: FAILED_JOBS, attempts: 1 },
        }),
      }),
    );
    return {
      module: QueueModule,
      global: true,
      imports: [shared, ...queues],
      providers: [
        {
          provide: Queues,
          useFactory: (...list: Queue[]) => new Queues(list),
          inject: names.map((name) => getQueueToken(name)),
        },
      ],
      exports: [...queues, Queues],
    };
  }
}

@Module({})
class QueueConnectionModule {}

/** The queues of this process by name. */
export class Queues {
  private readonly byName: Map<string, Queue>;

  constructor(list: readonly Queue[]) {
    this.byName = new Map(list.map((queue) => [queue.name, queue]));
    // BullMQ prints what nobody listens to; the call that failed reports it.
    for (const queue of list)
      queue.on('error', (error) =>
        logger.debug({ queue: queue.name, error: describeError(error) }, 'queue trouble'),
      );
  }

  get(name: string): Queue {
    const queue = this.byName.get(name);
    if (!queue) throw new Error(`no queue is called ${name}`);
    return queue;
  }

  all(): Queue[] {
    return [...this.byName.values()];
  }
}
