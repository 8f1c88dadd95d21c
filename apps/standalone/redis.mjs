// Embedded Redis: started with the settings that Countersign needs (append-only file, nothing evicted).
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findRedis } from './redis-sources.mjs';
import { startServer } from './server.mjs';

export async function startEmbeddedRedis({ dir, onExit }) {
  const data = join(dir, 'data');
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const source = findRedis(dir);
  const command = source.commandFor ?? ((port) => [...source.command, ...flags(port, data)]);

  return startServer({
    name: 'Redis',
    dir,
    via: source.via,
    volatile: Boolean(source.volatile),
    stopSignal: 'SIGTERM',
    url: (port) => `redis://127.0.0.1:${port}`,
    launch(port, logFd) {
      source.prepare?.();
      const [program, ...args] = command(port, data);
      const env = { ...process.env, ...source.env };
      return spawn(program, args, { detached: true, stdio: ['ignore', logFd, logFd], env, cwd: data });
    },
    isReady: ping,
    onExit,
  });
}

function flags(port, data) {
  return [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', data],
    ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction'],
  ];
}

/** A listening Redis may still be loading its file and answer -LOADING; only +PONG counts. */
function ping(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'));
    const finish = (pong) => {
      socket.destroy();
      resolve(pong);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('data', (chunk) => finish(chunk.toString().startsWith('+PONG')));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
