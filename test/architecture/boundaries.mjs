// Runs dependency-cruiser and judges the run itself as well: with a TypeScript it does not know it inspects nothing
// and reports success.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const LEAST_MODULES = 100;
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const SOURCES = ['apps', 'libs', 'test'];
const SOURCE_FILE = /(?<!\.d)\.m?ts$|\.mjs$/;
/** Names for a drawer. What is in it has a subject, and the subject has a room. */
const NAMELESS = new Set(['common', 'shared', 'utils', 'util', 'helpers', 'helper', 'core']);

/**
 * Looks at the tree under `root`.
 * @returns {Promise<{ seen: number, violations: { rule: string, from: string, to: string, why: string }[] }>}
 */
export async function inspectBoundaries(root = ROOT) {
  const report = await cruise(root);
  const modules = new Map(report.modules.map((module) => [module.source, module]));
  const why = new Map(report.summary.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment]));
  const violations = report.summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    from,
    to: cycle ? cycle.map(({ name }) => name).join(' → ') : to,
    why: why.get(rule.name),
  }));
  const own = sourcesOf(root);
  const seen = own.filter((file) => modules.get(file)?.dependencies.length > 0).length;
  for (const file of own.filter((name) => !modules.has(name))) {
    violations.push({
      rule: 'seen',
      from: file,
      to: '',
      why: 'dependency-cruiser did not look at this file.',
    });
  }
  for (const path of namelessIn(root)) {
    violations.push({
      rule: 'named',
      from: path,
      to: '',
      why: 'This name says nothing: call it by its subject.',
    });
  }
  if (seen < LEAST_MODULES) {
    violations.push({
      rule: 'plausible',
      from: `${seen} files with imports were seen`,
      to: '',
      why: `Fewer than ${LEAST_MODULES}: dependency-cruiser did not read the tree (does it know this TypeScript?).`,
    });
  }
  return { seen, violations };
}

async function cruise(root) {
  const present = SOURCES.filter((folder) => existsSync(join(root, folder)));
  const args = [CRUISER, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...present];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk) => (chunks.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (chunks.error += chunk));
  await once(child, 'close');
  try {
    return JSON.parse(chunks.out);
  } catch {
    throw new Error(`dependency-cruiser gave no report: ${chunks.error || chunks.out}`);
  }
}

/** Our own files under `root`, named from it. */
export function sourcesOf(root) {
  return SOURCES.flatMap((folder) => filesIn(root, folder)).filter((file) => SOURCE_FILE.test(file));
}

function namelessIn(root) {
  return filesIn(root, 'libs').filter((file) =>
    file.split('/').some((segment) => NAMELESS.has(segment.split('.', 1)[0])),
  );
}

function filesIn(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(join(root, '/').length));
}
