import { randomInt } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PrivateService, privateRedis } from '../../../test/support/services.js';
import { connectRedis } from '../../../test/support/wiring.js';
import type { RedisConnection } from '#platform/redis';
import { PublishedConfig } from './published-config.js';

interface Process {
  redis: RedisConnection;
  config: PublishedConfig;
}

let server: PrivateService;
let running: Process[] = [];

beforeAll(async () => {
  server = await privateRedis();
});
afterAll(() => server.dispose());
beforeEach(async () => {
  const { redis } = await start({ polling: false });
  await redis.client.flushall();
});
afterEach(() => {
  for (const { config, redis } of running) {
    config.onApplicationShutdown();
    redis.onApplicationShutdown();
  }
  running = [];
});

/** One process with memory and a connection of its own. Without polling it looks when it is told to. */
async function start({ polling }: { polling: boolean }): Promise<Process> {
  const redis = await connectRedis(server.url);
  const config = new PublishedConfig(redis);
  if (polling) await config.onApplicationBootstrap();
  running.push({ redis, config });
  return { redis, config };
}

const build = (payload: unknown): { name: string } => payload as { name: string };
const read = async ({ config }: Process, id = 'x'): Promise<string | undefined> =>
  (await config.get('account', id, build))?.name;

describe('a published record', () => {
  it('is found by every process, built once, and held without another look', async () => {
    const [writer, reader] = [await start({ polling: false }), await start({ polling: false })];
    await writer.config.publish('account', 'x', 1, { name: 'first' });
    let built = 0;
    const get = (): unknown => reader.config.get('account', 'x', (payload) => (built++, build(payload)));
    const found = await get();
    expect(found).toEqual({ name: 'first' });
    await reader.redis.client.del('{cfg}:account:x');
    expect(get()).toBe(found);
    expect(built).toBe(1);
    expect(reader.config.peek('account', 'x')).toBe(found);
    expect(await reader.config.get('template', 'x', build)).toBeUndefined();
  });

  it('that is not there is looked for again each time', async () => {
    const process = await start({ polling: false });
    expect(await read(process)).toBeUndefined();
    await (await start({ polling: false })).config.publish('account', 'x', 1, { name: 'late' });
    expect(await read(process)).toBe('late');
  });

  it('is replaced by a newer revision and by the same one, never by an older one', async () => {
    const writer = await start({ polling: false });
    const fresh = async (): Promise<string | undefined> => read(await start({ polling: false }));
    await writer.config.publish('account', 'x', 3, { name: 'third' });
    await writer.config.publish('account', 'x', 2, { name: 'second' });
    expect(await fresh()).toBe('third');
    await writer.config.publish('account', 'x', 3, { name: 'third again' });
    expect(await fresh()).toBe('third again');
    await writer.config.publish('account', 'x', 10, { name: 'tenth' });
    await writer.config.publish('account', 'x', 9, { name: 'ninth' });
    expect(await fresh()).toBe('tenth');
  });

  it('keeps its newest revision when twenty publications of it race', async () => {
    const writers = await Promise.all(Array.from({ length: 4 }, () => start({ polling: false })));
    const revisions = Array.from({ length: 20 }, (_, at) => at + 1).sort(() => randomInt(3) - 1);
    await Promise.all(
      revisions.map((revision, at) =>
        writers[at % 4]!.config.publish('account', 'x', revision, { name: `r${revision}` }),
      ),
    );
    expect(await read(await start({ polling: false }))).toBe('r20');
  });

  it('that was withdrawn is gone, and no late repeat of an older revision revives it', async () => {
    const [writer, reader] = [await start({ polling: false }), await start({ polling: false })];
    await writer.config.publish('account', 'x', 1, { name: 'first' });
    expect(await read(reader)).toBe('first');
    await writer.config.publish('account', 'x', 2, undefined);
    await reader.config.refresh();
    expect(await read(reader)).toBeUndefined();
    expect(reader.config.peek('account', 'x')).toBeUndefined();
    await writer.config.publish('account', 'x', 1, { name: 'first' });
    await reader.config.refresh();
    expect(await read(reader)).toBeUndefined();
    expect(await writer.redis.client.ttl('{cfg}:account:x')).toBeGreaterThan(3_600);
  });

  it('that was deleted is gone for good, whatever revision its repeat has', async () => {
    const writer = await start({ polling: false });
    await writer.config.publish('account', 'x', Number.MAX_SAFE_INTEGER, undefined);
    await writer.config.publish('account', 'x', 5, { name: 'revived' });
    expect(await read(writer)).toBeUndefined();
  });

  it('may have a life of its own', async () => {
    const writer = await start({ polling: false });
    await writer.config.publish('account', 'x', 1, { name: 'brief' }, 100);
    expect(await writer.redis.client.ttl('{cfg}:account:x')).toBeGreaterThan(90);
    await writer.config.publish('account', 'y', 1, { name: 'lasting' });
    expect(await writer.redis.client.ttl('{cfg}:account:y')).toBe(-1);
  });

  it('with any text in it comes back as it was', async () => {
    const writer = await start({ polling: false });
    for (const name of ['a|b', '|', '3|x', '😀 é "quoted" \\', '']) {
      await writer.config.publish('account', name, 1, { name });
      expect(await read(await start({ polling: false }), name)).toBe(name);
    }
  });
});

describe('a change', () => {
  it('is seen by a process that holds the older one within two seconds', async () => {
    const [writer, reader] = [await start({ polling: true }), await start({ polling: true })];
    for (const [revision, name] of ['first', 'second', 'third'].entries()) {
      await writer.config.publish('account', 'x', revision, { name });
      await expect.poll(() => read(reader), { timeout: 30_000, interval: 20 }).toBe(name);
      expect(await read(writer)).toBe(name);
    }
  });

  it('is told to those who hold what follows from the record', async () => {
    const [writer, reader] = [await start({ polling: false }), await start({ polling: false })];
    const dropped: string[] = [];
    reader.config.onDrop((kind, id) => dropped.push(`${kind} ${id}`));
    await reader.config.refresh();
    await writer.config.publish('key', 'a:b', 1, { name: 'a' });
    await writer.config.publish('account', 'x', 1, { name: 'x' });
    await reader.config.refresh();
    expect(dropped.sort()).toEqual(['account x', 'key a:b']);
    await reader.config.refresh();
    expect(dropped).toHaveLength(2);
  });

  it('during a read is not hidden by what was read before it', async () => {
    const [writer, reader] = [await start({ polling: false }), await start({ polling: false })];
    for (let revision = 1; revision <= 400; revision++) {
      const reads: unknown[] = [];
      const polls: Promise<void>[] = [];
      const stir = (): void => {
        reads.push(read(reader));
        if (randomInt(2) === 0) polls.push(reader.config.refresh());
      };
      stir();
      const publication = writer.config.publish('account', 'x', revision, { name: `r${revision}` });
      for (let more = randomInt(4); more > 0; more--) {
        stir();
        if (randomInt(2) === 0) await Promise.resolve();
        else await new Promise((resolve) => setImmediate(resolve));
      }
      await publication;
      stir();
      await Promise.all([...reads, ...polls]);
      await reader.config.refresh();
      expect(await read(reader)).toBe(`r${revision}`);
    }
  });

  it('among more of them than the list keeps makes a process forget all that it holds', async () => {
    const [writer, reader] = [await start({ polling: false }), await start({ polling: false })];
    await writer.config.publish('account', 'x', 1, { name: 'first' });
    await reader.config.refresh();
    expect(await read(reader)).toBe('first');
    await writer.config.publish('account', 'x', 2, { name: 'second' });
    await Promise.all(
      Array.from({ length: 1_500 }, (_, at) => writer.config.publish('template', `t${at}`, 1, { name: 't' })),
    );
    expect(await writer.redis.client.zcard('{cfg}:changed')).toBe(1_000);
    await reader.config.refresh();
    expect(await read(reader)).toBe('second');
  });

  it('of Redis itself, emptied and filled again, leaves nothing old in memory', async () => {
    const [writer, reader] = [await start({ polling: false }), await start({ polling: false })];
    for (let revision = 1; revision <= 5; revision++)
      await writer.config.publish('account', 'x', revision, { name: 'old' });
    await reader.config.refresh();
    expect(await read(reader)).toBe('old');
    expect(await reader.config.isEmpty()).toBe(false);
    await writer.redis.client.flushall();
    expect(await reader.config.isEmpty()).toBe(true);
    await writer.config.publish('account', 'x', 1, { name: 'new' });
    await reader.config.refresh();
    expect(await read(reader)).toBe('new');
  });

  it('is told also of what memory let go because it was full', async () => {
    const [writer, reader] = [await start({ polling: false }), await start({ polling: false })];
    const dropped = new Set<string>();
    reader.config.onDrop((kind, id) => dropped.add(`${kind} ${id}`));
    await writer.config.publish('account', 'x', 1, { name: 'x' });
    await writer.config.publish('account', 'last', 1, { name: 'last' });
    await reader.config.refresh();
    await read(reader);
    const { cache } = reader.config as unknown as { cache: Map<string, unknown> };
    for (let at = cache.size; at < 100_000; at++) cache.set(`template:t${at}`, {});
    await read(reader, 'last');
    // Who remembers a key of a tenant by what was held here must hear that it is held no longer.
    expect(reader.config.peek('account', 'x')).toBeUndefined();
    expect(dropped).toContain('account x');
  });
});
