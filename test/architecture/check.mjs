// `npm run check`: everything that is known without running the program. Runs every check, also after one has
// failed, and names those that did. `npm run check -- lint types` runs only these.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { ROOT, inspectBoundaries } from './boundaries.mjs';
import { findUnproven } from './proofs.mjs';
import { findUnusedExports } from './unused-exports.mjs';

/** Most of them are one busy process. */
const AT_ONCE = Math.min(2, availableParallelism());

/** Each resolves to what is wrong, as text; empty when nothing is. */
const CHECKS = {
  format: () => tool('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  lint: () => tool('eslint/bin/eslint.js', ['.', '--max-warnings', '0']),
  types: () => tool('typescript/bin/tsc', ['-p', 'tsconfig.json', '--noEmit']),
  boundaries,
  'dead-code': deadCode,
  proofs,
  lockfile,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  console.error(`No check is called ${unknown.join(', ')}; there are ${Object.keys(CHECKS).join(', ')}.`);
  process.exit(2);
}

const failed = [];
const left = Object.entries(CHECKS).filter(([name]) => wanted.length === 0 || wanted.includes(name));
await Promise.all(Array.from({ length: AT_ONCE }, work));

async function work() {
  for (let next = left.shift(); next; next = left.shift()) await run(...next);
}

async function run(name, check) {
  const started = performance.now();
  const complaint = await check().catch((error) => error.stack);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${complaint ? 'FAILED' : 'ok    '}  ${name.padEnd(10)}  ${seconds} s`);
  if (!complaint) return;
  failed.push(name);
  console.log(`\n${complaint.trim()}\n`);
}

if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}.`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function boundaries() {
  const { violations } = await inspectBoundaries();
  return violations
    .map(({ rule, from, to, why }) => `${rule}: ${from}${to ? ` → ${to}` : ''}\n    ${why}`)
    .join('\n');
}

async function deadCode() {
  const unused = findUnusedExports().map(({ file, names }) => `${file}: ${names.join(', ')}`);
  if (unused.length === 0) return '';
  return `Exported, but imported nowhere and not used in their own file:\n${unused.join('\n')}`;
}

async function proofs() {
  return findUnproven().join('\n');
}

/**
 * npm drops optional packages of other platforms from the lock when it cannot see them, and then `npm ci` fails
 * there. Both runs are dry, and touch no network: the lock alone must be enough.
 */
async function lockfile() {
  const complaints = [];
  for (const [os, cpu] of [
    ['linux', 'x64'],
    ['darwin', 'arm64'],
  ]) {
    const { status, output } = await npm([
      'ci',
      '--dry-run',
      '--offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `--os=${os}`,
      `--cpu=${cpu}`,
    ]);
    if (status !== 0) complaints.push(`npm ci on ${os}-${cpu}:\n${output}`);
  }
  return complaints.join('\n');
}

/** The very npm that runs this script, when it is npm. */
function npm(args) {
  const running = process.env.npm_execpath ?? '';
  return basename(running).startsWith('npm-cli')
    ? spawnTool(process.execPath, [running, ...args])
    : spawnTool('npm', args);
}

async function tool(script, args) {
  const { status, output } = await spawnTool(process.execPath, [join(ROOT, 'node_modules', script), ...args]);
  return status === 0 ? '' : output || `exit status ${status}`;
}

async function spawnTool(command, args) {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  const [status] = await once(child, 'close');
  return { status, output };
}
