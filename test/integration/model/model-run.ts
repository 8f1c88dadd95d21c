// One sequence of operations on both engines, and everything that must agree when it is over.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Redis } from 'ioredis';
import { HotStore } from '../../../libs/challenges/hot-store/hot-store.js';
import { MessageStore } from '../../../libs/challenges/hot-store/message-store.js';
import { LuaScripts, type RedisConnection } from '#platform/redis';
import type { Partitions } from '#platform/partitions';
import type { Mutant } from '../../faults/mutants/index.js';
import { type Operation, RULES, SideBySide } from './operations.js';
import { ReferenceEngine } from './reference-engine.js';

const HOT_STORE = fileURLToPath(new URL('../../../libs/challenges/hot-store/', import.meta.url));
const PARTITION = 7;
const TAG = '{p07}:';
let runs = 0;

export class ModelRun {
  private readonly clock = { offsetMs: 0 };
  private readonly reference = new ReferenceEngine(RULES);
  private readonly sides: SideBySide;

  constructor(
    private readonly redis: Redis,
    mutant: Mutant | undefined,
  ) {
    const partitions = { tag: () => TAG, tagOf: () => TAG } as unknown as Partitions;
    const connection = { client: redis } as RedisConnection;
    const scripts = new HotStore(connection, partitions, this.clock as never);
    const messages = new MessageStore(connection, partitions, this.clock as never);
    if (mutant) for (const store of [scripts, messages]) plant(store, redis, mutant);
    this.sides = new SideBySide(scripts, messages, this.reference, this.clock, `run${++runs}x`, PARTITION);
  }

  async compare(operations: readonly Operation[]): Promise<void> {
    await this.redis.del(`${TAG}journal`, `${TAG}exp`, `${TAG}due`);
    for (const [at, operation] of operations.entries()) {
      const [told, expected] = await this.sides.apply(operation);
      if (told !== expected)
        throw new Error(
          `operation ${at} ${JSON.stringify(operation)}: the scripts said "${told}", the rules say "${expected}"`,
        );
    }
    await this.compareRecords();
    await this.compareJournal();
  }

  private async compareRecords(): Promise<void> {
    for (const { id } of this.sides.opened) {
      const expected = this.reference.challenges.get(id)!;
      const record = await this.redis.hgetall(`${TAG}ch:${id}`);
      const messages = expected.messages.map((_, index) => record[`m${index + 1}`]?.[0]);
      const found = {
        state: record['s'],
        failures: Number(record['f']),
        messages,
        wiped: record['c'] === undefined && record['h'] === undefined,
      };
      const wanted = {
        state: expected.state,
        failures: expected.failures,
        messages: expected.messages.map(({ state }) => state),
        wiped: !'PG'.includes(expected.state),
      };
      if (JSON.stringify(found) !== JSON.stringify(wanted))
        throw new Error(`record: ${JSON.stringify(found)}, by the rules ${JSON.stringify(wanted)}`);
      if ((await this.redis.pttl(`${TAG}ch:${id}`)) < 0) throw new Error('a record without an end');
    }
  }

  /** Every transition is written once, in the order of its challenge. */
  private async compareJournal(): Promise<void> {
    const entries = await this.redis.xrange(`${TAG}journal`, '-', '+');
    const next = new Map<string, number>();
    const types: string[] = [];
    for (const [, fields] of entries) {
      const entry = Object.fromEntries(
        fields.flatMap((name, at) => (at % 2 ? [] : [[name, fields[at + 1]!]])),
      ) as Record<string, string>;
      const sequence = (next.get(entry['c']!) ?? 0) + 1;
      if (Number(entry['q']) !== sequence) throw new Error(`journal: ${entry['q']} after ${sequence - 1}`);
      next.set(entry['c']!, sequence);
      types.push(entry['t']!);
    }
    const [found, wanted] = [types.sort().join(), [...this.reference.events].sort().join()];
    if (found !== wanted) throw new Error(`journal: ${found}\nby the rules: ${wanted}`);
  }
}

/** Gives the store scripts in which one thing is wrong. */
function plant(store: HotStore | MessageStore, redis: Redis, mutant: Mutant): void {
  (store as unknown as { scripts: LuaScripts<string> }).scripts = mutated(redis, mutant);
}

let lastPlanted: { mutant: Mutant; scripts: LuaScripts<string> } | undefined;

/** Loaded once for the many runs of one mutant. The copies are only needed while they are read. */
function mutated(redis: Redis, mutant: Mutant): LuaScripts<string> {
  if (lastPlanted?.mutant === mutant) return lastPlanted.scripts;
  const dir = mkdtempSync(join(tmpdir(), 'countersign-mutant-'));
  try {
    cpSync(HOT_STORE, dir, { recursive: true, filter: (path) => !path.endsWith('.ts') });
    const file = join(dir, `${mutant.script}.lua`);
    const text = readFileSync(file, 'utf8');
    if (!text.includes(mutant.find))
      throw new Error(`${mutant.name}: ${mutant.script}.lua has no such line any more`);
    writeFileSync(file, text.replace(mutant.find, mutant.replace));
    lastPlanted = { mutant, scripts: new LuaScripts(redis, pathToFileURL(`${dir}/`).href, SCRIPTS) };
    return lastPlanted.scripts;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const SCRIPTS = [
  'open-challenge',
  'check-answer',
  'resend-message',
  'claim-message',
  'settle-message',
  'cancel-challenge',
  'read-challenge',
  'expire-due',
  'due-messages',
  'follow-message',
  'allow-follow',
  'finish-approval',
  'journal-refusal',
  'unblock-receiver',
  'take-receiver',
  'merge-receiver',
];
