// `npm run bench:journal`: how many transitions a second the journal writer moves from Redis into PostgreSQL, beside a bare
// multi-row INSERT and a bare COPY of the same rows into tables of the same kind, in one run. The writer is the built worker
// with all that it does: it reads and deletes 64 streams, and folds them into challenges and messages. The same rows are
// those of all three tables, as they are at its end. PostgreSQL's own processor time is told as well: on a machine that
// others use, the rates say how much of it each was given, and the writer has three servers to wait for.
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startStores } from './stores.mjs';
import { lifeOf } from './transitions.mjs';

const CHALLENGES = 6_000;
const ROUNDS = 6;
const PARTITIONS = 64;
const ROWS_PER_INSERT = 1_000;
/** Asked of the writer: so much of what the bare INSERT does. */
const LEAST_SHARE = 0.6;
const TICK_US = 10_000;
const TABLES = ['journal', 'challenges', 'messages'];

const stores = await startStores();
process.on('SIGINT', () => void stores.stop().then(() => process.exit(130)));
const redis = new Redis(stores.redis.url);
const client = new pg.Client({ connectionString: stores.postgres.url });
try {
  await client.connect();
  await client.query(`
    CREATE TABLE bare_journal (LIKE journal INCLUDING ALL) PARTITION BY RANGE (occurred_at);
    CREATE TABLE bare_journal_all PARTITION OF bare_journal DEFAULT;
    CREATE TABLE bare_challenges (LIKE challenges INCLUDING ALL);
    CREATE TABLE bare_messages (LIKE messages INCLUDING ALL)`);
  stores.startWorker();
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measure());
  // The first one warmed it up.
  report(rounds.slice(1));
} finally {
  redis.disconnect();
  await client.end().catch(() => undefined);
  await stores.stop();
}

async function measure() {
  await empty('', 'bare_');
  const cpu = [postgresMicroseconds()];
  const writer = await timeWriter(fill);
  cpu.push(postgresMicroseconds());
  const rows = {};
  for (const table of TABLES) ({ rows: rows[table] } = await client.query(`SELECT * FROM ${table}`));
  const insert = await timed(() => insertRows(rows));
  cpu.push(postgresMicroseconds());
  await empty('bare_');
  const file = (table) => `${stores.dir}/postgres/${table}.copy`;
  for (const table of TABLES) await client.query(`COPY (SELECT * FROM ${table}) TO '${file(table)}'`);
  const copy = await timed(async () => {
    for (const table of TABLES) await client.query(`COPY bare_${table} FROM '${file(table)}'`);
  });
  const { length } = rows.journal;
  const perSecond = (ms) => (length / ms) * 1_000;
  return {
    transitions: length,
    rows: TABLES.reduce((sum, table) => sum + rows[table].length, 0),
    writer: perSecond(writer),
    insert: perSecond(insert),
    copy: perSecond(copy),
    writerCpu: (cpu[1] - cpu[0]) / length,
    insertCpu: (cpu[2] - cpu[1]) / length,
  };
}

async function empty(...prefixes) {
  const tables = prefixes.flatMap((prefix) => TABLES.map((table) => prefix + table));
  await client.query(`TRUNCATE event_outbox, ${tables}`);
}

/** Streams as the scripts leave them when PostgreSQL was away. */
async function fill() {
  for (let from = 0; from < CHALLENGES; from += 1_000) {
    const pipeline = redis.pipeline();
    for (let at = from; at < from + 1_000; at++)
      for (const { key, fields } of lifeOf(at % PARTITIONS)) pipeline.xadd(key, '*', ...fields);
    await pipeline.exec();
  }
}

/** From the first transition that is gone until every stream is empty. */
async function timeWriter(fill) {
  // PostgreSQL is away, as far as the journal is concerned, and the streams fill up.
  await client.query('BEGIN; LOCK TABLE journal IN SHARE MODE');
  await fill();
  const before = await backlog();
  await client.query('COMMIT');
  let left = before;
  while (left === before) {
    await sleep(5);
    left = await backlog();
  }
  const from = performance.now();
  while ((await backlog()) > 0) await sleep(20);
  // What was gone when the clock was started is not counted.
  return ((performance.now() - from) * before) / left;
}

async function backlog() {
  const pipeline = redis.pipeline();
  for (let at = 0; at < PARTITIONS; at++) pipeline.xlen(`{p${at.toString(16).padStart(2, '0')}}:journal`);
  return (await pipeline.exec()).reduce((sum, [, length]) => sum + length, 0);
}

async function insertRows(rows) {
  for (const table of TABLES) {
    const columns = Object.keys(rows[table][0]);
    for (let from = 0; from < rows[table].length; from += ROWS_PER_INSERT) {
      const some = rows[table].slice(from, from + ROWS_PER_INSERT);
      const values = some.map(
        (_, at) => `(${columns.map((__, column) => `$${at * columns.length + column + 1}`)})`,
      );
      await client.query(
        `INSERT INTO bare_${table} (${columns}) VALUES ${values}`,
        some.flatMap((row) => columns.map((name) => row[name])),
      );
    }
  }
}

/** User and system time of the server and its sessions. */
function postgresMicroseconds() {
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
      const fields = state.split(' ');
      if (Number(pid) === stores.postgres.pid || Number(fields[1]) === stores.postgres.pid)
        ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks * TICK_US;
}

async function timed(work) {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function report(rounds) {
  const median = (name) =>
    rounds.map((round) => round[name]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)];
  const whole = (name) => Math.round(median(name)).toLocaleString('en');
  const share = median('writer') / median('insert');
  const [{ transitions, rows }] = rounds;
  console.log(
    `${cpus()[0].model}, ${cpus().length} CPUs, Node ${process.version}; ${transitions} transitions, which make ${rows} rows; median of ${rounds.length} rounds\n` +
      `journal writer          ${whole('writer').padStart(9)} transitions/s\n` +
      `bare multi-row INSERT   ${whole('insert').padStart(9)} transitions/s   (${ROWS_PER_INSERT} rows each; ours is ${(share * 100).toFixed(0)} %, at least ${LEAST_SHARE * 100} % is asked)\n` +
      `bare COPY               ${whole('copy').padStart(9)} transitions/s   (of a file of the server; ours is ${((median('writer') / median('copy')) * 100).toFixed(0)} %)\n` +
      `PostgreSQL’s processor time for each transition: ${median('writerCpu').toFixed(0)} µs, and ${median('insertCpu').toFixed(0)} µs of the bare INSERT (${((median('insertCpu') / median('writerCpu')) * 100).toFixed(0)} %)`,
  );
  if (share < LEAST_SHARE) process.exitCode = 1;
}
