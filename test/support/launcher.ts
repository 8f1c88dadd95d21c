// A real `npm start` (without npm's install and build) in a folder and on ports of its own, and all that it started.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify, isAlive, type ProcessIdentity } from '../../apps/standalone/services.mjs';
import { until } from './house.js';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LAUNCHER = join(ROOT, 'apps/standalone/start.mjs');
/** A cold start on a busy machine of two cores takes a quarter of this. */
const READY_TIMEOUT_MS = 120_000;

interface Standalone {
  freePort(): Promise<number>;
  withLock<T>(file: string, work: () => Promise<T>): Promise<T>;
}
const standalone = async <Name extends keyof Standalone>(
  file: string,
  name: Name,
): Promise<Standalone[Name]> =>
  ((await import(/* @vite-ignore */ join(ROOT, 'apps/standalone', file))) as Standalone)[name];
const freePort = await standalone('processes.mjs', 'freePort');
const withLock = await standalone('lock.mjs', 'withLock');

export interface Ports {
  PORT: number;
  WORKER_PORT: number;
  SIMULATOR_PORT: number;
  SMTP_PORT: number;
}

export interface Quickstart {
  apiUrl: string;
  simulatorUrl: string;
  apiKey: string;
  receiver: string;
  simulator: { graph: Record<'baseUrl' | 'wabaId' | 'phoneNumberId' | 'accessToken' | 'appSecret', string> };
}

export interface Launch {
  dir: string;
  ports: Ports;
  /** From the start of the process to its word that it is ready. */
  seconds: number;
  stdout(): string;
  quickstart: Quickstart;
  /** Everything that lives now because of it, itself included. */
  family(): ProcessIdentity[];
  /** What a terminal does on Ctrl-C: the whole foreground group is told. Resolves to the exit code. */
  interrupt(): Promise<number | null>;
  /** SIGKILL, which nobody can tidy up after. */
  kill(): Promise<void>;
}

/** An empty folder that the launcher may make its own. */
export function newStateDir(): string {
  const dir = mkdtempSync(join(process.env['TEST_RUN_DIR'] ?? tmpdir(), 'start-'));
  chmodSync(dir, 0o711); // PostgreSQL may have to pass as nobody
  return dir;
}

export async function newPorts(): Promise<Ports> {
  const ports = new Set<number>();
  while (ports.size < 4) ports.add(await freePort());
  const [PORT, WORKER_PORT, SIMULATOR_PORT, SMTP_PORT] = [...ports] as [number, number, number, number];
  return { PORT, WORKER_PORT, SIMULATOR_PORT, SMTP_PORT };
}

/** Starts and waits until it is ready. One at a time: two that start together choose the same port for metrics. */
export function launch(dir: string, ports: Ports): Promise<Launch> {
  return withLock(join(process.env['TEST_RUN_DIR'] ?? tmpdir(), 'launch.lock'), async () => {
    const started = performance.now();
    const { child, stdout, stderr } = begin(dir, ports);
    try {
      await until(
        async () => {
          if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`);
          // The file is written first, and the same lines are the last that are printed.
          return (
            / is ready after /.test(stdout()) &&
            stdout().includes(readFileSync(join(dir, 'quickstart.sh'), 'utf8'))
          );
        },
        Boolean,
        READY_TIMEOUT_MS,
      );
    } catch (error) {
      child.kill('SIGTERM');
      throw new Error(`npm start did not get ready:\n${stdout()}${stderr()}`, { cause: error });
    }
    const gone = once(child, 'exit') as Promise<[number | null]>;
    return {
      dir,
      ports,
      seconds: (performance.now() - started) / 1_000,
      stdout,
      quickstart: JSON.parse(readFileSync(join(dir, 'quickstart.json'), 'utf8')) as Quickstart,
      family: () => [identify(child.pid!), ...descendants(child.pid!).map(identify)],
      interrupt: async () => {
        if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGINT');
        return (await gone)[0];
      },
      kill: async () => {
        child.kill('SIGKILL');
        await gone;
      },
    };
  });
}

/** A start that is meant to fail: its exit code and what it said. */
export async function launchToFail(
  dir: string,
  ports: Ports,
): Promise<{ code: number | null; said: string }> {
  const { child, stdout, stderr } = begin(dir, ports);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: stdout() + stderr() };
}

/** Those that are still there after the time that a shutdown may take. */
export async function survivors(family: readonly ProcessIdentity[]): Promise<ProcessIdentity[]> {
  const left = (): ProcessIdentity[] => family.filter(isAlive);
  await until(
    async () => left().length,
    (count) => count === 0,
    20_000,
  ).catch(() => undefined);
  return left();
}

function begin(
  dir: string,
  ports: Ports,
): { child: ChildProcess; stdout: () => string; stderr: () => string } {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'LANG', 'EMBED_SKIP'];
  const child = spawn(process.execPath, [LAUNCHER], {
    cwd: ROOT,
    env: {
      ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
      ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      COUNTERSIGN_DIR: dir,
      // As under npm: it then ends with its parent, so that a killed test run leaves nothing behind.
      npm_lifecycle_event: 'start',
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
  return { child, stdout: () => written.stdout, stderr: () => written.stderr };
}

function descendants(pid: number): number[] {
  const children = parents()
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child);
  return [...children, ...children.flatMap(descendants)];
}

/** [pid, parent's pid] of every process. Where there is no /proc, nothing is known but the launcher itself. */
function parents(): [number, number][] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc').flatMap((name): [number, number][] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]];
    } catch {
      return []; // ended meanwhile
    }
  });
}
