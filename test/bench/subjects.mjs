// Starts what is measured: Redis, PostgreSQL, simulator, the API, and the bare server, all on loopback.
import { fork, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres, startRedis } from '../../apps/standalone/services.mjs';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const SIMULATED = {
  SIM_WABA_ID: '100000000000001',
  SIM_PHONE_NUMBER_ID: '200000000000001',
  SIM_SENDER_ADDRESS: '584111111111',
  SIM_ACCESS_TOKEN: randomBytes(16).toString('hex'),
  SIM_APP_SECRET: randomBytes(16).toString('hex'),
  SIM_SMTP_USERNAME: 'bench',
  SIM_SMTP_PASSWORD: randomBytes(16).toString('hex'),
  SIM_APPROVE_AFTER_MS: '50',
};

/** Everything, ready. `stop` ends it all and removes its data. */
export async function startSubjects() {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const redis = await startRedis({ dir: join(dir, 'redis'), external: '' });
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), external: '' });
  const [apiPort, simulatorPort, barePort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: String(apiPort),
    METRICS_PORT: '0',
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    PUBLIC_URL: `http://127.0.0.1:${apiPort}`,
    SIMULATOR_URL: `http://127.0.0.1:${simulatorPort}`,
    INSTALLATION_KEY: randomBytes(32).toString('base64'),
    KEYRING: `k1:${randomBytes(32).toString('base64')}`,
    LOG_LEVEL: 'warn',
    // No worker empties the queue here.
    MAX_QUEUE_AGE_MS: '0',
    SHUTDOWN_DELAY_MS: '0',
    ...SIMULATED,
  };
  const children = [];
  const start = (path, args = [], extra = {}) => {
    const child = fork(path, args, {
      env: { ...env, ...extra },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    return child;
  };
  const stop = async () => {
    for (const child of children) child.kill('SIGKILL');
    await redis.stop();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await runCli(env, ['migrate']);
    start(`${DIST}apps/simulator/src/main.js`, [], { PORT: String(simulatorPort), SMTP_PORT: '0' });
    const api = start(`${DIST}apps/api/src/main.js`);
    const bare = start(fileURLToPath(new URL('./bare-server.mjs', import.meta.url)), [
      String(barePort),
      `${redis.url.replace(/\/+$/, '')}/1`,
    ]);
    await Promise.all([answers(`http://127.0.0.1:${apiPort}/health/ready`), once(bare, 'message')]);
    const demo = JSON.parse(await runCli(env, ['demo']));
    separate([api.pid, bare.pid], [process.pid, redis.pid]);
    return {
      stop,
      redis,
      api: { name: 'Countersign', pid: api.pid, url: env.PUBLIC_URL },
      bare: { name: 'bare server', pid: bare.pid, url: `http://127.0.0.1:${barePort}` },
      demo,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A processor for whoever is measured, the others for the load and Redis. Processes that are moved about between two
 * pay for it in turns, which was half of the spread. Where there is no taskset, nothing is moved.
 */
function separate(measured, others) {
  if (cpus().length < 2) return;
  const pin = (list, pid) => spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', list, String(pid)]);
  for (const pid of measured) pin('0', pid);
  for (const pid of others) pin(`1-${cpus().length - 1}`, pid);
}

async function runCli(env, args) {
  const child = fork(`${DIST}apps/cli/src/main.js`, args, {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`cli ${args.join(' ')} ended with ${code}`);
  return text;
}

async function answers(url) {
  for (let turn = 0; turn < 150; turn++) {
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not become ready`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
