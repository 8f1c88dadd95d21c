// What is kept how long: every rule on rows of its own, with the clock moved. Nothing but PostgreSQL is needed for it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { challengeRetention } from '#challenges';
import { journalRetention } from '#journal';
import { limitRetention } from '#limits';
import { Clock } from '#platform/clock';
import type { Database } from '#platform/database';
import { newId, renderUuid } from '#platform/identifiers';
import { configureLogging } from '#platform/logging';
import type { Chore, Housekeeping } from '../../../libs/platform/queue/housekeeping.js';
import { MakePartitionsChore } from '../../../libs/journal/jobs/make-partitions.chore.js';
import { JournalPartitions } from '../../../libs/journal/journal-partitions.js';
import { Retention } from '../../../libs/journal/retention.js';
import { ROOT } from '../../architecture/boundaries.mjs';
import { testConfig } from '../../support/configuration.js';
import { createDatabase } from '../../support/house.js';
import { openDatabase } from '../../support/wiring.js';

configureLogging('silent', 'test');
const DAY_MS = 86_400_000;
const RULES = [...journalRetention, ...challengeRetention, ...limitRetention];
const TENANT = renderUuid(newId());

let database: Database;
let clock: Clock;
let partitions: JournalPartitions;
let retention: Retention;
const query = <T = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<T[]> =>
  database.manager.query(sql, values);
const countOf = async (table: string): Promise<number> =>
  (await query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]!.n;

beforeAll(async () => {
  database = await openDatabase(await createDatabase());
  await query('INSERT INTO tenants (id, name) VALUES ($1, $2)', [TENANT, 'kept']);
});
afterAll(() => database.onApplicationShutdown());
beforeEach(async () => {
  const config = testConfig();
  clock = new Clock(config);
  partitions = new JournalPartitions(database);
  retention = new Retention(database, partitions, clock, config, RULES);
  for (const { name } of await partitions.list()) await query(`DROP TABLE ${name}`);
  await query(
    'TRUNCATE journal, challenges, messages, approvals, tenant_events, limit_events, erasures, test_numbers',
  );
});

const ago = (days: number): Date => new Date(clock.now() - days * DAY_MS);

async function journal(at: Date, data: object, type = 'challenge.requested'): Promise<string> {
  const id = newId();
  await partitions.ensure([at]);
  await query('INSERT INTO journal VALUES ($1, $2, $3, $4, 1, $5, $6)', [
    `${id}-1`,
    at,
    TENANT,
    renderUuid(id),
    type,
    data,
  ]);
  return id;
}

async function challenge(openedAt: Date): Promise<string> {
  const id = renderUuid(newId());
  await query(
    `INSERT INTO challenges (id, tenant_id, generator_id, generator_version, kind, mode, purpose, state, receiver_ref,
       sealed_receiver, metadata, opened_at, expires_at, sequence)
     VALUES ($1, $2, $1, 1, 'code', 'live', 'authentication', 'approved', 'ref', 'k1.sealed', '{"a":1}', $3, $3, 1)`,
    [id, TENANT, openedAt],
  );
  await query(
    `INSERT INTO messages (challenge_id, number, tenant_id, channel, state, attempts, provider_message_id, created_at, updated_at, sequence)
     VALUES ($1, 1, $2, 'whatsapp', 'read', 1, 'wamid.1', $3, $3, 1)`,
    [id, TENANT, openedAt],
  );
  return id;
}

describe('SEC-17 after 30 days', () => {
  const personal = { r: 'ref', i: 'ref', sr: 'k1.sealed', pid: 'wamid.1', md: '{}', ch: 'w', px: 'prefix' };

  it('the journal no longer tells to whom a challenge went, and still what happened', async () => {
    await journal(ago(31), personal);
    await journal(ago(29), personal);
    await retention.run();
    const rows = await query('SELECT data FROM journal ORDER BY occurred_at');
    expect(rows).toEqual([{ data: { ch: 'w', px: 'prefix' } }, { data: personal }]);
    clock.offsetMs = 2 * DAY_MS;
    await retention.run();
    expect(await query(`SELECT 1 FROM journal WHERE data ? 'r'`)).toEqual([]);
    expect(await countOf('journal')).toBe(2);
  });

  it('nor does what lies in the default partition', async () => {
    const id = newId();
    await query('INSERT INTO journal VALUES ($1, $2, $3, $4, 1, $5, $6)', [
      `${id}-1`,
      ago(40),
      TENANT,
      renderUuid(id),
      't',
      personal,
    ]);
    await retention.run();
    expect(await query('SELECT data FROM journal_default')).toEqual([{ data: { ch: 'w', px: 'prefix' } }]);
  });

  it('nor do challenges and messages', async () => {
    const [old, young] = [await challenge(ago(31)), await challenge(ago(29))];
    await retention.run();
    const rows = await query(
      `SELECT c.id, receiver_ref, sealed_receiver, metadata, provider_message_id FROM challenges c JOIN messages ON challenge_id = id ORDER BY opened_at`,
    );
    expect(rows).toEqual([
      { id: old, receiver_ref: '', sealed_receiver: '', metadata: null, provider_message_id: null },
      {
        id: young,
        receiver_ref: 'ref',
        sealed_receiver: 'k1.sealed',
        metadata: { a: 1 },
        provider_message_id: 'wamid.1',
      },
    ]);
  });

  it('however many there are: more than one batch', async () => {
    await partitions.ensure([ago(31)]);
    await query(
      `INSERT INTO journal SELECT 'e' || n, $1::timestamptz, $2, $2, n, 'challenge.requested', '{"r":"ref"}' FROM generate_series(1, 4500) n`,
      [ago(31), TENANT],
    );
    await retention.run();
    expect(await query(`SELECT 1 FROM journal WHERE data ? 'r'`)).toEqual([]);
  });
});

describe('SEC-17 after 400 days', () => {
  it('whole months of the journal are dropped, once their last day is over', async () => {
    const at = new Date(Date.UTC(2026, 0, 31, 23, 59, 59, 999));
    await journal(at, {});
    await journal(new Date(at.getTime() + 1), {});
    const moveTo = (time: number): void => void (clock.offsetMs += time - clock.now());
    moveTo(Date.UTC(2026, 1, 1) + 400 * DAY_MS - 1_000);
    await retention.run();
    expect((await partitions.list()).map(({ name }) => name)).toEqual(['journal_2026_01', 'journal_2026_02']);
    moveTo(Date.UTC(2026, 1, 1) + 400 * DAY_MS + 1_000);
    await retention.run();
    expect((await partitions.list()).map(({ name }) => name)).toEqual(['journal_2026_02']);
    expect(await countOf('journal')).toBe(1);
  });

  it('a month that somebody reads is let be, and everything else goes', async () => {
    await journal(ago(450), {});
    await challenge(ago(401));
    await database.transaction(async (reader) => {
      await reader.query('SELECT count(*) FROM journal');
      await retention.run();
    });
    expect([await countOf('journal'), await countOf('challenges')]).toEqual([1, 0]);
    await retention.run();
    expect(await countOf('journal')).toBe(0);
  });

  it('rows of every other table that holds history are deleted, and none that is younger', async () => {
    for (const at of [ago(401), ago(399)]) {
      await challenge(at);
      const id = renderUuid(newId());
      await query('INSERT INTO journal_default VALUES ($1, $2, $3, $3, 1, $4, $5)', [
        id,
        at,
        TENANT,
        't',
        {},
      ]);
      await query('INSERT INTO approvals VALUES ($1, $2, $3, $4)', [id, TENANT, 'op', at]);
      await query(
        'INSERT INTO tenant_events (tenant_id, at, type, subject, data) VALUES ($1, $2, $3, $4, $5)',
        [TENANT, at, 't', 's', {}],
      );
      await query('INSERT INTO limit_events (tenant_id, at, type, times, data) VALUES ($1, $2, $3, 1, $4)', [
        TENANT,
        at,
        't',
        {},
      ]);
      await query('INSERT INTO erasures VALUES ($1, $2, $1, NULL, $3, $3)', [id, TENANT, at]);
      await query('INSERT INTO test_numbers VALUES ($1, $2, $3, $4, $5, $5, $5)', [
        id,
        TENANT,
        '+1',
        'sealed',
        at,
      ]);
    }
    await retention.run();
    const tables = [
      'challenges',
      'messages',
      'journal_default',
      'approvals',
      'tenant_events',
      'limit_events',
      'erasures',
      'test_numbers',
    ];
    for (const table of tables) expect([table, await countOf(table)]).toEqual([table, 1]);
  });

  it('an erasure that is not done yet stays, however old', async () => {
    const id = renderUuid(newId());
    await query('INSERT INTO erasures VALUES ($1, $2, $1, $3, $4, NULL)', [id, TENANT, 'sealed', ago(500)]);
    await retention.run();
    expect(await countOf('erasures')).toBe(1);
  });
});

it('months of the journal are there before they begin', async () => {
  const chores: Chore[] = [];
  const housekeeping = { register: (chore: Chore) => chores.push(chore) } as unknown as Housekeeping;
  new MakePartitionsChore(housekeeping, partitions, clock).onModuleInit();
  clock.offsetMs += Date.UTC(2026, 11, 31) - clock.now();
  await chores[0]!.run();
  expect((await partitions.list()).map(({ name }) => name)).toEqual([
    'journal_2026_12',
    'journal_2027_01',
    'journal_2027_02',
  ]);
});

it('the page tells every rule by its name, and no other', () => {
  const page = readFileSync(join(ROOT, 'docs/retention.md'), 'utf8');
  const told = [...page.matchAll(/^\| `([a-z_.]+)` /gm)].map(([, name]) => name);
  const rules = RULES.map(({ name }) => name).concat('journal', 'journal.personal');
  expect(told.sort()).toEqual(rules.sort());
});

it.each([
  [{ RETAIN_PERSONAL_DAYS: '0' }, /RETAIN_PERSONAL_DAYS/],
  [{ RETAIN_HISTORY_DAYS: 'ever' }, /RETAIN_HISTORY_DAYS/],
  [{ RETAIN_PERSONAL_DAYS: '31', RETAIN_HISTORY_DAYS: '30' }, /must not be more than/],
])('refuses to start with %j', (variables, refusal) => {
  expect(() => testConfig(variables)).toThrow(refusal);
});
