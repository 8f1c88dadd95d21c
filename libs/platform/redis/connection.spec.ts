import type { Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type PrivateService, privateRedis } from '../../../test/support/services.js';
import { corkWrites, isRedisFailure, openRedis, REQUEST_OPTIONS, untilReady } from './connection.js';

let server: PrivateService;
const open: Redis[] = [];

beforeAll(async () => {
  server = await privateRedis();
});
afterEach(() => {
  for (const redis of open.splice(0)) redis.disconnect();
});
afterAll(() => server.dispose());

async function connect(cork: boolean): Promise<Redis> {
  const redis = openRedis(server.url, REQUEST_OPTIONS);
  open.push(redis);
  await untilReady(redis, 5_000);
  return cork ? corkWrites(redis) : redis;
}

/** Counts how often the client's socket hands bytes to the kernel: one buffer, or several joined. */
function countWrites(redis: Redis): () => number {
  const { stream } = redis as unknown as {
    stream: Record<'_write' | '_writev', (...args: unknown[]) => void>;
  };
  const spies = [vi.spyOn(stream, '_write'), vi.spyOn(stream, '_writev')];
  return () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('corked writes', () => {
  it('send the commands of one turn in one write, and each gets its own answer', async () => {
    const redis = await connect(true);
    const writes = countWrites(redis);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        at % 2 === 0 ? redis.set(`k${at}`, at) : redis.get(`k${at - 1}`),
      ),
    );
    expect(writes()).toBe(1);
    expect(answers).toEqual(Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? 'OK' : String(at - 1))));
  });

  it('are what makes the difference', async () => {
    const redis = await connect(false);
    const writes = countWrites(redis);
    await Promise.all(Array.from({ length: 50 }, (_, at) => redis.get(`k${at}`)));
    expect(writes()).toBe(50);
  });

  it('join what the promises of that turn add, scripts and pipelines too', async () => {
    const redis = await connect(true);
    redis.defineCommand('echo1', { numberOfKeys: 0, lua: 'return ARGV[1]' });
    await (redis as unknown as Record<'echo1', (text: string) => Promise<string>>).echo1('loaded');
    const writes = countWrites(redis);
    const first = redis.get('a');
    const later = Promise.resolve().then(() => redis.get('b'));
    const script = (redis as unknown as Record<'echo1', (text: string) => Promise<string>>).echo1('x');
    const pipeline = redis.pipeline().get('c').get('d').exec();
    await Promise.all([first, later, script, pipeline]);
    expect(await script).toBe('x');
    expect(writes()).toBe(1);
  });

  it('leave nothing behind: each turn has its own write', async () => {
    const redis = await connect(true);
    const writes = countWrites(redis);
    for (let count = 1; count <= 5; count++) {
      await Promise.all([redis.get('a'), redis.get('b')]);
      await turn();
      expect(writes()).toBe(count);
    }
  });

  it('go on after the connection was lost, corked on the new one', async () => {
    const redis = await connect(true);
    const first = (redis as unknown as { stream: Socket }).stream;
    const reconnected = new Promise((resolve) => redis.once('ready', resolve));
    // Lost in the very turn in which something was corked.
    const lost = redis.get('a').catch((error: Error) => error);
    first.destroy();
    expect(await lost).toBeInstanceOf(Error);
    await reconnected;
    const writes = countWrites(redis);
    await Promise.all([redis.set('k', 'v'), redis.get('k'), redis.get('k')]);
    expect(writes()).toBe(1);
    expect((redis as unknown as { stream: Socket }).stream).not.toBe(first);
  });

  it('fail at once while disconnected, rather than wait in a cork', async () => {
    const redis = await connect(true);
    redis.disconnect();
    const from = performance.now();
    await expect(redis.get('a')).rejects.toSatisfy(isRedisFailure);
    expect(performance.now() - from).toBeLessThan(500);
  });
});

describe('a client for requests', () => {
  it('never sends again what may have been done: a lost answer is an error, and counts once', async () => {
    const redis = await connect(false);
    const other = await connect(false);
    await redis.set('counter', 0);
    // The command is in the server's hands, its answer is not ours any more.
    const counted = redis.incr('counter').catch((error: Error) => error);
    await turn();
    (redis as unknown as { stream: Socket }).stream.destroy();
    expect(await counted).toSatisfy(isRedisFailure);
    await untilReady(redis, 5_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(Number(await other.get('counter'))).toBeLessThanOrEqual(1);
  });

  it('gives up on an answer that does not come', async () => {
    const redis = await connect(false);
    const blocker = await connect(false);
    await blocker.client('PAUSE', 1_300, 'ALL' as never);
    const from = performance.now();
    await expect(redis.get('a')).rejects.toSatisfy(isRedisFailure);
    expect(performance.now() - from).toBeLessThan(1_600);
    await new Promise((resolve) => setTimeout(resolve, 400));
  });

  it('tells a Redis that is away from a command that is wrong', async () => {
    const redis = await connect(false);
    await redis.set('text', 'x');
    for (const wrong of [
      redis.lpush('text', 'y'),
      redis.call('NOSUCH'),
      redis.eval('return redis.call("INCR", "text")', 0),
    ]) {
      const error = await Promise.resolve(wrong).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Error);
      expect(isRedisFailure(error)).toBe(false);
    }
    const nowhere = openRedis('redis://127.0.0.1:1', REQUEST_OPTIONS);
    open.push(nowhere);
    expect(isRedisFailure(await nowhere.get('a').catch((error: unknown) => error))).toBe(true);
    await expect(untilReady(nowhere, 100)).rejects.toThrow(/100 ms/);
    expect(isRedisFailure(new Error('WRONGTYPE'))).toBe(false);
    expect(isRedisFailure('Connection is closed')).toBe(false);
  });
});
