import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Partitions } from '#platform/partitions';
import { ask, until } from '../../support/house.js';
import { HOUR, weighJournal } from '../../support/journal-memory.js';
import { type PrivateService, privatePostgres } from '../../support/services.js';
import { record } from '../tools/oracle.js';
import { MINUTES, openSite, type Site } from '../tools/site.js';

const SECONDS = (MINUTES || 1) * 60;
const PER_SECOND = Number(process.env['OUTAGE_PER_SECOND'] ?? HOUR.challengesPerSecond);
/** Of the rate at which transitions came. */
const LEAST_DRAIN = 10;
const CODE = '246813';
const TICK_MS = 50;

/** Ids of what was answered with success, and how many calls were not. */
interface Visits {
  opened: string[];
  approved: string[];
  unserved: number;
}

/** G6. For ten minutes: `npm run test:faults -- --only "FI-19 at 200" --minutes 10`. */
describe('PostgreSQL away under load', () => {
  let postgres: PrivateService;
  let site: Site;
  let generator: string;
  let streams: string[];

  beforeAll(async () => {
    postgres = await privatePostgres();
    site = await openSite({ postgres, workers: 0, env: { MAX_QUEUE_AGE_MS: '0' } });
    await site.start('worker', { LOG_LEVEL: 'error' });
    generator = await site.house.newGenerator({ callerCodes: true });
    await site.recover();
    const partitions = site.house.api.app.get(Partitions, { strict: false });
    streams = partitions.all().map((partition) => `${partitions.tag(partition)}journal`);
  });
  afterAll(async () => {
    await site.close();
    await postgres.dispose();
  });

  it(
    'FI-19 at 200 challenges a second: what waits fits, comes over ten times as fast as it came, nothing missing or double',
    { timeout: (SECONDS * 3 + 600) * 1_000 },
    async () => {
      await postgres.kill('SIGKILL');
      const { opened, approved, unserved } = await visitors(performance.now() + SECONDS * 1_000);
      // What is under way arrives at its handset.
      await sleep(5_000);
      const weight = await weighJournal(site.house.redis, opened.length);
      const arrived = weight.transitions / SECONDS;

      await postgres.restart();
      await until(backlog, (left) => left < weight.transitions, 60_000);
      const [begun, left] = [performance.now(), await backlog()];
      await until(backlog, (left) => left === 0, (SECONDS + 300) * 1_000);
      const drained = left / ((performance.now() - begun) / 1_000);
      const figures = {
        seconds: SECONDS,
        challengesPerSecond: Math.round(opened.length / SECONDS),
        unserved,
        transitionsPerSecond: Math.round(arrived),
        drainedPerSecond: Math.round(drained),
        timesAsFast: Number((drained / arrived).toFixed(1)),
        bytesEach: Math.round(weight.bytesEach),
      };
      console.log(`${weight.arithmetic}\n${JSON.stringify(figures)}`);
      record({ fault: 'FI-19 under load', figures });

      for (const [type, told] of [
        ['challenge.requested', opened],
        ['challenge.approved', approved],
      ] as const) {
        const found = await look<{ id: string }>(
          `SELECT split_part(event_id, '-', 1) AS id FROM journal WHERE type = '${type}'`,
        );
        const mine = new Set(told);
        expect(
          found
            .map(({ id }) => id)
            .filter((id) => mine.has(id))
            .sort(),
        ).toEqual([...told].sort());
      }
      const broken = `SELECT challenge_id FROM journal GROUP BY challenge_id
        HAVING count(*) <> max(sequence) OR count(DISTINCT sequence) <> count(*)`;
      expect(await look(broken)).toEqual([]);
      // A machine that is asked too much turns a few away; not many, or it was no such rate.
      expect(unserved).toBeLessThan(opened.length / 1_000 + 1);
      expect(weight.hourBytes).toBeLessThanOrEqual(HOUR.mostBytes);
      expect(figures.timesAsFast).toBeGreaterThanOrEqual(LEAST_DRAIN);
    },
  );

  /** By their names: `KEYS` over half a million keys, asked all the time, would hold up what is measured. */
  async function backlog(): Promise<number> {
    const pipeline = site.house.redis.pipeline();
    for (const key of streams) pipeline.xlen(key);
    return (await pipeline.exec())!.reduce((sum, [, length]) => sum + Number(length), 0);
  }

  /** Nearly a million rows are looked at where they are. */
  async function look<Row extends object>(sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: site.house.databaseUrl });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** People who ask for a code, and give it three seconds later: so many begin each second until the end. */
  async function visitors(end: number): Promise<Visits> {
    const visits: Visits = { opened: [], approved: [], unserved: 0 };
    const started = performance.now();
    const people: Promise<void>[] = [];
    while (performance.now() < end) {
      const due = ((performance.now() - started) / 1_000) * PER_SECOND;
      while (people.length < due) people.push(visit(people.length, visits));
      await sleep(TICK_MS);
    }
    await Promise.all(people);
    return visits;
  }

  async function visit(at: number, visits: Visits): Promise<void> {
    const receiver = `+5255${20_000_000 + at}`;
    const opened = await call('/v1/challenges', { generator, receiver, code: CODE });
    if (opened.status !== 201) return void visits.unserved++;
    const { id } = opened.json as { id: string };
    visits.opened.push(id.slice('chl_'.length));
    await sleep(3_000);
    const checked = await call(`/v1/challenges/${id}/check`, { code: CODE });
    if (checked.json?.valid === true) visits.approved.push(id.slice('chl_'.length));
    else visits.unserved++;
  }

  /** Until it is not refused. Who comes back sooner than told, keeps an API down that is asked too much at once. */
  async function call(path: string, body: object): ReturnType<typeof ask> {
    const authorization = `Bearer ${site.house.demo.apiKey}`;
    for (;;) {
      const answer = await ask('POST', site.api.url + path, body, {
        authorization,
        'idempotency-key': `${path}-${JSON.stringify(body)}`.replace(/[^\x21-\x7e]/g, '').slice(0, 255),
      }).catch(() => undefined);
      if (answer && answer.status !== 503 && answer.json?.code !== 'idempotency.running') return answer;
      await sleep((Number(answer?.headers['retry-after']) || 1) * 1_000 * (1 + site.random()));
    }
  }
});
