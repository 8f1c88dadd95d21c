import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyRingOf, newRingEntry, testConfig } from '../../../test/support/configuration.js';
import { createDatabase } from '../../../test/support/house.js';
import { openDatabase } from '../../../test/support/wiring.js';
import { Clock } from '#platform/clock';
import type { Database } from '#platform/database';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { configureLogging } from '#platform/logging';
import { journalEntities } from '../index.js';
import type { JournalEntry } from '../journal-entry.js';
import { Audit, CLI } from './audit.js';
import { type Chain, PLATFORM_CHAIN } from './audit-chain.js';
import { AuditLog } from './audit-log.js';
import { AuditSequencer } from './audit-sequencer.js';
import { AuditSigner } from './audit-signer.js';
import { AuditVerifier } from './audit-verifier.js';
import { auditTransitions } from './audited-transitions.js';
import { CheckpointCopies } from './checkpoint-copies.js';

configureLogging('silent', 'test');
const MINUTE_MS = 60_000;
const OLD = newRingEntry('old');
const clock = new Clock(testConfig());

let database: Database;
let folder: string;
let tenant: Identifier;

beforeAll(async () => {
  database = await openDatabase(await createDatabase(), journalEntities);
  folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  worker = start();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.onApplicationShutdown();
});
beforeEach(async () => {
  clock.offsetMs = 0;
  tenant = newId();
  await database.manager.query('TRUNCATE audit_events, audit_chains, audit_checkpoints');
});

interface Worker {
  audit: Audit;
  sequencer: AuditSequencer;
  log: AuditLog;
}

function start({
  ring = keyRingOf(OLD),
  to = folder,
}: { ring?: ReturnType<typeof keyRingOf>; to?: string } = {}): Worker {
  const audit = new Audit(clock, ring);
  const signer = new AuditSigner(ring, clock);
  const copies = new CheckpointCopies(database, testConfig({ AUDIT_CHECKPOINTS: to }), clock);
  return {
    audit,
    sequencer: new AuditSequencer(database, signer, copies, clock),
    log: new AuditLog(database, audit, signer, clock),
  };
}
let worker: Worker;

function record(subject: string, tenantId: Identifier | null = tenant): Promise<void> {
  return database.transaction((manager) =>
    worker.audit.record(manager, CLI, { tenantId, action: 'limits.changed', subject, after: { subject } }),
  );
}

/** Many at once, without a transaction for each. */
async function fill(count: number): Promise<void> {
  await database.manager.query(
    `INSERT INTO audit_events (chain, at, actor, action, subject)
     SELECT $1, now(), 'cli', 'limits.changed', 'row ' || n FROM generate_series(1, $2::int) AS n`,
    [tenant, count],
  );
}

async function chained(): Promise<void> {
  while ((await worker.sequencer.run()) > 0);
}

async function exported(chain: Chain = tenant, { log } = worker): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of await log.export(chain, CLI)) lines.push(line);
  return lines;
}

async function verified(chain?: Chain, by?: Worker): Promise<object> {
  const verifier = new AuditVerifier();
  for (const line of await exported(chain, by)) {
    const fault = verifier.read(line.trim());
    if (fault) return fault;
  }
  return verifier.end();
}

const checkpoints = (): Promise<{ chain: string; seq: number; copied_at: Date | null }[]> =>
  database.manager.query('SELECT chain, seq, copied_at FROM audit_checkpoints ORDER BY seq');

describe('SEC-20 the sequencer', () => {
  it('numbers rows that were inserted at once, by several processes, without a gap, each chain for itself', async () => {
    const other = newId();
    const [second, third] = [start(), start()];
    await Promise.all([
      ...Array.from({ length: 60 }, (_, at) => record(`row ${at}`, [tenant, other, null][at % 3])),
      ...Array.from({ length: 5 }, () => worker.sequencer.run()),
      ...Array.from({ length: 5 }, () => second.sequencer.run()),
      ...Array.from({ length: 5 }, () => third.sequencer.run()),
    ]);
    await chained();
    for (const chain of [tenant, other, PLATFORM_CHAIN])
      expect(await verified(chain)).toMatchObject({ first: 1, last: 20 });
    expect(
      await database.manager.query('SELECT count(*)::int AS n FROM audit_events WHERE seq IS NULL'),
    ).toEqual([
      { n: 3 }, // That each was exported.
    ]);
  });

  it('chains a row that was committed after later ones', async () => {
    const late = database.transaction(async (manager) => {
      await worker.audit.record(manager, CLI, {
        tenantId: tenant,
        action: 'limits.changed',
        subject: 'slow',
      });
      await record('quick');
      await worker.sequencer.run();
    });
    await late;
    await chained();
    const rows: object[] = await database.manager.query('SELECT subject, seq FROM audit_events ORDER BY seq');
    expect(rows).toEqual([
      { subject: 'quick', seq: 1 },
      { subject: 'slow', seq: 2 },
    ]);
    expect(await verified()).toMatchObject({ last: 2 });
  });

  it('writes nothing for a change that did not happen', async () => {
    const failing = database.transaction(async (manager) => {
      await worker.audit.record(manager, CLI, { tenantId: tenant, action: 'limits.changed', subject: 'x' });
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    await chained();
    expect(await verified()).toMatchObject({ first: 0, last: 0 });
  });
});

describe('SEC-20 a checkpoint', () => {
  it('is made after every thousand rows, and is written outside the database too', async () => {
    await fill(2_300);
    await chained();
    expect(await checkpoints()).toEqual([
      { chain: tenant, seq: 1_000, copied_at: expect.any(Date) },
      { chain: tenant, seq: 2_000, copied_at: expect.any(Date) },
    ]);
    const name = renderNative('tenant', tenant);
    const copies = readFileSync(join(folder, `${name}.jsonl`), 'utf8')
      .trim()
      .split('\n');
    const told = (await exported()).filter((line) => line.includes('"checkpoint"'));
    expect(copies.map((line) => JSON.parse(line))).toMatchObject(
      told.map((line) => JSON.parse(line) as object),
    );
    expect(await verified()).toMatchObject({ first: 1, last: 2_300, checkpoints: 2 });
  });

  it('is made ten minutes after the first row that none vouches for, and not without a new one', async () => {
    await record('a');
    await chained();
    clock.offsetMs += 9 * MINUTE_MS;
    await record('b');
    await chained();
    expect(await checkpoints()).toEqual([]);
    clock.offsetMs += MINUTE_MS;
    await chained();
    expect(await checkpoints()).toMatchObject([{ seq: 2 }]);
    clock.offsetMs += 60 * MINUTE_MS;
    await chained();
    expect(await checkpoints()).toMatchObject([{ seq: 2 }]);
  });

  it('that could not be written outside is written there later', async () => {
    const lost = start({ to: join(folder, 'not-there') });
    await record('a');
    await chained();
    clock.offsetMs += 10 * MINUTE_MS;
    await lost.sequencer.run();
    expect(await checkpoints()).toEqual([{ chain: tenant, seq: 1, copied_at: null }]);
    await chained();
    expect(await checkpoints()).toEqual([{ chain: tenant, seq: 1, copied_at: expect.any(Date) }]);
    expect(readFileSync(join(folder, `${renderNative('tenant', tenant)}.jsonl`), 'utf8')).toContain(
      '"seq":1,',
    );
  });

  it('goes on being believed when the key that signed it has left the ring', async () => {
    await record('a');
    await chained();
    clock.offsetMs += 10 * MINUTE_MS;
    await chained();
    const later = start({ ring: keyRingOf(newRingEntry('new')) });
    const verdict = (await verified(tenant, later)) as { keys: string[] };
    expect(verdict).toMatchObject({ last: 1, checkpoints: 1 });
    expect(verdict.keys).toHaveLength(2);
  });
});

it('SEC-20 an export is whole while the chain grows and checkpoints are made', async () => {
  let growing = true;
  const grow = async (): Promise<void> => {
    while (growing) {
      await record('more');
      clock.offsetMs += 11 * MINUTE_MS;
      await worker.sequencer.run();
    }
  };
  const grown = grow();
  try {
    for (let turn = 0; turn < 20; turn++) expect(await verified()).toHaveProperty('keys');
  } finally {
    growing = false;
    await grown;
  }
  await chained();
  expect(await verified()).toHaveProperty('keys');
});

describe('SEC-20 rows that are kept no longer', () => {
  const forget = (upTo: number): Promise<unknown> =>
    database.manager.query('DELETE FROM audit_events WHERE chain = $1 AND seq <= $2', [tenant, upTo]);

  it('leave a chain that begins after a checkpoint, and nowhere else', async () => {
    await fill(1_010);
    await chained();
    await forget(1_000);
    expect(await verified()).toMatchObject({ first: 1_001, last: 1_010, checkpoints: 1 });
    await forget(1_005);
    expect(await verified()).toMatchObject({ row: 1_001 });
  });

  it('may be all of them, up to a checkpoint', async () => {
    await fill(1_010);
    await chained();
    clock.offsetMs += 10 * MINUTE_MS;
    await chained();
    await forget(1_010);
    expect(await verified()).toMatchObject({ first: 0, last: 1_010, checkpoints: 1 });
    await database.manager.query('DELETE FROM audit_checkpoints');
    expect(await verified()).toMatchObject({ row: 1 });
  });
});

describe('SEC-20 what somebody does to the table', () => {
  const ROWS = 1_010;
  const damage: [string, number, string][] = [
    ['an edited row', 500, `UPDATE audit_events SET actor = 'system' WHERE seq = 500`],
    ['a deleted row', 700, `DELETE FROM audit_events WHERE seq = 700`],
    [
      'two swapped rows',
      501,
      `UPDATE audit_events a SET subject = b.subject FROM audit_events b WHERE a.seq IN (501, 502) AND b.seq = 1003 - a.seq`,
    ],
    [
      'an inserted row',
      800,
      `UPDATE audit_events SET seq = seq + 100000 WHERE seq >= 800;
       UPDATE audit_events SET seq = seq - 99999 WHERE seq > 100000;
       INSERT INTO audit_events (chain, seq, hash, at, actor, action, subject)
         SELECT chain, 800, hash, at, actor, action, 'forged' FROM audit_events WHERE seq = 799`,
    ],
    ['a tail that was cut off', 1_001, `DELETE FROM audit_events WHERE seq > 1000`],
    [
      'a tail that was cut off as if it had never been',
      996,
      `DELETE FROM audit_events WHERE seq > 995;
       UPDATE audit_chains SET seq = 995, hash = (SELECT hash FROM audit_events WHERE seq = 995)`,
    ],
  ];

  it.each(damage)('%s: the export names row %i', async (_what, row, sql) => {
    await fill(ROWS);
    await chained();
    await database.manager.query(sql);
    expect(await verified()).toMatchObject({ row });
  });
});

describe('what the journal brings', () => {
  const entry = (type: string, sequence: number): JournalEntry => ({
    eventId: `c-${sequence}`,
    type,
    challengeId: tenant,
    tenantId: tenant,
    sequence,
    occurredAt: new Date(),
    data: { by: tenant },
  });

  it('is audited once, however often it is told, and only what somebody decided', async () => {
    const entries = [
      entry('challenge.disclosed', 1),
      entry('challenge.approved', 2),
      entry('receiver.unblocked', 3),
    ];
    for (let turn = 0; turn < 3; turn++)
      await database.transaction((manager) => auditTransitions(entries, manager));
    await chained();
    const rows = await worker.log.list(tenant, { limit: 10 });
    expect(rows.map(({ action, actor, subject }) => [action, actor, subject])).toEqual([
      ['receiver.unblocked', renderNative('key', tenant), renderNative('challenge', tenant)],
      ['code.disclosed', renderNative('key', tenant), renderNative('challenge', tenant)],
    ]);
  });
});

describe('a mark', () => {
  const marks = async (change: object): Promise<string> => {
    await database.transaction((manager) =>
      worker.audit.record(manager, CLI, {
        tenantId: tenant,
        action: 'limits.changed',
        subject: 'x',
        ...change,
      }),
    );
    return (await worker.log.list(tenant, { limit: 1 }))[0]!.after!;
  };

  it('is equal for equal states, in whatever order they are written', async () => {
    const one = await marks({ after: { b: [1, { d: 2, c: undefined }], a: 'é' } });
    expect(one).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await marks({ after: { a: 'é', b: [1, { d: 2 }] } })).toBe(one);
    expect(await marks({ after: { a: 'é', b: [{ d: 2 }, 1] } })).not.toBe(one);
  });

  it('of what could be guessed needs the ring to be made', async () => {
    const after = { pattern: '+525512345678' };
    const mark = await marks({ after, guessable: true });
    expect(mark).toMatch(/^hmac-sha256:old:[0-9a-f]{64}$/);
    expect(mark).toBe(await marks({ after, guessable: true }));
    expect(mark.split(':').at(-1)).not.toBe((await marks({ after })).split(':').at(-1));
  });
});
