// One launcher at a time: a file that names its holder. It is linked into place whole, so that nobody ever reads a
// lock without a holder, and a holder that died is recognised by its birth stamp, not by its pid alone.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { identify, isAlive, sleep } from './processes.mjs';

/** Resolves to {release} or, when somebody else holds it, to {holder}. */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
  const mine = JSON.stringify(identify(process.pid));
  const aside = `${file}.${process.pid}`;
  for (;;) {
    writeFileSync(aside, mine);
    try {
      linkSync(aside, file);
      return { release: () => readText(file) === mine && rmSync(file, { force: true }) };
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    } finally {
      rmSync(aside, { force: true });
    }
    const seen = readText(file);
    const holder = seen && JSON.parse(seen);
    if (isAlive(holder)) return { holder };
    removeStale(file, seen);
  }
}

/** Waits for its turn, runs `work`, and lets go whatever happens. */
export async function withLock(file, work, onWait = () => {}) {
  let told = false;
  for (;;) {
    const { holder, release } = tryLock(file);
    if (release) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (!told) onWait(holder);
    told = true;
    await sleep(200);
  }
}

/** Two may find the same dead holder: the slower one must not remove the lock that the faster one has just taken. */
function removeStale(file, seen) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    if (readText(aside) !== seen) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
