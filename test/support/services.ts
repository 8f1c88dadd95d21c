// Private PostgreSQL and Redis servers for tests that break them. Each lives in the folder of its test run, so that
// the next run finds and ends whatever a killed one has left.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  identify,
  isAlive,
  reapOrphan,
  startPostgres,
  startRedis,
  type ProcessIdentity,
  type Service,
} from '../../apps/standalone/services.mjs';

export type { Service };

/** One's own folder in the shared /tmp, else a stranger's processes would be read from it. */
const RUNS = join(tmpdir(), `countersign-tests-${process.getuid?.() ?? 'user'}`);
const OWNER = 'owner.json';

/** A server of the test's own; `dispose` ends it and removes its data. */
export type PrivateService = Service & { dir: string; dispose(): Promise<void> };

export function privateRedis(): Promise<PrivateService> {
  return startPrivate('redis', startRedis);
}

export function privatePostgres(): Promise<PrivateService> {
  return startPrivate('postgres', startPostgres);
}

async function startPrivate(name: string, start: typeof startRedis): Promise<PrivateService> {
  const dir = mkdtempOpen(join(process.env.TEST_RUN_DIR ?? createRun(), `${name}-`));
  const service = await start({ dir, external: '' });
  const dispose = async () => {
    await service.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  // Not a spread: `port` and `pid` are getters that change with a restart.
  return Object.assign(service, { dir, dispose });
}

/** A folder for one run of the suite; every worker process of the run finds it in TEST_RUN_DIR. */
export function createRun(): string {
  mkdirSync(RUNS, { recursive: true, mode: 0o711 });
  const dir = mkdtempOpen(join(RUNS, 'run-'));
  writeFileSync(join(dir, OWNER), JSON.stringify(identify(process.pid)));
  process.env.TEST_RUN_DIR = dir;
  return dir;
}

/** By force: a worker process may outlive the run that it belonged to, and it still owns its private servers. */
export async function removeRun(dir: string): Promise<void> {
  for (const name of readdirSync(dir)) await reapOrphan(join(dir, name), { force: true });
  rmSync(dir, { recursive: true, force: true });
}

/** Ends the servers and removes the data of runs that were killed before they could. */
export async function sweepAbandonedRuns(): Promise<void> {
  if (!existsSync(RUNS)) return;
  for (const name of readdirSync(RUNS)) {
    const dir = join(RUNS, name);
    if (!existsSync(join(dir, OWNER))) continue;
    const owner = JSON.parse(readFileSync(join(dir, OWNER), 'utf8')) as ProcessIdentity;
    if (!isAlive(owner)) await removeRun(dir);
  }
}

/** mkdtemp makes 0700; where user namespaces are barred, root's PostgreSQL runs as nobody and has to pass. */
function mkdtempOpen(prefix: string): string {
  const dir = mkdtempSync(prefix);
  chmodSync(dir, 0o711);
  return dir;
}
