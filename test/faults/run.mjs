// `npm run test:faults -- --seed N [--minutes M] [--only FI-07]`: every fault at full size. Prints one line for each,
// then I1 to I10 with their figures; ends with 1 when a promise was broken, and names the seed that shows it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROMISES = {
  I1: 'challenges lost',
  I2: 'approved more than once',
  I3: 'different codes for one challenge',
  I4: 'handed over after the deadline',
  I5: 'compared more often than allowed',
  I6: 'gaps and doubles in the journal',
  I7: 'codes and numbers in what was written',
  I8: 'refusals without a problem or Retry-After',
  I9: 'recoveries beyond 30 s',
  I10: 'handles or memory not given back',
};
const NUMBER = /^\d{1,10}$/;
/** Two builds at once need a repository and processes of their own, so that one is a program and no test. */
const MIXED = 'FI-49';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    minutes: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
if (!NUMBER.test(options.seed) || !NUMBER.test(options.minutes)) {
  console.error('--seed and --minutes are whole numbers.');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'faults-'));
const [report, results] = [join(folder, 'report.jsonl'), join(folder, 'results.json')];
console.log(`seed ${options.seed}`);
const status = options.only === MIXED ? 0 : await runTests();
const verdicts = readLines(report);
const tests = existsSync(results) ? listTests(JSON.parse(readFileSync(results, 'utf8'))) : [];
rmSync(folder, { recursive: true });
if (options.only === undefined || options.only === MIXED) tests.push(await runMixedBuilds());

printFaults();
const broken = printPromises();
printSends();
if (status !== 0 || broken || tests.length === 0 || tests.some(({ passed }) => !passed)) {
  console.log(`\nFAILED. Again: npm run test:faults -- --seed ${options.seed} --minutes ${options.minutes}`);
  process.exitCode = 1;
}

async function runMixedBuilds() {
  const from = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'test', 'faults', 'mixed-builds.mjs')], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const [code] = await once(child, 'close');
  return {
    ids: [MIXED],
    title: 'an earlier build and this one serve the same challenges for two minutes',
    passed: code === 0,
    seconds: ((performance.now() - from) / 1_000).toFixed(1),
  };
}

async function runTests() {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [
    vitest,
    'run',
    '--config',
    'vitest.faults.config.ts',
    'test/faults',
    'test/integration/model',
  ];
  args.push('--reporter=default', '--reporter=json', `--outputFile.json=${results}`);
  if (options.only) args.push('-t', options.only);
  const env = {
    ...process.env,
    FAULT_FULL: '1',
    MODEL_FULL: '1',
    FAULT_SEED: options.seed,
    FAULT_MINUTES: options.minutes,
    FAULT_REPORT: report,
  };
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  const [code] = await once(child, 'close');
  return code;
}

function readLines(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** [ids, what is said of them, did it hold, milliseconds] */
function listTests({ testResults }) {
  return (
    testResults
      .flatMap((file) => file.assertionResults)
      .filter(({ status }) => status !== 'skipped' && status !== 'pending')
      // The tools are tried too; told only when they fail.
      .filter(({ fullName, status }) => /FI-\d/.test(fullName) || status !== 'passed')
      .map(({ fullName, title, status, duration }) => ({
        ids: fullName.match(/FI-\d+/g) ?? ['FI-??'],
        title: title.replace(/^FI-\d+ /, ''),
        passed: status === 'passed',
        seconds: ((duration ?? 0) / 1_000).toFixed(1),
      }))
      .sort((a, b) => a.ids[0].localeCompare(b.ids[0]))
  );
}

function printFaults() {
  console.log('');
  for (const { ids, title, passed, seconds } of tests)
    console.log(
      `${passed ? 'kept  ' : 'BROKEN'}  ${ids.join(' ').padEnd(6)}  ${seconds.padStart(6)} s  ${title}`,
    );
}

/** Sums over every judgement. True when one was broken. */
function printPromises() {
  const judged = verdicts.filter(({ verdict }) => verdict).map(({ verdict }) => verdict);
  const sum = (name) => judged.reduce((total, verdict) => total + verdict[name], 0);
  const most = (name) => Math.max(0, ...judged.map((verdict) => verdict[name]));
  console.log(
    `\n${judged.length} judgements: ${sum('opened')} challenges, ${sum('received')} received, ` +
      `${sum('approved')} approved, ${sum('refused')} calls refused, ${sum('taggedDuplicates')} duplicates told as such, ` +
      `${sum('untaggedDuplicates')} not told, slowest recovery ${most('slowestRecoveryMs')} ms, ` +
      `${most('moreHandles')} handles and ${most('moreMemoryMb')} MB more at the end`,
  );
  for (const [name, meaning] of Object.entries(PROMISES))
    console.log(`${name.padEnd(4)} ${String(sum(name)).padStart(4)}  ${meaning}`);
  return Object.keys(PROMISES).some((name) => sum(name) > 0);
}

function printSends() {
  for (const { fault, figures } of verdicts.filter((line) => line.figures))
    console.log(
      `\n${fault}: ${Object.entries(figures)
        .map(([name, figure]) => `${name} ${figure}`)
        .join(', ')}`,
    );
}
