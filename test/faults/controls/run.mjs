// `npm run test:controls`: switches each control off in a copy of the tree, one at a time, and runs the test that
// proves it. Red is what is wanted. `npm run test:controls -- ATK-01 FR-05` runs only these.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTROLS } from './controls.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.countersign', 'coverage']);

const wanted = process.argv.slice(2);
const chosen = CONTROLS.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
if (chosen.length === 0) {
  console.error(`No control is called ${wanted.join(', ')}.`);
  process.exit(2);
}

const tree = mkdtempSync(join(tmpdir(), 'countersign-controls-'));
let failures = 0;
try {
  copyTree();
  for (const control of chosen) {
    const from = performance.now();
    const verdict = await tryWithout(control);
    if (verdict !== 'red') failures++;
    const seconds = Math.round((performance.now() - from) / 1_000);
    console.log(`${control.id.padEnd(7)} · ${control.control.padEnd(52)} · ${verdict} · ${seconds} s`);
  }
} finally {
  rmSync(tree, { recursive: true, force: true });
}
console.log(
  failures === 0 ? `All ${chosen.length} tests went red.` : `${failures} of ${chosen.length} did not go red.`,
);
process.exitCode = failures === 0 ? 0 : 1;

/** `red`, or what went wrong: the patch does not apply, no such test, or the test is green without its control. */
async function tryWithout({ file, find, replace, spec, test, build }) {
  const path = join(tree, file);
  if (!existsSync(path)) return `the file is gone: ${file}`;
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) return `the patch no longer applies to ${file}`;
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  try {
    if (build) {
      const built = await run(['apps/standalone/build.mjs']);
      if (built.status !== 0) return `does not build:\n${built.output.slice(-1_000)}`;
    }
    const report = join(tree, 'report.json');
    rmSync(report, { force: true });
    const args = ['run', spec, '-t', test, '--reporter=json', `--outputFile=${report}`];
    const { output } = await run(['node_modules/vitest/vitest.mjs', ...args]);
    return judge(report, output);
  } finally {
    writeFileSync(path, text);
  }
}

/** A suite that could not even begin proves nothing: at least one test must have run and failed. */
function judge(report, output) {
  if (!existsSync(report)) return `vitest did not finish:\n${output.slice(-1_000)}`;
  const results = JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  );
  const ran = results.filter(({ status }) => status === 'passed' || status === 'failed');
  if (ran.some(({ status }) => status === 'failed')) return 'red';
  return ran.length === 0 ? 'no test ran' : 'GREEN';
}

/** Sources are copied, since they are patched; packages are linked, since they are large. */
function copyTree() {
  for (const entry of readdirSync(ROOT))
    if (!LEFT_OUT.has(entry)) cpSync(join(ROOT, entry), join(tree, entry), { recursive: true });
  for (const folder of ['node_modules', 'dist'])
    if (existsSync(join(ROOT, folder))) linkTree(folder, folder === 'dist');
}

function linkTree(folder, copy) {
  mkdirSync(join(tree, folder), { recursive: true });
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const name = join(folder, entry.name);
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(join(ROOT, name)), join(tree, name));
    else if (entry.isDirectory()) linkTree(name, copy);
    // What the build writes must not be written through a link.
    else if (copy) cpSync(join(ROOT, name), join(tree, name));
    else linkOrCopy(join(ROOT, name), join(tree, name));
  }
}

/** The temporary folder may be on another file system. */
function linkOrCopy(from, to) {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}

async function run(args) {
  const child = spawn(process.execPath, args, { cwd: tree, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  const [status] = await once(child, 'close');
  return { status, output };
}
