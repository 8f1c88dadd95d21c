import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testConfig } from '../../test/support/configuration.js';
import { type PrivateService, privateRedis } from '../../test/support/services.js';
import { connectRedis } from '../../test/support/wiring.js';
import { Clock } from '#platform/clock';
import { newId } from '#platform/identifiers';
import { PublishedConfig } from '#platform/published-config';
import type { RedisConnection } from '#platform/redis';
import { makeKey } from './api-key.js';
import { KeyStore, type PublishedKey } from './key-store.js';
import type { Principal } from './principal.js';

interface Process {
  redis: RedisConnection;
  published: PublishedConfig;
  keys: KeyStore;
  clock: Clock;
}

const DAY_MS = 86_400_000;
let server: PrivateService;
let running: Process[] = [];

beforeAll(async () => {
  server = await privateRedis();
});
afterAll(() => server.dispose());
beforeEach(async () => (await start()).redis.client.flushall());
afterEach(() => {
  for (const { published, redis } of running) {
    published.onApplicationShutdown();
    redis.onApplicationShutdown();
  }
  running = [];
});

async function start(): Promise<Process> {
  const redis = await connectRedis(server.url);
  const published = new PublishedConfig(redis);
  const clock = new Clock(testConfig());
  const process = { redis, published, clock, keys: new KeyStore(published, clock) };
  await published.onApplicationBootstrap();
  running.push(process);
  return process;
}

const key = makeKey('live');
const HEADER = `Bearer ${key.text}`;
const TYPO = key.text.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));

function record(changes: Partial<PublishedKey> = {}): PublishedKey {
  return {
    tenantId: newId(),
    mode: 'live',
    secretHash: key.secretHash,
    scopes: ['challenges:create'],
    expiresAt: Date.now() + DAY_MS,
    ...changes,
  };
}

/** As the guard asks: what is remembered, else what can be verified. */
async function authenticate(
  { keys }: Process,
  header = HEADER,
  text = key.text,
): Promise<Principal | undefined> {
  return keys.remembered(header) ?? (await keys.verify(header, text));
}

describe('a published key', () => {
  it('is a principal with what was published, and remembered by its header', async () => {
    const process = await start();
    const published = record();
    await process.published.publish('key', key.id, 1, published);
    const principal = await process.keys.verify(HEADER, key.text);
    expect(principal).toEqual({
      tenantId: published.tenantId,
      keyId: key.id,
      mode: 'live',
      scopes: new Set(['challenges:create']),
      expiresAt: published.expiresAt,
    });
    expect(process.keys.remembered(HEADER)).toBe(principal);
    expect(process.keys.remembered(`${HEADER} `)).toBeUndefined();
  });

  it('is nobody with another secret, in another mode, unpublished, or with a typo', async () => {
    const process = await start();
    expect(await authenticate(process)).toBeUndefined();
    await process.published.publish('key', key.id, 1, record({ secretHash: makeKey('live').secretHash }));
    expect(await authenticate(process)).toBeUndefined();
    await process.published.publish('key', key.id, 2, record({ mode: 'test' }));
    expect(await authenticate(process)).toBeUndefined();
    await process.published.publish('key', key.id, 3, record());
    expect(await authenticate(process, HEADER, TYPO)).toBeUndefined();
    expect(process.keys.remembered(HEADER)).toBeUndefined();
    expect(await authenticate(process)).toBeDefined();
  });

  it('is refused for a typo without any store being asked (SEC-01)', async () => {
    const process = await start();
    process.redis.client.disconnect();
    expect(await process.keys.verify(`Bearer ${TYPO}`, TYPO)).toBeUndefined();
    await expect(process.keys.verify(HEADER, key.text)).rejects.toThrow();
  });
});

describe('a key that has ended', () => {
  it('is refused by every process within five seconds of its revocation, without one grace after that (SEC-04)', async () => {
    const processes = await Promise.all([start(), start(), start()]);
    await processes[0]!.published.publish('key', key.id, 1, record());
    for (const process of processes) expect(await authenticate(process)).toBeDefined();

    await processes[0]!.published.publish('key', key.id, 2, undefined);
    const revokedAt = performance.now();
    expect(await authenticate(processes[0]!)).toBeUndefined();
    const lastGood = new Map<Process, number>();
    // In use all the while: what is remembered is refreshed by nothing but the publication.
    while (performance.now() - revokedAt < 2_500) {
      for (const process of processes)
        if (await authenticate(process)) lastGood.set(process, performance.now() - revokedAt);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const at of lastGood.values()) expect(at).toBeLessThan(2_000);
    for (const process of processes) expect(process.keys.remembered(HEADER)).toBeUndefined();
  });

  it('is refused in the very millisecond of its expiry, remembered or not', async () => {
    const process = await start();
    const expiresAt = Date.now() + DAY_MS;
    await process.published.publish('key', key.id, 1, record({ expiresAt }));
    expect(await authenticate(process)).toBeDefined();
    process.clock.now = () => expiresAt - 1;
    expect(await authenticate(process)).toBeDefined();
    process.clock.now = () => expiresAt;
    expect(process.keys.remembered(HEADER)).toBeUndefined();
    expect(await process.keys.verify(HEADER, key.text)).toBeUndefined();
  });

  it('is not brought back by a header that was verified while it was being revoked', async () => {
    const process = await start();
    const admin = await start();
    for (let revision = 1; revision < 200; revision += 2) {
      await admin.published.publish('key', key.id, revision, record());
      await process.published.refresh();
      const verifying = Array.from({ length: 3 }, () => process.keys.verify(HEADER, key.text));
      const revoking = admin.published.publish('key', key.id, revision + 1, undefined);
      verifying.push(process.keys.verify(HEADER, key.text));
      await revoking;
      await Promise.all([...verifying, process.published.refresh(), process.keys.verify(HEADER, key.text)]);
      await process.published.refresh();
      expect(process.keys.remembered(HEADER)).toBeUndefined();
    }
  });

  it('is refused also when memory was too full to hold it and too many changes came at once', async () => {
    const process = await start();
    const admin = await start();
    await admin.published.publish('key', key.id, 1, record());
    await process.published.refresh();
    expect(await authenticate(process)).toBeDefined();
    const { cache } = process.published as unknown as { cache: Map<string, unknown> };
    for (let at = cache.size; at < 100_000; at++) cache.set(`template:t${at}`, {});
    const other = makeKey('live');
    await admin.published.publish('key', other.id, 1, record({ secretHash: other.secretHash }));
    expect(await authenticate(process, 'Bearer other', other.text)).toBeDefined();

    await admin.published.publish('key', key.id, 2, undefined);
    await Promise.all(
      Array.from({ length: 1_200 }, (_, at) => admin.published.publish('template', `t${at}`, 1, {})),
    );
    await process.published.refresh();
    expect(await authenticate(process)).toBeUndefined();
  });

  it('takes its header out of memory under every spelling of the scheme', async () => {
    const process = await start();
    await process.published.publish('key', key.id, 1, record());
    const headers = [HEADER, `bearer ${key.text}`, `BEARER ${key.text}`];
    for (const header of headers) expect(await authenticate(process, header)).toBeDefined();
    await process.published.publish('key', key.id, 2, undefined);
    for (const header of headers) expect(process.keys.remembered(header)).toBeUndefined();
  });

  it('keeps the scopes that were published last', async () => {
    const [process, admin] = [await start(), await start()];
    await admin.published.publish(
      'key',
      key.id,
      1,
      record({ scopes: ['challenges:create', 'codes:reveal'] }),
    );
    expect((await authenticate(process))!.scopes.has('codes:reveal')).toBe(true);
    await admin.published.publish('key', key.id, 2, record({ scopes: ['challenges:create'] }));
    await process.published.refresh();
    expect((await authenticate(process))!.scopes.has('codes:reveal')).toBe(false);
  });
});
