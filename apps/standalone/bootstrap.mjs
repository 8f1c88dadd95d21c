// Runs before `npm start` and `npm test`, on a checkout where nothing may be installed yet: checks Node, installs the
// locked packages when they are not those on disk, builds when sources are newer. Flag: --no-build.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { WORKPLACE_LOCK, build, isBuilt } from './build.mjs';
import { ROOT, say } from './environment.mjs';
import { withLock } from './lock.mjs';
import { readJson } from './processes.mjs';

const OLDEST_NODE = [20, 19];
const MARKER = join(ROOT, 'node_modules', '.bootstrap');

checkNode();
process.exitCode = await withLock(WORKPLACE_LOCK, prepare, ({ pid }) =>
  say(`Process ${pid} is installing or building here; waiting for it…`),
);

async function prepare() {
  if (!(await installPackages())) return 1;
  if (process.argv.includes('--no-build') || isBuilt()) return 0;
  if (await withProgress('Building…', build)) return 0;
  say("\nThe build failed: the compiler's messages are above. Correct them and run the command again.");
  return 1;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  say(
    `Countersign needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${process.version} (${process.execPath}).`,
  );
  say('Get a current one from https://nodejs.org or with your version manager, then run the command again.');
  process.exit(1);
}

async function installPackages() {
  const lock = readFileSync(join(ROOT, 'package-lock.json'));
  const machine = `${process.version} ${process.platform}/${process.arch}`;
  const wanted = createHash('sha256').update(lock).update(machine).digest('hex');
  if (existsSync(MARKER) && readFileSync(MARKER, 'utf8') === wanted) return true;
  if (existsSync(MARKER) || !isInstalledByHand(JSON.parse(lock))) {
    const reason = existsSync(MARKER) ? 'package-lock.json or Node.js changed' : 'first start only';
    if (!(await withProgress(`Installing packages… (${reason})`, npmCi))) return false;
  }
  writeFileSync(MARKER, wanted);
  return true;
}

async function npmCi() {
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--loglevel=error'];
  // The very npm that runs this script, when it is npm; another package manager would not read package-lock.json.
  const npm = process.env.npm_execpath ?? '';
  const [command, first] = basename(npm).startsWith('npm-cli') ? [process.execPath, [npm]] : ['npm', []];
  const child = spawn(command, [...first, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close').catch((error) => [(output += error.message)]);
  if (code === 0) return true;
  say(`\n${output.trim()}\n`);
  say(
    "Installing the packages failed; npm's own words are above. Usual causes: no way to the package registry",
  );
  say(
    '(try `npm ping`; behind a proxy set HTTPS_PROXY), a full disk, or files in node_modules that belong to another',
  );
  say('user (remove the folder). Then run the command again.');
  return false;
}

/** Whoever has just run `npm ci` should not see it all thrown away: npm's own record tells what is on disk. */
function isInstalledByHand(lock) {
  const present = readJson(join(ROOT, 'node_modules', '.package-lock.json'))?.packages;
  if (!present) return false;
  const same = (name) => present[name].integrity === lock.packages[name]?.integrity;
  const needed = Object.keys(lock.packages).filter((name) => name && !lock.packages[name].optional);
  return Object.keys(present).every(same) && needed.every((name) => name in present);
}

/** Tells what is going on and for how long: on a terminal second by second, in a log at the start and the end. */
async function withProgress(label, work) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const terminal = process.stderr.isTTY;
  const draw = () => process.stderr.write(`\r${label} ${seconds()} `);
  if (terminal) draw();
  else say(label);
  const timer = terminal ? setInterval(draw, 1_000) : undefined;
  try {
    const done = await work();
    if (terminal) process.stderr.write('\r\x1b[K');
    if (done) say(`${label} done in ${seconds()}`);
    return done;
  } finally {
    clearInterval(timer);
  }
}
