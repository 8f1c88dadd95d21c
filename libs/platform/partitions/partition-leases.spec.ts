import { describe, expect, it, type TestContext } from 'vitest';
import { keyRingOf, newRingEntry, testConfig } from '../../../test/support/configuration.js';
import { type PrivateService, privateRedis } from '../../../test/support/services.js';
import { connectRedis } from '../../../test/support/wiring.js';
import type { RedisConnection } from '#platform/redis';
import { PartitionLeases } from './partition-leases.js';
import { Partitions } from './partitions.js';

const COUNT = 16;
const ALL = Array.from({ length: COUNT }, (_, partition) => partition);
const ring = keyRingOf(newRingEntry('k1'));
const partitions = new Partitions(testConfig({ PARTITIONS: String(COUNT) }), ring);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Workers around a Redis of their own, so that the slow tests below can run side by side. */
class Fleet {
  private readonly workers: { redis: RedisConnection; leases: PartitionLeases }[] = [];

  private constructor(private readonly server: PrivateService) {}

  static async open(context: TestContext): Promise<Fleet> {
    const fleet = new Fleet(await privateRedis());
    context.onTestFinished(() => fleet.close());
    return fleet;
  }

  async start(): Promise<{ redis: RedisConnection; leases: PartitionLeases }> {
    const redis = await connectRedis(this.server.url);
    const worker = { redis, leases: new PartitionLeases(redis, partitions) };
    this.workers.push(worker);
    await worker.leases.onApplicationBootstrap();
    return worker;
  }

  held(): number[] {
    return this.workers.flatMap(({ leases }) => leases.held());
  }

  /** Looks every few ms for a partition that two workers believe to hold. */
  async watch(forMs: number): Promise<void> {
    for (const end = performance.now() + forMs; performance.now() < end; await pause(5)) {
      const held = this.held();
      expect(new Set(held).size).toBe(held.length);
    }
  }

  private async close(): Promise<void> {
    await Promise.all(this.workers.map(({ leases }) => leases.beforeApplicationShutdown()));
    for (const { redis } of this.workers) redis.onApplicationShutdown();
    await this.server.dispose();
  }
}

const renew = (leases: PartitionLeases): Promise<void> =>
  (leases as unknown as { renew(): Promise<void> }).renew();

describe.concurrent('the partitions’ leases', () => {
  it('are all taken by the first worker, and by nobody besides', async (context) => {
    const fleet = await Fleet.open(context);
    const [first, second] = [await fleet.start(), await fleet.start()];
    expect(first.leases.held()).toEqual(ALL);
    expect(second.leases.held()).toEqual([]);
  });

  it('are each held by one worker at most, when five start at once', async (context) => {
    const fleet = await Fleet.open(context);
    await Promise.all(Array.from({ length: 5 }, () => fleet.start()));
    expect(fleet.held().sort((left, right) => left - right)).toEqual(ALL);
  });

  it('stay with their worker for longer than a lease lives', async (context) => {
    const fleet = await Fleet.open(context);
    const [first, second] = [await fleet.start(), await fleet.start()];
    await fleet.watch(5_600);
    expect(first.leases.held()).toEqual(ALL);
    expect(second.leases.held()).toEqual([]);
  });

  it('pass to another within five seconds and a look after their holder has vanished, never to two', async (context) => {
    const fleet = await Fleet.open(context);
    const [gone, heir] = [await fleet.start(), await fleet.start()];
    // Vanished as a process does whose machine is cut off: it renews nothing and gives nothing back.
    gone.redis.client.disconnect();
    const from = performance.now();
    while (heir.leases.held().length < COUNT) {
      await fleet.watch(20);
      expect(performance.now() - from).toBeLessThan(5_000 + 1_500 + 500);
    }
    expect(gone.leases.held()).toEqual([]);
    expect(performance.now() - from).toBeGreaterThan(3_000);
  });

  it('are not believed in for longer than Redis keeps them, when Redis no longer answers', async (context) => {
    const fleet = await Fleet.open(context);
    const holder = await fleet.start();
    const from = performance.now();
    holder.redis.client.disconnect();
    while (holder.leases.held().length > 0) {
      await pause(20);
      expect(performance.now() - from).toBeLessThan(5_000);
    }
  });

  it('are given back on shutdown, so that the next worker has them at its next look', async (context) => {
    const fleet = await Fleet.open(context);
    const [leaving, next] = [await fleet.start(), await fleet.start()];
    await leaving.leases.beforeApplicationShutdown();
    expect(leaving.leases.held()).toEqual([]);
    expect(await leaving.redis.client.keys('*lease')).toEqual([]);
    await expect.poll(() => next.leases.held(), { timeout: 10_000 }).toEqual(ALL);
  });

  it('given back stay so, whatever renewal was on its way', async (context) => {
    const fleet = await Fleet.open(context);
    const leaving = await fleet.start();
    const renewing = renew(leaving.leases);
    await leaving.leases.beforeApplicationShutdown();
    await renewing;
    await renew(leaving.leases);
    const next = await fleet.start();
    expect(next.leases.held()).toEqual(ALL);
    expect(leaving.leases.held()).toEqual([]);
  });

  it('of another worker are not given back by one that lost them', async (context) => {
    const fleet = await Fleet.open(context);
    const [slow, heir] = [await fleet.start(), await fleet.start()];
    await slow.redis.client.flushall();
    await renew(heir.leases);
    expect(heir.leases.held()).toEqual(ALL);
    await slow.leases.beforeApplicationShutdown();
    expect(await heir.redis.client.keys('*lease')).toHaveLength(COUNT);
  });
});

describe('a partition', () => {
  const many = new Partitions(testConfig({ PARTITIONS: '64' }), ring);

  it('follows from the receiver alone, under a key that no rotation changes', () => {
    const rotated = new Partitions(testConfig({ PARTITIONS: '64' }), keyRingOf(newRingEntry('k2')));
    for (let at = 0; at < 200; at++)
      expect(rotated.locate(`+52551234${at}`)).toEqual(many.locate(`+52551234${at}`));
  });

  it('is one of those there are, and all of them get their share', () => {
    const counts = new Uint32Array(64);
    const refs = new Set<string>();
    for (let at = 0; at < 64_000; at++) {
      const { partition, ref } = many.locate(`+52${at}`);
      counts[partition]!++;
      refs.add(ref);
    }
    expect(refs.size).toBe(64_000);
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(250);
    expect(many.all()).toHaveLength(64);
  });

  it('has one hash tag of its own for all its keys', () => {
    const tags = many.all().map((partition) => many.tag(partition));
    expect(new Set(tags).size).toBe(64);
    for (const tag of tags) expect(tag).toMatch(/^\{p[0-9a-f]{2}\}:$/);
    expect(many.tag(31)).toBe('{p1f}:');
  });
});
