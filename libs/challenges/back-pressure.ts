import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Channel } from '#providers';
import { Config } from '#platform/config';
import { Problem } from '#platform/errors';
import { describeError, loggerFor } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { Queues } from '#platform/queue';
import { RedisConnection } from '#platform/redis';
import { SEND_QUEUES, sendQueueName } from './send-queue.js';

const EVERY_MS = 1_000;
/** A queue may hold what its workers do in this time, judged by what they did while it was never empty. */
const DRAIN_SECONDS = 30;
/** So few are no load, however slowly they are worked off: what waits too long is told by its age. */
const ALWAYS_ALLOWED = 500;
const NEWEST = 0.3;
const REDIS_ALERT = 0.7;
const REDIS_FULL = 0.85;
const LOG_EVERY_MS = 10_000;
const RETRY_AFTER_SECONDS = { queue: 5, redis: 10 };

/** The ordinary line of a queue, and the one behind it for what a tenant sends beyond its share. */
type Line = 'ordinary' | 'behind';

interface QueueLook {
  at: number;
  added: number;
  present: number;
  ordinary: number;
  waiting: number;
  late: Record<Line, boolean>;
}

interface Pressure {
  last?: QueueLook;
  drainedPerSecond?: number;
  refused: Record<Line, boolean>;
}

/**
 * Refuses to open what could not be sent in time: a queue that is not worked off, or a Redis that is nearly full
 * (§4.3, §4.5 of the requirements). Looked at every second beside the requests; a request reads two booleans.
 */
@Injectable()
export class BackPressure implements OnModuleDestroy {
  private readonly logger = loggerFor('back-pressure');
  private readonly queuesSeen = new Map<string, Pressure>();
  private redisFull = false;
  private timer: NodeJS.Timeout | undefined;
  private loggedAt = -Infinity;

  constructor(
    private readonly queues: Queues,
    private readonly redis: RedisConnection,
    private readonly metrics: Metrics,
    private readonly config: Config,
  ) {}

  /** Why nothing may be opened on this channel now. Only a process that asks ever looks at the queues. */
  refusal(channel: Channel, priority: number): Problem | undefined {
    if (this.timer === undefined) this.start();
    if (this.redisFull) return overloaded('redis');
    const pressure = this.queuesSeen.get(sendQueueName(channel));
    return pressure?.refused[priority > 0 ? 'behind' : 'ordinary'] ? overloaded('queue') : undefined;
  }

  private get oldestMs(): number {
    return this.config.http.maxQueueAgeMs;
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** One look at Redis and at every queue of sends. */
  async look(): Promise<void> {
    const queues = this.oldestMs > 0 ? SEND_QUEUES.map((name) => this.queues.get(name)) : [];
    await Promise.all([this.lookAtRedis(), ...queues.map((queue) => this.lookAtQueue(queue))]);
  }

  private start(): void {
    this.timer = setInterval(() => {
      this.look().catch((error: unknown) =>
        this.logger.debug({ error: describeError(error) }, 'pressure not measured'),
      );
    }, EVERY_MS);
    this.timer.unref();
  }

  private async lookAtRedis(): Promise<void> {
    const text = await this.redis.client.info('memory');
    const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    const most = field('maxmemory');
    const used = most === 0 ? 0 : field('used_memory') / most;
    this.metrics.redisMemoryRatio.set(used);
    this.redisFull = used >= REDIS_FULL;
    if (used >= REDIS_ALERT)
      this.report({ usedPercent: Math.round(used * 100), refusing: this.redisFull }, 'Redis is filling up');
  }

  private async lookAtQueue(queue: Queue): Promise<void> {
    const pressure = this.queuesSeen.get(queue.name) ?? { refused: { ordinary: false, behind: false } };
    this.queuesSeen.set(queue.name, pressure);
    const look = await readQueue(queue, this.redis.client, this.oldestMs);
    const { last } = pressure;
    pressure.last = look;
    if (!last) return;
    const seconds = (look.at - last.at) / 1_000;
    // Two looks at once, of the timer and of who asked, have no rate between them.
    if (last.waiting > 0 && look.waiting > 0 && seconds > 0) {
      const drained = look.added - last.added - (look.present - last.present);
      const rate = Math.max(0, drained / seconds);
      pressure.drainedPerSecond = rate * NEWEST + (pressure.drainedPerSecond ?? rate) * (1 - NEWEST);
    }
    const most = Math.max(ALWAYS_ALLOWED, (pressure.drainedPerSecond ?? Infinity) * DRAIN_SECONDS);
    // What was delayed on purpose looks old when its time comes; twice in a row it is not that.
    const late = (line: Line): boolean => last.late[line] && look.late[line];
    pressure.refused = {
      ordinary: look.ordinary > most || late('ordinary'),
      behind: look.waiting > most || late('behind'),
    };
    if (pressure.refused.ordinary || pressure.refused.behind)
      this.report(
        { queue: queue.name, waiting: look.waiting },
        'a queue is not worked off in time; sends are refused',
      );
  }

  private report(fields: object, message: string): void {
    const now = performance.now();
    if (now - this.loggedAt < LOG_EVERY_MS) return;
    this.loggedAt = now;
    this.logger.warn(fields, message);
  }
}

async function readQueue(queue: Queue, client: Redis, oldestMs: number): Promise<QueueLook> {
  const key = (name: string): string => queue.toKey(name);
  const [counts, [first], [behind]] = await Promise.all([
    // In one transaction: the queue counts what was ever added, and what left it follows from that.
    client
      .multi()
      .llen(key('wait'))
      .zcard(key('prioritized'))
      .llen(key('active'))
      .zcard(key('delayed'))
      .get(key('id'))
      .exec(),
    queue.getWaiting(0, 0),
    queue.getPrioritized(0, 0),
  ]);
  const [ordinary, prioritized, active, delayed, added] = counts!.map(([, value]) => Number(value ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const at = Date.now();
  const isLate = (job: { timestamp: number } | undefined): boolean =>
    job !== undefined && at - job.timestamp > oldestMs;
  const waiting = ordinary + prioritized;
  return {
    at,
    added,
    present: waiting + active + delayed,
    ordinary,
    waiting,
    late: { ordinary: isLate(first), behind: isLate(behind) },
  };
}

function overloaded(dependency: 'queue' | 'redis'): Problem {
  return new Problem('dependency.overloaded', {
    retryAfterSeconds: RETRY_AFTER_SECONDS[dependency],
    members: { dependency },
  });
}
