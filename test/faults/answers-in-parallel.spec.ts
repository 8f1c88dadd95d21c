import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, openHouse, until } from '../support/house.js';
import { brokenSequences, journalBacklog, journalRows, keysWithoutTtl } from '../support/journal.js';
import { type StartedProcess, startBuilt } from '../support/processes.js';
import { FULL } from './tools/site.js';

const CHALLENGES = FULL ? 50 : 20;
const ANSWERS = 500;
const CONNECTIONS = 64;

/** ATK-01, ATK-04, STD-04: however many answers arrive at once, one right one is accepted and five wrong ones are compared. */
describe(`500 parallel answers on each of ${CHALLENGES} challenges, over two API processes`, () => {
  let house: House;
  let apis: StartedProcess[];
  let pools: Pool[];
  let generator: string;

  beforeAll(async () => {
    house = await openHouse();
    apis = await Promise.all([startBuilt('api', house.environment), startBuilt('api', house.environment)]);
    pools = apis.map((api) => new Pool(api.url, { connections: CONNECTIONS / 2 }));
    generator = await house.newGenerator({ maxAttempts: 5 });
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.destroy()));
    await Promise.all(apis.map((api) => api.kill()));
    await house.close();
  });

  it.each([{ killed: false }, { killed: true }])(
    'approves each exactly once (Redis killed in the middle: $killed)',
    async ({ killed }) => {
      const opened = await openMany();
      const statuses = await answerAll(opened, ({ code }) => code, killed);
      // After a kill some answers were refused with 503: a person would simply try again.
      await answerAll(opened, ({ code }) => code, false, 2);
      const events = await eventsOf(opened, 'challenge.approved');
      expect(events).toEqual(opened.map(() => 1));
      const told = [...statuses.values()].flat().filter((answer) => answer === 'approved').length;
      expect(told).toBeLessThanOrEqual(CHALLENGES);
      if (!killed) expect(told).toBe(CHALLENGES);
    },
  );

  it.each([{ killed: false }, { killed: true }])(
    'compares five wrong ones each, then is locked for the right one (Redis killed: $killed)',
    async ({ killed }) => {
      const opened = await openMany();
      await answerAll(opened, ({ code }) => (code === '000000' ? '000001' : '000000'), killed);
      if (killed) await answerAll(opened, ({ code }) => (code === '000000' ? '000001' : '000000'), false, 10);
      expect(await eventsOf(opened, 'challenge.answer_refused')).toEqual(opened.map(() => 5));
      expect(await eventsOf(opened, 'challenge.locked')).toEqual(opened.map(() => 1));
      const late = await answerAll(opened, ({ code }) => code, false, 1);
      expect([...late.values()].flat()).toEqual(opened.map(() => '409 locked'));
    },
  );

  it('leaves no key of a challenge or a receiver without an end, and a journal without a gap', async () => {
    expect(await keysWithoutTtl(house.redis)).toEqual([]);
    expect(brokenSequences(await journalRows(house.databaseUrl))).toEqual([]);
  });

  interface Target {
    id: string;
    code: string;
  }

  async function openMany(): Promise<Target[]> {
    const base = Math.floor(Math.random() * 9_000_000) + 1_000_000;
    return Promise.all(
      Array.from({ length: CHALLENGES }, async (_, index) => {
        const { json } = await house.call('POST', '/v1/challenges', {
          generator,
          receiver: `+52551${base + index}`,
        });
        return { id: json.id, code: (await house.call('GET', `/v1/challenges/${json.id}/code`)).json.code };
      }),
    );
  }

  /** Sends `times` answers to every challenge, mixed, half to each process. Tells each by what was answered. */
  async function answerAll(
    targets: readonly Target[],
    choose: (target: Target) => string,
    killRedis: boolean,
    times = ANSWERS,
  ): Promise<Map<string, string[]>> {
    const told = new Map<string, string[]>(targets.map(({ id }) => [id, []]));
    const order = Array.from(
      { length: targets.length * times },
      (_, index) => targets[index % targets.length]!,
    );
    let next = 0;
    const killAt = killRedis ? Math.floor(order.length / 3) : -1;
    let restarting: Promise<void> | undefined;
    const worker = async (pool: Pool): Promise<void> => {
      while (next < order.length) {
        const at = next++;
        if (at === killAt) restarting = house.redisServer.restart({ signal: 'SIGKILL', downMs: 100 });
        const target = order[at]!;
        const response = await pool.request({
          method: 'POST',
          path: `/v1/challenges/${target.id}/check`,
          headers: { authorization: `Bearer ${house.demo.apiKey}`, 'content-type': 'application/json' },
          body: JSON.stringify({ code: choose(target) }),
        });
        const body = (await response.body.json()) as { status?: string; state?: string };
        told
          .get(target.id)!
          .push(response.statusCode === 200 ? body.status! : `${response.statusCode} ${body.state}`);
        // While Redis is down answers come at once: without a breath they would all fall into the gap.
        if (response.statusCode === 503) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await Promise.all(pools.flatMap((pool) => Array.from({ length: CONNECTIONS / 2 }, () => worker(pool))));
    await restarting;
    for (const [id, answers] of told)
      told.set(id, times === 1 ? answers : answers.filter((answer) => answer === 'approved'));
    return told;
  }

  /** How often each challenge has this event, once the journal is drained. */
  async function eventsOf(targets: readonly Target[], type: string): Promise<number[]> {
    await until(
      () => journalBacklog(house.redis),
      (backlog) => backlog === 0,
      30_000,
    );
    const rows = await journalRows(house.databaseUrl);
    const counts = new Map<string, number>();
    for (const row of rows)
      if (row.type === type)
        counts.set(row.event_id.split('-', 1)[0]!, (counts.get(row.event_id.split('-', 1)[0]!) ?? 0) + 1);
    return targets.map(({ id }) => counts.get(id.slice('chl_'.length)) ?? 0);
  }
});
