// Protects the arrows between rooms, and the tool that guards them: a rule that never fires is found here, because
// every rule has a violation planted for it in a copy of the tree.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectBoundaries, LEAST_MODULES, ROOT, type Violation } from './boundaries.mjs';
import { findUnusedExports } from './unused-exports.mjs';

const SETTINGS = ['package.json', 'tsconfig.json', '.dependency-cruiser.cjs', 'eslint.config.mjs'];

/** One file per kind of violation: its rule, its place, its text. */
const PLANTED: [rule: string, file: string, text: string][] = [
  ['room-platform', 'libs/platform/clock/planted.ts', "import '#journal';"],
  ['room-journal', 'libs/journal/planted.ts', "import '#tenants';"],
  ['room-tenants', 'libs/tenants/planted.ts', "import '#providers';"],
  ['room-limits', 'libs/limits/planted.ts', "import '#providers';"],
  ['room-providers', 'libs/providers/planted.ts', "import '#templates';"],
  ['room-generators', 'libs/generators/planted.ts', "import '#providers';"],
  ['room-templates', 'libs/templates/planted.ts', "import type { GeneratorsService } from '#generators';"],
  ['room-challenges', 'libs/challenges/planted.ts', "import '#webhooks';"],
  ['room-identities', 'libs/identities/planted.ts', "import '#webhooks';"],
  ['room-webhooks', 'libs/webhooks/planted.ts', "import '#generators';"],
  ['room-dialects', 'libs/dialects/messangi/planted.ts', "import '../../attic/index.js';"],
  ['room-unknown', 'libs/attic/planted.ts', "import './index.js';"],
  ['front-door-only', 'libs/challenges/planted-path.ts', "import '../providers/routing.js';"],
  ['front-door-only', 'libs/challenges/planted-folder.ts', "import '#providers/adapters';"],
  ['front-door-only', 'libs/webhooks/planted-http.ts', "import '#templates/http';"],
  ['front-door-only', 'libs/dialects/messangi/planted-jobs.ts', "import '#challenges/jobs';"],
  ['platform-doors', 'libs/platform/queue/planted.ts', "import '../redis/connection.js';"],
  ['no-other-dialect', 'libs/dialects/planted/planted.ts', "import '#dialects/messangi';"],
  ['apps-use-doors', 'apps/api/src/planted.ts', "import '../../../libs/providers/routing.js';"],
  ['apps-use-doors', 'apps/cli/src/planted-folder.ts', "import '#platform/database/migrations';"],
  ['by-name-not-by-path', 'libs/challenges/planted-relative.ts', "import '../providers/index.js';"],
  [
    'by-name-not-by-path',
    'apps/worker/src/planted-relative.ts',
    "import '../../../libs/providers/index.js';",
  ],
  ['inside-before-doors', 'libs/templates/planted-door.ts', "import './http/index.js';"],
  ['http-and-jobs-apart', 'libs/challenges/http/planted.ts', "import '../jobs/index.js';"],
  ['libs-without-apps', 'libs/challenges/planted-app.ts', "import '../../apps/api/src/api.js';"],
  ['apps-apart', 'apps/cli/src/planted.ts', "import '../../api/src/api.js';"],
  ['simulator-alone', 'apps/simulator/src/planted.ts', "import type { Clock } from '#platform/clock';"],
  ['launcher-without-packages', 'apps/standalone/planted.mjs', "import 'pg';"],
  ['clients-in-platform', 'libs/challenges/planted-redis.ts', "import { Redis } from 'ioredis';"],
  ['clients-in-platform', 'libs/providers/planted-http.ts', "export { request } from 'undici';"],
  ['clients-in-platform', 'apps/cli/src/planted-pg.ts', "void import('pg');"],
  ['bullmq-in-jobs', 'libs/challenges/planted-queue.ts', "import { Queue } from 'bullmq';"],
  ['no-test-code-in-production', 'libs/journal/planted-test.ts', "import '../../test/planted.js';"],
  ['no-test-code-in-production', 'libs/journal/planted-spec.ts', "import './planted.spec.js';"],
  ['no-dev-dependency-in-production', 'libs/journal/planted-dev.ts', "import 'fast-check';"],
  ['no-cycle', 'libs/journal/planted-cycle.ts', "import './planted-cycle-two.js';"],
  ['no-cycle', 'libs/journal/planted-cycle-two.ts', "import './planted-cycle.js';"],
  [
    'no-cycle',
    'libs/journal/planted-cycle-of-types.ts',
    "import type { Two } from './planted-two.js'; export type One = Two;",
  ],
  ['resolvable', 'libs/journal/planted-nowhere.ts', "import '#journal/nowhere';"],
  ['named', 'libs/journal/utils/planted.ts', "import '../journal-entry.js';"],
  ['named', 'libs/journal/helpers.ts', "import './journal-entry.js';"],
];

/** What the same rules must let through. */
const ALLOWED: [file: string, text: string][] = [
  ['libs/journal/planted.spec.ts', "import '#challenges'; import 'vitest'; import { Redis } from 'ioredis';"],
  [
    'libs/challenges/planted-type.ts',
    "import type { Redis } from 'ioredis'; import type { Job } from 'bullmq';",
  ],
  ['libs/challenges/jobs/planted.ts', "import { UnrecoverableError } from 'bullmq';"],
  ['libs/templates/planted-port.ts', "import type { MessageProvider } from '#providers';"],
  ['libs/dialects/messangi/planted-rooms.ts', "import '#challenges'; import '#webhooks'; import '#journal';"],
  [
    'apps/worker/src/planted.ts',
    "import '#challenges/jobs'; import '#dialects/messangi'; import '#journal';",
  ],
];

const FURTHER: [file: string, text: string][] = [
  ['libs/attic/index.ts', 'export const attic = 1;'],
  [
    'libs/journal/planted-two.ts',
    "import type { One } from './planted-cycle-of-types.js'; export type Two = One;",
  ],
  ['test/planted.ts', "import 'node:fs';"],
];

describe('the boundaries between rooms', () => {
  it(`hold, and ${LEAST_MODULES} modules and more were looked at`, async () => {
    const { seen, violations } = await inspectBoundaries();
    expect(violations).toEqual([]);
    expect(seen).toBeGreaterThanOrEqual(LEAST_MODULES);
  });

  describe('with violations planted in a copy of the tree', () => {
    let copy: string;
    let violations: Violation[];

    beforeAll(async () => {
      copy = copyOfTheTree();
      for (const [file, text] of [...PLANTED.map(([, ...rest]) => rest), ...ALLOWED, ...FURTHER]) {
        plant(copy, file, text);
      }
      ({ violations } = await inspectBoundaries(copy));
    });
    afterAll(() => rmSync(copy, { recursive: true, force: true }));

    it.each(PLANTED)('%s catches %s', (rule, file) => {
      const found = violations.filter((violation) => violation.from === file || violation.to.includes(file));
      expect(found.map((violation) => violation.rule)).toContain(rule);
      expect(found.every(({ why }) => why.length > 20)).toBe(true);
    });

    it.each(ALLOWED)('nothing is said against %s', (file) => {
      const found = violations.filter(({ from, rule }) => from === file && rule !== 'no-unreached-file');
      expect(found).toEqual([]);
    });

    it('no-unreached-file catches what no main.ts leads to, and spares what one does', () => {
      const unreached = violations
        .filter(({ rule }) => rule === 'no-unreached-file')
        .flatMap(({ from, to }) => [from, to]);
      expect(unreached).toContain('libs/challenges/planted-type.ts');
      expect(unreached).not.toContain('libs/journal/journal-writer.ts');
      expect(unreached).not.toContain('libs/journal/planted.spec.ts');
    });

    it('every rule has a violation planted for it', () => {
      const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
        forbidden: { name: string; comment?: string }[];
      };
      const planted = new Set([...PLANTED.map(([rule]) => rule), 'no-unreached-file']);
      expect(forbidden.filter(({ name }) => !planted.has(name))).toEqual([]);
      expect(forbidden.filter(({ comment }) => !comment)).toEqual([]);
    });

    it('the linter tells what builds queues, pools and chance outside their place, and what to use instead', async () => {
      const file = 'libs/challenges/planted-builders.ts';
      plant(
        copy,
        file,
        `import { BullModule } from '@nestjs/bullmq';
         import { Queue, Worker } from 'bullmq';
         import { DataSource } from 'typeorm';
         export const built = [BullModule, new Queue('q'), new Worker('q'), new DataSource({ type: 'postgres' })];
         export const chance = [Math.random(), new Date(), process.env['HOME'], fetch('http://localhost')];`,
      );
      const messages = (await lint(copy, file)).filter(({ ruleId }) => ruleId?.includes('no-restricted'));
      expect(messages.map(({ line }) => line).sort()).toEqual([1, 2, 2, 3, 5, 5, 5, 5]);
      expect(messages.filter(({ message }) => !/inject|use|ask/i.test(message))).toEqual([]);
    });

    it('an export that nobody imports is dead, and one that its own file uses is not', () => {
      const file = 'libs/journal/planted-exports.ts';
      plant(copy, file, 'export const nobodyAsks = 1; export const used = 2; void used;');
      const found = findUnusedExports(copy).find((entry) => entry.file === file);
      expect(found?.names).toEqual(['nobodyAsks']);
    });
  });

  it('a run that saw too little is a failure, not a success', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'boundaries-'));
    try {
      prepare(empty);
      plant(empty, 'libs/journal/index.ts', "import 'node:fs';");
      const { seen, violations } = await inspectBoundaries(empty);
      expect(seen).toBe(1);
      expect(violations.map(({ rule }) => rule)).toContain('plausible');
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  });
});

function copyOfTheTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'boundaries-'));
  prepare(copy);
  for (const folder of ['apps', 'libs']) cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
  return copy;
}

function prepare(folder: string): void {
  for (const file of SETTINGS) cpSync(join(ROOT, file), join(folder, file));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

function plant(root: string, file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), `${text}\n`);
}

interface LintMessage {
  ruleId: string | null;
  message: string;
  line: number;
}

async function lint(root: string, file: string): Promise<LintMessage[]> {
  const eslint = join(ROOT, 'node_modules/eslint/bin/eslint.js');
  const output = await new Promise<string>((resolve) =>
    execFile(process.execPath, [eslint, '--format', 'json', file], { cwd: root }, (_error, stdout) =>
      resolve(stdout),
    ),
  );
  return (JSON.parse(output) as { messages: LintMessage[] }[]).flatMap(({ messages }) => messages);
}
