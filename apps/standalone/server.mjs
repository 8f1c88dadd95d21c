// The life of one embedded server: claim its folder, reap what a killed launcher left there, start, wait until it
// answers, and later stop, kill or restart it on the same port with the same data. Knows no database by name.
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  identify,
  isAlive,
  isPortFree,
  lastLines,
  readJson,
  sleep,
  terminate,
  waitUntil,
  writeJson,
} from './processes.mjs';

const RECORD = 'service.json';
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
/** Left by a predecessor that was killed a moment ago; gone by itself within seconds. */
const PASSING_TROUBLE =
  /pre-existing shared memory block|lock file .* already exists|address already in use/i;

/** Servers live in their own sessions (Ctrl-C must not reach them before their clients), so nothing but us ends them. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Ends the server that a dead launcher left behind in `dir`. Refuses to touch one whose launcher lives, but for `force`. */
export async function reapOrphan(dir, { stopSignal = 'SIGTERM', force = false } = {}) {
  const record = readJson(join(dir, RECORD));
  if (!record) return undefined;
  if (!force && isAlive(record.owner) && isAlive(record.server)) {
    throw new Error(`${dir} is in use by process ${record.owner.pid}; stop that one first.`);
  }
  if (isAlive(record.server)) await terminate(record.server, { signal: stopSignal });
  return record;
}

/**
 * @param {object} server
 *   name, dir, via, volatile, url(port), onExit(reason) as in services.d.mts;
 *   launch(port, logFd) spawns it, detached, and returns the child;
 *   isReady(port) speaks its protocol and resolves true when it serves;
 *   stopSignal ends it in good order.
 */
export async function startServer({ name, dir, via, volatile, url, launch, isReady, stopSignal, onExit }) {
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const previous = await reapOrphan(dir, { stopSignal });
  const logFile = join(dir, 'server.log');
  const remembered = previous?.port;
  let port = remembered && (await isPortFree(remembered)) ? remembered : await freePort();
  let child;
  let expected = true;

  const exited = () => child === undefined || child.exitCode !== null || child.signalCode !== null;
  const record = () =>
    writeJson(join(dir, RECORD), {
      port,
      owner: identify(process.pid),
      server: exited() ? undefined : identify(child.pid),
    });

  async function start({ keepPort }) {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      const trouble = await attempt(deadline);
      if (trouble === undefined) break;
      if (Date.now() > deadline || !PASSING_TROUBLE.test(trouble)) {
        throw new Error(`${name} (${via}) did not start:\n${trouble}\nIts log: ${logFile}`);
      }
      if (/address already in use/i.test(trouble) && !keepPort) port = await freePort();
      await sleep(100);
    }
    expected = false;
    const current = child;
    const reportExit = (code, signal) => {
      if (!expected && child === current) onExit?.({ name, code, signal, log: lastLines(logFile, 20) });
    };
    if (exited()) reportExit(child.exitCode, child.signalCode);
    else child.once('exit', reportExit);
  }

  /** One try. Resolves to what went wrong, or to nothing. */
  async function attempt(deadline) {
    const logFd = openSync(logFile, 'a');
    const logStart = statSync(logFile).size;
    let spawnError;
    try {
      child = launch(port, logFd);
    } finally {
      closeSync(logFd);
    }
    const current = child;
    running.add(current);
    current.once('exit', () => running.delete(current));
    current.once('error', (error) => {
      spawnError = error;
      running.delete(current);
    });
    record();
    const ready = await waitUntil(async () => spawnError || exited() || (await isReady(port)), {
      timeoutMs: Math.max(0, deadline - Date.now()),
    });
    if (spawnError) return spawnError.message;
    if (exited())
      return lastLines(logFile, 20, logStart) || `exited with ${child.exitCode ?? child.signalCode}`;
    if (ready) return undefined;
    await terminate(identify(current.pid), { signal: 'SIGKILL' });
    return `no answer on 127.0.0.1:${port} within ${READY_TIMEOUT_MS / 1000} s`;
  }

  async function end(signal, graceMs) {
    expected = true;
    if (exited()) return record();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await terminate(identify(child.pid), { signal, graceMs });
    await gone;
    record();
  }

  await start({ keepPort: false });
  return {
    name,
    dir,
    via,
    volatile,
    get port() {
      return port;
    },
    get pid() {
      return exited() ? undefined : child.pid;
    },
    get url() {
      return url(port);
    },
    stop: () => end(stopSignal, STOP_TIMEOUT_MS),
    async kill(signal = 'SIGKILL') {
      // A paused server is still there: nothing to wait for.
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') return void child.kill(signal);
      await end(signal, STOP_TIMEOUT_MS);
    },
    async restart({ signal = stopSignal, downMs = 0 } = {}) {
      await end(signal, STOP_TIMEOUT_MS);
      await sleep(downMs);
      await start({ keepPort: true });
    },
  };
}
