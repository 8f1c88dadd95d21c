// Where a Redis comes from, in this order: the machine's own, a private download through apt, brew, docker, and at
// last a server in JavaScript. Each way answers {via, command, env?, volatile?} or nothing; nothing means the next.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, cacheDir, findInPath, say, skipped } from './environment.mjs';

const SERVERS = ['redis-server', 'valkey-server', 'keydb-server'];
const WAYS = { path: fromPath, apt: fromApt, brew: fromBrew, docker: fromDocker };

export function findRedis(dir) {
  for (const [name, way] of Object.entries(WAYS)) {
    const found = skipped(name) ? undefined : way(dir);
    if (found) return found;
  }
  return fromJavaScript();
}

function fromPath() {
  const binary = findInPath(SERVERS);
  return binary && starts(binary) ? { via: 'path', command: [binary] } : undefined;
}

/**
 * apt resolves, downloads and verifies, dpkg-deb unpacks into the user's cache: no root, nothing installed, and no
 * system service started on 6379.
 */
function fromApt() {
  if (process.platform !== 'linux' || !findInPath(['apt-get']) || !findInPath(['dpkg-deb'])) return undefined;
  const release = readFileSync('/etc/os-release', 'utf8');
  const system = createHash('sha256').update(release).digest('hex').slice(0, 8);
  const home = join(cacheDir(), `redis-${process.arch}-${system}`);
  const cached = inTree(home);
  if (cached) return cached;

  say('Downloading Redis into your cache folder with apt… (first start only, nothing is installed)');
  const aside = mkdtempSync(`${home}.`);
  try {
    if (!download(aside)) return undefined;
    for (const folder of ['lists', 'archives']) rmSync(join(aside, folder), { recursive: true, force: true });
    // Two launchers may get here at once; the rename is atomic and the slower one takes what is there.
    if (!inTree(home)) {
      rmSync(home, { recursive: true, force: true });
      renameSync(aside, home);
    }
  } catch (error) {
    if (!inTree(home)) say(`Redis from apt did not work out: ${error.message}`);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return inTree(home);
}

function download(home) {
  for (const folder of ['lists/partial', 'archives/partial'])
    mkdirSync(join(home, folder), { recursive: true });
  const settings = {
    'Dir::State::Lists': join(home, 'lists'),
    'Dir::Cache::Archives': join(home, 'archives'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'Debug::NoLocking': '1', // the machine's own lock belongs to root
    'APT::Sandbox::User': '', // the _apt user could not write into a private folder
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  };
  const options = [
    '-qq',
    '-y',
    ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
  ];
  const apt = (...args) =>
    spawnSync('apt-get', [...options, ...args], { stdio: 'ignore', timeout: 120_000 }).status === 0;
  // --reinstall: otherwise a package that is installed, but was passed over, would not be downloaded.
  const fetchPackages = (...names) =>
    apt('install', '--no-install-recommends', '--download-only', '--reinstall', ...names);

  apt('update');
  if (!fetchPackages('redis-server', 'redis-tools') && !fetchPackages('valkey-server', 'valkey-tools'))
    return false;
  const archives = readdirSync(join(home, 'archives')).filter((name) => name.endsWith('.deb'));
  return archives.every(
    (name) => spawnSync('dpkg-deb', ['-x', join(home, 'archives', name), join(home, 'root')]).status === 0,
  );
}

function inTree(home) {
  const root = join(home, 'root');
  const name = SERVERS.find((candidate) => existsSync(join(root, 'usr/bin', candidate)));
  if (!name) return undefined;
  const libraries = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.includes('.so.'))
    .map((entry) => entry.parentPath ?? entry.path);
  const env = { LD_LIBRARY_PATH: [...new Set(libraries)].join(':') };
  const command = [join(root, 'usr/bin', name)];
  return starts(command[0], env) ? { via: 'apt', command, env } : undefined;
}

/** Untried: no Mac was at hand. */
function fromBrew() {
  if (process.platform !== 'darwin' || !findInPath(['brew'])) return undefined;
  say('Installing Redis with brew… (first start only)');
  if (spawnSync('brew', ['install', 'redis'], { stdio: 'ignore' }).status !== 0) return undefined;
  const prefix = spawnSync('brew', ['--prefix'], { encoding: 'utf8' }).stdout.trim();
  const binary = join(prefix, 'bin', 'redis-server');
  return starts(binary) ? { via: 'brew', command: [binary] } : undefined;
}

/**
 * Untried: no docker daemon was at hand. The client stays in the foreground and hands signals on; the fixed name lets
 * the next start remove a container whose client was killed.
 */
function fromDocker(dir) {
  if (!findInPath(['docker'])) return undefined;
  if (spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status !== 0) return undefined;
  const name = `countersign-redis-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
  return {
    via: 'docker',
    prepare: () => spawnSync('docker', ['rm', '-f', name], { stdio: 'ignore' }),
    commandFor: (port, data) => [
      ...['docker', 'run', '--rm', '--name', name, '-p', `127.0.0.1:${port}:6379`, '-v', `${data}:/data`],
      ...['valkey/valkey:8-alpine', 'valkey-server', '--appendonly', 'yes', '--appendfsync', 'everysec'],
      ...['--save', '', '--maxmemory-policy', 'noeviction'],
    ],
  };
}

/** Right in what it does, but it keeps nothing on disk and manages some hundred jobs a second. */
function fromJavaScript() {
  const cli = join(ROOT, 'node_modules', 'js-redis-server', 'dist', 'cli.js');
  if (!existsSync(cli)) {
    throw new Error(
      'No Redis found. Install redis-server or valkey-server, or set REDIS_URL to one of yours.',
    );
  }
  const loopbackOnly = new URL('loopback-only.mjs', import.meta.url).href;
  say('');
  say('  ! No Redis was found and none could be downloaded. A stand-in written in JavaScript is used:');
  say('  ! it FORGETS EVERYTHING when it stops and is slow. For anything but a first look, install');
  say('  ! redis-server or valkey-server, or set REDIS_URL.');
  say('');
  return {
    via: 'js-redis-server',
    volatile: true,
    commandFor: (port) => [
      process.execPath,
      '--import',
      loopbackOnly,
      cli,
      '--single',
      '--port',
      String(port),
    ],
  };
}

/** Being there is not enough: a wrong architecture or a missing library only shows when it is run. */
function starts(binary, env = {}) {
  const options = { stdio: 'ignore', timeout: 10_000, env: { ...process.env, ...env }, cwd: dirname(binary) };
  return spawnSync(binary, ['--version'], options).status === 0;
}
