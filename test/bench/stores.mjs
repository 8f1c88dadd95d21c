// Redis and PostgreSQL of a measurement's own, with every migration run, and built workers over them.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres, startRedis } from '../../apps/standalone/services.mjs';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** `stop` ends them, every worker, and removes their data. */
export async function startStores() {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const redis = await startRedis({ dir: join(dir, 'redis'), external: '' });
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), external: '' });
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    WORKER_PORT: '0',
    METRICS_PORT: '0',
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    PUBLIC_URL: 'http://127.0.0.1:1',
    INSTALLATION_KEY: randomBytes(32).toString('base64'),
    KEYRING: `k1:${randomBytes(32).toString('base64')}`,
    LOG_LEVEL: 'error',
    WORKER_QUEUES: 'send-voice',
  };
  const children = [];
  const start = (app, args = []) => {
    const child = fork(`${DIST}apps/${app}/src/main.js`, args, {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    return child;
  };
  const [code] = await once(start('cli', ['migrate']), 'exit');
  if (code !== 0) throw new Error(`migrations ended with ${code}`);
  return {
    dir,
    redis,
    postgres,
    startWorker: () => start('worker'),
    stop: async () => {
      for (const child of children) child.kill('SIGKILL');
      await redis.stop();
      await postgres.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
