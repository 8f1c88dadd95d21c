// The processes of one running installation: starts them, waits until they serve, notes them for the next launcher,
// and stops them in order. If one dies unasked, everybody stops: a half-alive demonstration explains nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './environment.mjs';
import { identify, isAlive, lastLines, readJson, terminate, waitUntil, writeJson } from './processes.mjs';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const LOG_LINES = 20;

export class Supervisor {
  #children = new Map();
  #stopping = false;
  #logs;
  #pids;
  #onDeath;

  constructor({ stateDir, onDeath }) {
    this.#logs = join(stateDir, 'logs');
    this.#pids = join(stateDir, 'pids.json');
    this.#onDeath = onDeath;
    mkdirSync(this.#logs, { recursive: true, mode: 0o700 });
  }

  /** Ends what a killed launcher left. Apps leave by themselves when their IPC channel closes; this is for the hung. */
  async reapOrphans() {
    const orphans = Object.values(readJson(this.#pids) ?? {}).filter(isAlive);
    await Promise.all(orphans.map((orphan) => terminate(orphan, { graceMs: STOP_TIMEOUT_MS })));
  }

  /** Starts an app that stays. Its own session: Ctrl-C reaches the launcher alone, which then stops things in order. */
  startApp(name, script, env) {
    const log = this.#freshLog(name);
    const fd = openSync(log, 'a', 0o600);
    const options = { cwd: ROOT, env, detached: true, stdio: ['ignore', fd, fd, 'ipc'] };
    const child = spawn(process.execPath, [script], options);
    closeSync(fd);
    this.#track(name, child);
    child.once('exit', (code, signal) => {
      if (!this.#stopping) this.#onDeath(failure(`${name} ended unexpectedly`, { code, signal, log }));
    });
  }

  /** Runs a command to its end and resolves to what it printed. */
  async run(name, script, args, env) {
    const log = this.#freshLog(name);
    const fd = openSync(log, 'a', 0o600);
    const options = { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', fd] };
    const child = spawn(process.execPath, [script, ...args], options);
    closeSync(fd);
    this.#track(name, child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    const [code, signal] = await once(child, 'close');
    if (code !== 0) throw failure(`${name} failed`, { code, signal, log, output });
    return output;
  }

  /** Resolves when `url` answers 200. A child that died meanwhile has been reported by then. */
  async untilReady(name, url) {
    const answers = () =>
      fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
        (response) => response.ok,
        () => false,
      );
    const over = async () => this.#stopping || !this.#children.has(name) || (await answers());
    if (await waitUntil(over, { timeoutMs: READY_TIMEOUT_MS, everyMs: 50 })) return;
    const log = this.#logOf(name);
    throw failure(`${name} was not ready at ${url} within ${READY_TIMEOUT_MS / 1000} s`, { log });
  }

  /** Stops the named ones at once; without names, everything that is left. */
  async stop(names = [...this.#children.keys()]) {
    this.#stopping = true;
    await Promise.all(
      names.map(async (name) => {
        const child = this.#children.get(name);
        if (child) await terminate(identify(child.pid), { graceMs: STOP_TIMEOUT_MS });
      }),
    );
  }

  #track(name, child) {
    this.#children.set(name, child);
    this.#recordPids();
    child.once('exit', () => {
      this.#children.delete(name);
      this.#recordPids();
    });
  }

  #recordPids() {
    const pids = [...this.#children].map(([name, child]) => [name, identify(child.pid)]);
    writeJson(this.#pids, Object.fromEntries(pids));
  }

  #logOf(name) {
    return join(this.#logs, `${name}.log`);
  }

  /** The log of the run before is kept: it may be the one that tells why there is a new run. */
  #freshLog(name) {
    const log = this.#logOf(name);
    if (existsSync(log)) renameSync(log, join(this.#logs, `${name}.previous.log`));
    return log;
  }
}

function failure(what, { code, signal, log, output = '' }) {
  const how = signal ? ` (${signal})` : code === undefined || code === null ? '' : ` (exit code ${code})`;
  const words = [lastLines(log, LOG_LINES), output.trim()].filter(Boolean).join('\n');
  return new Error(`${what}${how}. Its last words:\n\n${words || '(none)'}\n\nThe whole log: ${log}`);
}
