// The built processes from their first moment on: before they answer, and when they never do.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface Launched {
  child: ChildProcess;
  /** What it has written to stdout so far. */
  written(): string;
  ended: Promise<Ended>;
}

/** Starts a process without waiting for anything. It never outlives its test. */
export function launch(app: 'api' | 'worker', env: Record<string, string>): Launched {
  const child = spawn(process.execPath, [`${ROOT}dist/apps/${app}/src/main.js`], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...written }) as Ended);
  return { child, written: () => written.stdout, ended };
}

export async function within<T>(ms: number, what: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
  });
  return Promise.race([what, late]).finally(() => clearTimeout(timer));
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
