// Builds dist/: tsc for TypeScript, a copy for what tsc leaves alone, and nothing left of sources that are gone
// (Node would go on resolving them). Plain tsc, because the Nest CLI does not run on every Node that we support.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, say } from './environment.mjs';
import { withLock } from './lock.mjs';

export const WORKPLACE_LOCK = join(ROOT, '.countersign', 'workplace.lock');
const DIST = join(ROOT, 'dist');
const BUILT = join(DIST, '.built');
const TSC_MEMORY = join(DIST, '.tsbuildinfo');
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const COMPILED = /(?<!\.(spec|int-spec|e2e-spec|fixtures|d))\.ts$/;

/** True when dist/ was built from the sources as they are. */
export function isBuilt() {
  const built = existsSync(BUILT) ? readFileSync(BUILT, 'utf8') : '';
  return built === fingerprint() && outputs().every((file) => existsSync(join(DIST, file)));
}

/** The caller holds WORKPLACE_LOCK. False when the compiler found errors; it has printed them. */
export async function build() {
  // Taken first: a file saved while tsc runs makes the next build run again.
  const state = fingerprint();
  if (!(await compile())) return false;
  if (!compiled().every(({ output }) => existsSync(join(DIST, output)))) {
    // Someone removed outputs by hand; tsc believes its memory that they are there.
    rmSync(TSC_MEMORY, { force: true });
    if (!(await compile())) return false;
  }
  copyAssets();
  removeStale();
  writeFileSync(BUILT, state);
  return true;
}

async function compile() {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--pretty', String(Boolean(process.stderr.isTTY))];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let messages = '';
  child.stdout.on('data', (chunk) => (messages += chunk));
  const [code] = await once(child, 'close');
  if (messages) say(`\n${messages.trimEnd()}`);
  return code === 0;
}

function copyAssets() {
  for (const file of assets()) {
    mkdirSync(dirname(join(DIST, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(DIST, file));
  }
}

function removeStale() {
  const expected = new Set(outputs());
  for (const top of ['apps', 'libs']) {
    for (const file of filesIn(top, DIST)) {
      if (!expected.has(file.replace(/\.map$/, ''))) rmSync(join(DIST, file));
    }
    removeEmptyFolders(join(DIST, top));
  }
}

function removeEmptyFolders(dir) {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(dir, entry.name));
  }
  if (readdirSync(dir).length === 0) rmSync(dir, { recursive: true });
}

/** Names, sizes and times of everything that goes into dist/: it also notices a deleted or renamed source. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...SETTINGS, ...sources()]) {
    const { size, mtimeMs } = statSync(join(ROOT, file));
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

const sources = () => [...compiled().map(({ source }) => source), ...assets()];
const outputs = () => [...compiled().map(({ output }) => output), ...assets()];

function compiled() {
  return [...appFiles(), ...filesIn('libs')]
    .filter((file) => COMPILED.test(file))
    .map((source) => ({ source, output: source.replace(/\.ts$/, '.js') }));
}

function assets() {
  return [
    ...appFiles().filter((file) => /\.(html|css|js|svg)$/.test(file)),
    ...filesIn('libs').filter((file) => file.endsWith('.lua')),
  ];
}

function appFiles() {
  return readdirSync(join(ROOT, 'apps')).flatMap((app) => filesIn(join('apps', app, 'src')));
}

/** Every file under `folder`, named from `base`, in a fixed order. */
function filesIn(folder, base = ROOT) {
  if (!existsSync(join(base, folder))) return [];
  return readdirSync(join(base, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(base.length + 1))
    .sort();
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const waiting = () => say('Another build or install is at work here; waiting for it…');
  process.exitCode = (await withLock(WORKPLACE_LOCK, build, waiting)) ? 0 : 1;
}
