// Processes, ports and waiting: what the launcher needs of the operating system, and nothing about what it runs.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/**
 * A pid is reused by the kernel; a pid with the moment of its birth is not. Everything that is recorded to be
 * killed later is recorded with this stamp, so that a stranger who inherited the number is never hit.
 * Undefined: no such process, or only its zombie.
 */
export function processStamp(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command name may hold spaces and brackets; the numbered fields start after its last bracket.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A leader that ended before its other threads is a zombie which still holds its sockets.
      if (fields[0] === 'Z' && Number(fields[17]) <= 1) return undefined;
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
    }
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

export const identify = (pid) => ({ pid, stamp: processStamp(pid) });

export const isAlive = (process_) =>
  Boolean(process_?.stamp) && processStamp(process_.pid) === process_.stamp;

/** What a pid was started as, or ''. */
export function commandLine(pid) {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  } catch {
    return '';
  }
}

/** Asks, waits, then insists. A stopped process (SIGSTOP) cannot hear the question, hence SIGCONT. */
export async function terminate(process_, { signal = 'SIGTERM', graceMs = 5_000 } = {}) {
  const send = (name) => {
    if (!isAlive(process_)) return;
    try {
      process.kill(process_.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  };
  send(signal);
  send('SIGCONT');
  const gone = () => !isAlive(process_);
  if (await waitUntil(gone, { timeoutMs: graceMs })) return;
  send('SIGKILL');
  await waitUntil(gone, { timeoutMs: 5_000 });
}

/** Polls until `condition` is truthy; false when the time is up. */
export async function waitUntil(condition, { timeoutMs, everyMs = 20 }) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() >= deadline) return false;
    await sleep(everyMs);
  }
}

export const isPortFree = (port, host = '127.0.0.1') =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });

/**
 * Below the ephemeral range on purpose: a client that keeps reconnecting to a port of that range while its server
 * is down may be given the very port as its own, connect to itself, and keep the server from coming back.
 */
export async function freePort() {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (await isPortFree(port)) return port;
  }
  throw new Error('No free port between 20000 and 32000 on 127.0.0.1.');
}

/** The last lines of a file, reading no more than 16 KiB from `offset` or from near the end. */
export function lastLines(file, count, offset = 0) {
  if (!existsSync(file)) return '';
  const { size } = statSync(file);
  const from = Math.max(Math.min(offset, size), size - 16_384);
  const buffer = Buffer.alloc(size - from);
  const fd = openSync(file, 'r');
  const read = readSync(fd, buffer, 0, buffer.length, from);
  closeSync(fd);
  return buffer.subarray(0, read).toString('utf8').trimEnd().split('\n').slice(-count).join('\n');
}

export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Written aside and renamed: a launcher killed half-way leaves the old file or the new one, never a torn one. */
export function writeJson(file, value, mode = 0o600) {
  const aside = `${file}.${process.pid}.tmp`;
  writeFileSync(aside, `${JSON.stringify(value, null, 2)}\n`, { mode });
  renameSync(aside, file);
}
