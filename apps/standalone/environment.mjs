// Where this checkout is, where a user's cache is, and which ways of starting a server a test has switched off.
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** State of the one-command installation: secrets, data, logs. COUNTERSIGN_DIR lets two of them stand side by side. */
export const STATE_DIR = resolve(process.env.COUNTERSIGN_DIR || join(ROOT, '.countersign'));

export const say = (line = '') => process.stderr.write(`${line}\n`);

/** EMBED_SKIP=userns,path,apt,brew,docker makes the next way be tried; it exists for tests of the order. */
export const skipped = (way) => (process.env.EMBED_SKIP ?? '').split(',').includes(way);

export const isRoot = () => process.getuid?.() === 0;

export function findInPath(names) {
  for (const dir of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    for (const name of names) {
      try {
        accessSync(join(dir, name), constants.X_OK);
        return join(dir, name);
      } catch {
        continue;
      }
    }
  }
  return undefined;
}

/** Per user, so that tests and later clones reuse a download. A user without a usable home gets a private temp folder. */
export function cacheDir() {
  const home =
    process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
  const candidates = [
    join(process.env.XDG_CACHE_HOME || home, 'countersign'),
    join(tmpdir(), `countersign-cache-${process.getuid?.() ?? 'user'}`),
  ];
  for (const dir of candidates) {
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      accessSync(dir, constants.W_OK);
      // We run programs from here, so in a shared /tmp it has to be ours and nobody else's.
      const { uid, mode } = lstatSync(dir);
      if (uid === process.getuid?.() && (mode & 0o022) === 0) return dir;
    } catch {
      continue;
    }
  }
  throw new Error(`No writable cache folder; tried ${candidates.join(' and ')}. Set XDG_CACHE_HOME.`);
}
