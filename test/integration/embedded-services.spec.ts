// What the one-command installation rests on: embedded servers that keep what they acknowledged through kill -9, come
// back on the same port, are found by the next way when one is barred, and never outlive a killed launcher for long.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isAlive, identify, startRedis } from '../../apps/standalone/services.mjs';
import { privatePostgres, privateRedis, type PrivateService } from '../support/services.js';

const disposables: { dispose(): Promise<void> }[] = [];

async function keep<T extends PrivateService>(starting: Promise<T>): Promise<T> {
  const service = await starting;
  disposables.push(service);
  return service;
}

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const disposable of disposables.splice(0)) await disposable.dispose();
});

async function redisCommand(url: string, ...args: [string, ...string[]]): Promise<unknown> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  client.on('error', () => undefined); // the refused command is what a test looks at
  try {
    return await client.call(...args);
  } finally {
    client.disconnect();
  }
}

async function sql(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

describe('embedded Redis', () => {
  it('keeps acknowledged writes and its port through kill -9', async () => {
    const redis = await keep(privateRedis());
    const before = { pid: redis.pid, port: redis.port };
    await redisCommand(redis.url, 'SET', 'kept', 'yes');

    await redis.kill();
    expect(redis.pid).toBeUndefined();
    await expect(redisCommand(redis.url, 'PING')).rejects.toThrow();

    await redis.restart();
    expect(redis.port).toBe(before.port);
    expect(redis.pid).not.toBe(before.pid);
    expect(await redisCommand(redis.url, 'GET', 'kept')).toBe('yes');
  });

  it('runs with an append-only file and never evicts', async () => {
    const redis = await keep(privateRedis());
    const setting = async (name: string) =>
      ((await redisCommand(redis.url, 'CONFIG', 'GET', name)) as string[])[1];
    expect(await setting('appendonly')).toBe('yes');
    expect(await setting('appendfsync')).toBe('everysec');
    expect(await setting('maxmemory-policy')).toBe('noeviction');
    expect(await setting('save')).toBe('');
    expect(await setting('bind')).toBe('127.0.0.1');
  });

  it('is found by the next way when one is barred', async () => {
    vi.stubEnv('EMBED_SKIP', 'path');
    const next = await keep(privateRedis());
    expect(next.via).not.toBe('path');
    expect(await redisCommand(next.url, 'PING')).toBe('PONG');

    vi.stubEnv('EMBED_SKIP', 'path,apt,brew,docker');
    const last = await keep(privateRedis());
    expect(last).toMatchObject({ via: 'js-redis-server', volatile: true });
    expect(await redisCommand(last.url, 'PING')).toBe('PONG');
  });

  it('reports an end that nobody asked for, and only such an end', async () => {
    const redis = await keep(privateRedis());
    const exits: string[] = [];
    const watched = await startRedis({
      dir: join(redis.dir, 'watched'),
      external: '',
      onExit: ({ name, signal }) => exits.push(`${name} ${String(signal)}`),
    });
    await watched.restart({ signal: 'SIGKILL' });
    expect(exits).toEqual([]);
    process.kill(watched.pid!, 'SIGKILL');
    await vi.waitFor(() => expect(exits).toEqual(['Redis SIGKILL']));
  });

  it('leaves a server that is given by its address alone', async () => {
    const given = await keep(privateRedis());
    const borrowed = await startRedis({ dir: join(given.dir, 'unused'), external: given.url });
    await borrowed.stop();
    await expect(borrowed.kill()).rejects.toThrow('not ours');
    expect(await redisCommand(given.url, 'PING')).toBe('PONG');
  });
});

describe('embedded PostgreSQL', () => {
  it('keeps committed rows and its port through kill -9', async () => {
    const postgres = await keep(privatePostgres());
    const { port } = postgres;
    await sql(postgres.url, 'CREATE TABLE kept (n int)');
    await sql(postgres.url, 'INSERT INTO kept SELECT generate_series(1, 1000)');

    await postgres.kill();
    await expect(sql(postgres.url, 'SELECT 1')).rejects.toThrow();

    await postgres.restart();
    expect(postgres.port).toBe(port);
    expect(await sql(postgres.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 1000 }]);
  });

  it.runIf(process.getuid?.() === 0)('starts as root where user namespaces are barred', async () => {
    vi.stubEnv('EMBED_SKIP', 'userns');
    const postgres = await keep(privatePostgres());
    expect(postgres.via).toBe('embedded, copy');
    expect(await sql(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a launcher that was killed', () => {
  it('leaves servers that the next start ends before it starts its own, on the same port', async () => {
    const home = await keep(privateRedis());
    const dir = join(home.dir, 'orphan');
    const { launcher, pid, port } = await launchElsewhere(home.dir, dir);
    const orphan = identify(pid);

    await expect(startRedis({ dir, external: '' })).rejects.toThrow('in use');
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    expect(isAlive(orphan)).toBe(true);

    const next = await startRedis({ dir, external: '' });
    expect(isAlive(orphan)).toBe(false);
    expect(next.port).toBe(port);
    await next.stop();
  });

  it('never ends a stranger that was given the same pid', async () => {
    const redis = await keep(privateRedis());
    const stranger = await keep(privateRedis());
    await redis.stop();
    const record = {
      port: redis.port,
      owner: { pid: 1, stamp: 'before' },
      server: { pid: stranger.pid, stamp: 'x' },
    };
    writeFileSync(join(redis.dir, 'service.json'), JSON.stringify(record));

    const next = await startRedis({ dir: redis.dir, external: '' });
    expect(await redisCommand(stranger.url, 'PING')).toBe('PONG');
    await next.stop();
  });
});

/** Starts a Redis from another process, as the launcher would. */
async function launchElsewhere(scratch: string, dir: string) {
  const services = join(import.meta.dirname, '../../apps/standalone/services.mjs');
  const script = join(scratch, 'launcher.mjs');
  writeFileSync(
    script,
    `import { startRedis } from ${JSON.stringify(services)};
     const { pid, port } = await startRedis({ dir: ${JSON.stringify(dir)}, external: '' });
     process.send({ pid, port });`,
  );
  const launcher: ChildProcess = fork(script, { execArgv: [] });
  const [started] = (await once(launcher, 'message')) as [{ pid: number; port: number }];
  return { launcher, ...started };
}
