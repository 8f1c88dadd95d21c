import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testConfig } from '../../../test/support/configuration.js';
import { type PrivateService, privateRedis } from '../../../test/support/services.js';
import { connectRedis } from '../../../test/support/wiring.js';
import { configureLogging } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import type { RedisConnection } from './redis-connection.js';
import { RedisWatch } from './redis-watch.js';

configureLogging('silent', 'test');
const REFUSED = /dependency\.unavailable/;
let server: PrivateService;
const connections: RedisConnection[] = [];

beforeAll(async () => {
  server = await privateRedis();
});
afterEach(async () => {
  await connections[0]?.client.flushall();
  for (const connection of connections.splice(0)) connection.onApplicationShutdown();
});
afterAll(() => server.dispose());

interface Watching {
  watch: RedisWatch;
  redis: RedisConnection;
  rollbacks(): Promise<number>;
}

/** One process's watch, which looks when it is told to. */
async function start(): Promise<Watching> {
  const redis = await connectRedis(server.url);
  connections.push(redis);
  const metrics = new Metrics();
  const watch = new RedisWatch(redis, testConfig(), metrics);
  return { watch, redis, rollbacks: async () => (await metrics.redisRollbacks.get()).values[0]?.value ?? 0 };
}

describe('FI-11, FI-17 a Redis that has forgotten', () => {
  it('is noticed by the process whose own look is gone, which repairs and refuses answers for a moment', async () => {
    const { watch, redis, rollbacks } = await start();
    let repaired = 0;
    watch.onRollback(async () => void repaired++);
    for (let look = 0; look < 3; look++) await watch.look();
    expect([await rollbacks(), repaired]).toEqual([0, 0]);
    watch.refuseAfterRollback();

    const [key] = await redis.client.keys('{cfg}:alive:*');
    await redis.client.set(key!, 2);
    await watch.look();
    expect([await rollbacks(), repaired]).toEqual([1, 1]);
    expect(() => watch.refuseAfterRollback()).toThrow(REFUSED);
    await watch.look();
    expect(await rollbacks()).toBe(1);
  });

  it('is told to those whose own looks have survived', async () => {
    const [first, second] = [await start(), await start()];
    await first.watch.look();
    await second.watch.look();
    for (const key of await first.redis.client.keys('{cfg}:alive:*'))
      if ((await first.redis.client.get(key)) === '1') {
        await first.redis.client.set(key, 0);
        break;
      }
    await first.watch.look();
    await second.watch.look();
    await first.watch.look();
    expect(await first.rollbacks()).toBe(1);
    expect(await second.rollbacks()).toBe(1);
  });

  it('is noticed when everything is gone, the epoch too, and again the next time', async () => {
    const { watch, redis, rollbacks } = await start();
    await watch.look();
    for (const expected of [1, 2]) {
      await redis.client.flushall();
      await watch.look();
      expect(await rollbacks()).toBe(expected);
    }
  });

  it('is not seen in a Redis that merely is new to a process', async () => {
    const first = await start();
    await first.watch.look();
    await first.redis.client.flushall();
    await first.watch.look();
    const late = await start();
    await late.watch.look();
    await late.watch.look();
    expect(await late.rollbacks()).toBe(0);
    late.watch.refuseAfterRollback();
  });
});

describe('FI-15 a setting changed while it runs', () => {
  it('is named within five seconds, without anybody asking for readiness', async () => {
    const { watch, redis } = await start();
    await watch.look();
    expect(await watch.problems()).toEqual([]);
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect
      .poll(
        async () => {
          await watch.look();
          return watch.problems();
        },
        { timeout: 8_000, interval: 500 },
      )
      .toEqual([expect.stringContaining('maxmemory-policy is allkeys-lru')]);
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
  });
});
