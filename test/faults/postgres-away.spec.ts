import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type House, openHouse, until } from '../support/house.js';
import { brokenSequences, journalRows, journalBacklog } from '../support/journal.js';
import { HOUR, weighJournal } from '../support/journal-memory.js';
import { startBuilt } from '../support/processes.js';
import { type PrivateService, privatePostgres } from '../support/services.js';

const AWAY_MS = 30_000;
const CHALLENGES = 1_000;

/** FI-19, G6: PostgreSQL may be away; codes go out and are checked, and every transition is found once when it is back. */
describe('thirty seconds without PostgreSQL', () => {
  let postgres: PrivateService;
  let house: House;
  let generator: string;

  beforeAll(async () => {
    postgres = await privatePostgres();
    house = await openHouse({ postgres });
    generator = await house.newGenerator();
  });
  afterAll(async () => {
    await house.close();
    await postgres.dispose();
  });

  it('FI-19 opens, sends and checks a thousand codes meanwhile, half of them in an API process started then', async () => {
    await postgres.kill('SIGKILL');
    const wentAt = performance.now();
    const late = await startBuilt('api', house.environment);
    try {
      const ready = await ask('GET', `${late.url}/health/ready`);
      expect(ready.json.details.postgres).toMatchObject({ status: 'up', degraded: true });

      const ids: string[] = [];
      for (let batch = 0; batch < CHALLENGES / 50; batch++) {
        ids.push(
          ...(await Promise.all(
            Array.from({ length: 50 }, (_, index) =>
              openAndAnswer(index % 2 ? late.url : house.api.url, batch * 50 + index),
            ),
          )),
        );
      }
      const refused = await ask('GET', `${late.url}/v1/generators`, undefined, {
        authorization: `Bearer ${house.demo.apiKey}`,
      });
      expect(refused.status).toBe(503);
      expect(refused.json.code).toBe('dependency.unavailable');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);

      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, AWAY_MS - (performance.now() - wentAt))),
      );
      const { transitions: waiting, hourBytes, arithmetic } = await weighJournal(house.redis, ids.length);
      console.log(arithmetic);
      expect(hourBytes).toBeLessThanOrEqual(HOUR.mostBytes);
      await postgres.restart();
      await until(
        () => journalBacklog(house.redis),
        (backlog) => backlog === 0,
        60_000,
      );

      const rows = await journalRows(house.databaseUrl);
      const requested = rows
        .filter((row) => row.type === 'challenge.requested')
        .map((row) => row.event_id.split('-', 1)[0]!);
      const approved = rows
        .filter((row) => row.type === 'challenge.approved')
        .map((row) => row.event_id.split('-', 1)[0]!);
      console.log(
        `${waiting} transitions waited in Redis; ${requested.length} challenges and ${approved.length} approvals found`,
      );
      expect(requested.sort()).toEqual(ids.map((id) => id.slice('chl_'.length)).sort());
      expect(approved.sort()).toEqual(requested);
      expect(new Set(rows.map((row) => row.event_id)).size).toBe(rows.length);
      expect(brokenSequences(rows)).toEqual([]);
      expect(rows.length).toBeGreaterThanOrEqual(waiting);

      // The process that was started without PostgreSQL finds it by itself.
      await until(
        () =>
          ask('GET', `${late.url}/v1/generators`, undefined, {
            authorization: `Bearer ${house.demo.apiKey}`,
          }),
        (answer) => answer.status === 200,
      );
    } finally {
      await late.kill();
    }
  }, 150_000);

  async function openAndAnswer(url: string, index: number): Promise<string> {
    const headers = { authorization: `Bearer ${house.demo.apiKey}` };
    const opened = await ask(
      'POST',
      `${url}/v1/challenges`,
      { generator, receiver: `+52551${2_401_000 + index}` },
      headers,
    );
    expect(opened.status).toBe(201);
    const { json } = await ask('GET', `${url}/v1/challenges/${opened.json.id}/code`, undefined, headers);
    const checked = await ask(
      'POST',
      `${url}/v1/challenges/${opened.json.id}/check`,
      { code: json.code },
      headers,
    );
    expect(checked.json).toMatchObject({ status: 'approved' });
    return opened.json.id;
  }
});
