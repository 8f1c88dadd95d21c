// The built API and worker as real processes, so that they can be killed. `npm test` builds them first.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ask, until } from './house.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface StartedProcess {
  url: string;
  metricsUrl: string;
  child: ChildProcess;
  /** What it has written to stdout and stderr. */
  output(): string;
  /** SIGKILL, or another signal; resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface StartOptions {
  /** A program that runs the process, replacing itself by it: a shell with other limits, a namespace. */
  through?: readonly string[];
  /** Where it is reached. */
  host?: string;
}

export async function startBuilt(
  app: 'api' | 'worker',
  env: Record<string, string>,
  options: StartOptions = {},
): Promise<StartedProcess> {
  for (let turn = 1; ; turn++) {
    try {
      return await startOnce(app, env, options);
    } catch (error) {
      // A port that was free may meanwhile be the near end of somebody's connection.
      if (turn === 3 || !/EADDRINUSE/.test(String(error))) throw error;
    }
  }
}

async function startOnce(
  app: 'api' | 'worker',
  env: Record<string, string>,
  { through = [], host = '127.0.0.1' }: StartOptions,
): Promise<StartedProcess> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const [command, ...args] = [...through, process.execPath, `${ROOT}dist/apps/${app}/src/main.js`];
  const child = spawn(command!, args, {
    env: {
      PATH: process.env['PATH'],
      ...env,
      ...(app === 'api' ? { PORT: String(port) } : { WORKER_PORT: String(port) }),
      METRICS_PORT: String(metricsPort),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (written = (written + chunk.toString()).slice(-200_000)));
  const url = `http://${host}:${port}`;
  const started: StartedProcess = {
    url,
    metricsUrl: `http://${host}:${metricsPort}/metrics`,
    child,
    output: () => written,
    kill: async (signal = 'SIGKILL') => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
  await until(
    () => {
      if (child.exitCode !== null) throw new Error(`${app} ended with ${child.exitCode}: ${written}`);
      return ask('GET', `${url}/health/ready`).catch(() => undefined);
    },
    (answer) => answer?.status === 200,
    30_000,
  );
  return started;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
