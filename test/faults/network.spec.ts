import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/house.js';
import { KEPT, record } from './tools/oracle.js';
import { FaultProxy } from './tools/fault-proxy.js';
import { FULL, openSite, type Site } from './tools/site.js';
import { nextReceiver } from './tools/traffic.js';

/** Redis answers a call of a person in two round trips of 200 ms at most, and some jitter and lost packets. */
const P99_MS = 2_500;

describe('a network in trouble', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site.close());

  it('FI-47 a partition between the API and Redis: the API says 503, workers finish, and both meet again', async () => {
    const partition = (await Namespace.make()) ?? proxied(site);
    console.log(`FI-47 by ${partition.by}`);
    record({ fault: 'FI-47', by: partition.by });
    try {
      const api = await partition.start(site);
      site.api = api;
      const opened = await Promise.all(Array.from({ length: 20 }, () => site.open()));
      partition.cut();
      const answer = await until(
        () => site.call('POST', '/v1/challenges', { generator: site.generator, receiver: nextReceiver() }),
        (found) => found.status === 503,
        20_000,
      );
      site.oracle.noteAnswer(answer);
      for (const { receiver } of opened)
        await until(
          () => site.received(receiver),
          (messages) => messages.length === 1,
        );
      await sleep(FULL ? 30_000 : 3_000);
      partition.join();
      await site.recover();
      expect(await site.oracle.judge('FI-47')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
      await api.kill();
    } finally {
      await partition.close();
    }
  });

  it('FI-48 200 ± 100 ms and a lost packet in a hundred before Redis: no lock is lost for it, and nothing sent twice', async () => {
    const slow = await FaultProxy.before(site.house.redisServer.url);
    slow.set({ mode: 'latency', ms: 100, jitterMs: 50, lossRate: 0.01, random: site.random });
    console.log('FI-48 by a TCP proxy: half of the delay each way');
    try {
      const api = await site.start('api', { REDIS_URL: slow.url });
      const worker = await site.start('worker', { REDIS_URL: slow.url });
      site.api = api;
      const times: number[] = [];
      for (let count = 0; count < (FULL ? 200 : 20); count++) {
        const receiver = nextReceiver();
        const from = performance.now();
        const answer = await site.call('POST', '/v1/challenges', { generator: site.generator, receiver });
        times.push(performance.now() - from);
        site.oracle.noteOpened(answer, receiver);
      }
      times.sort((a, b) => a - b);
      const [p50, p99] = [times[Math.floor(times.length / 2)]!, times[Math.ceil(times.length * 0.99) - 1]!];
      console.log(`FI-48: opens took ${Math.round(p50)} ms at p50, ${Math.round(p99)} ms at p99`);
      record({ fault: 'FI-48', p50: Math.round(p50), p99: Math.round(p99) });
      expect(p99).toBeLessThan(P99_MS);
      const verdict = await site.oracle.judge('FI-48');
      expect(verdict).toMatchObject({ ...KEPT, untaggedDuplicates: 0, taggedDuplicates: 0 });
      expect(worker.output()).not.toContain('lost the lease');
    } finally {
      await slow.close();
    }
  }, 300_000);
});

interface Partition {
  by: string;
  start(site: Site): ReturnType<Site['start']>;
  cut(): void;
  join(): void;
  close(): Promise<void>;
}

function proxied(site: Site): Partition {
  return {
    by: 'a TCP proxy',
    start: () => site.start('api'),
    cut: () => site.proxy.set({ mode: 'timeout', ms: 60_000 }),
    join: () => {
      // Nobody would ever answer on connections whose words were swallowed.
      site.proxy.set({ mode: 'down' });
      site.proxy.heal();
    },
    close: async () => undefined,
  };
}

/** A network of its own for the API, with one wire to its callers and one to Redis. */
class Namespace implements Partition {
  readonly by = 'a network namespace';
  private proxies: FaultProxy[] = [];

  private constructor(
    private readonly name: string,
    private readonly net: number,
  ) {}

  static async make(): Promise<Namespace | undefined> {
    const net = process.pid % 250;
    const made = new Namespace(`faults${process.pid}`, net);
    const steps = [
      ['netns', 'add', made.name],
      ...['a', 'b'].flatMap((wire, at) => [
        ['link', 'add', made.wire(wire), 'type', 'veth', 'peer', 'name', made.inside(wire)],
        ['link', 'set', made.inside(wire), 'netns', made.name],
        ['addr', 'add', `${made.address(at)}.1/30`, 'dev', made.wire(wire)],
        ['link', 'set', made.wire(wire), 'up'],
        ['-n', made.name, 'addr', 'add', `${made.address(at)}.2/30`, 'dev', made.inside(wire)],
        ['-n', made.name, 'link', 'set', made.inside(wire), 'up'],
      ]),
      ['-n', made.name, 'link', 'set', 'lo', 'up'],
    ];
    if (steps.every((step) => ip(step))) return made;
    await made.close();
    return undefined;
  }

  async start(site: Site): ReturnType<Site['start']> {
    const [caller, redis] = [`${this.address(0)}.1`, `${this.address(1)}.1`];
    const database = await FaultProxy.before(site.house.databaseUrl, caller);
    const store = await FaultProxy.before(site.house.redisServer.url, redis);
    this.proxies = [database, store];
    return site.start(
      'api',
      { HOST: '0.0.0.0', DATABASE_URL: database.url, REDIS_URL: store.url },
      { through: ['ip', 'netns', 'exec', this.name], host: `${this.address(0)}.2` },
    );
  }

  cut(): void {
    ip(['link', 'set', this.wire('b'), 'down']);
  }

  join(): void {
    ip(['link', 'set', this.wire('b'), 'up']);
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    for (const wire of ['a', 'b']) ip(['link', 'del', this.wire(wire)]);
    ip(['netns', 'del', this.name]);
  }

  private wire(letter: string): string {
    return `cs${process.pid}${letter}`;
  }
  private inside(letter: string): string {
    return `cs${process.pid}${letter}i`;
  }
  private address(at: number): string {
    return `10.${201 + at}.${this.net}`;
  }
}

function ip(args: readonly string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}
