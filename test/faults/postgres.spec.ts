import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, until } from '../support/house.js';
import { journalBacklog } from '../support/journal.js';
import { type PrivateService, privatePostgres } from '../support/services.js';
import { FaultProxy } from './tools/fault-proxy.js';
import { KEPT } from './tools/oracle.js';
import { openSite, type Site } from './tools/site.js';

/** A call that needs PostgreSQL gives up by its statement's limit. */
const GIVES_UP_MS = 4_500;

/** FI-19 is `postgres-away.spec.ts`. */
describe('PostgreSQL in trouble', () => {
  let postgres: PrivateService;
  let databaseProxy: FaultProxy;
  let site: Site;

  beforeAll(async () => {
    postgres = await privatePostgres();
    site = await openSite({ postgres, workers: 0 });
    databaseProxy = await FaultProxy.before(site.house.databaseUrl);
  });
  afterAll(async () => {
    await site.close();
    await databaseProxy.close();
    await postgres.dispose();
  });

  it('FI-20 it hangs: administration gives up in time, more callers than its pool holds too, and codes go on', async () => {
    const api = await site.start('api', { DATABASE_URL: databaseProxy.url });
    const worker = await site.start('worker', { DATABASE_URL: databaseProxy.url });
    const authorization = `Bearer ${site.house.demo.apiKey}`;
    const list = () => ask('GET', `${api.url}/v1/generators`, undefined, { authorization });
    expect((await list()).status).toBe(200);
    databaseProxy.set({ mode: 'timeout', ms: 60_000 });
    const traffic = site.traffic(10, [api.url]);
    const from = performance.now();
    const refused = await Promise.all(Array.from({ length: 30 }, list));
    expect(performance.now() - from).toBeLessThan(GIVES_UP_MS);
    for (const answer of refused) {
      site.oracle.noteAnswer(answer);
      expect(answer.status).toBe(503);
    }
    await sleep(2_000);
    const { receiver } = await site.open();
    await until(
      () => site.received(receiver),
      (messages) => messages.length === 1,
    );
    databaseProxy.set({ mode: 'down' });
    databaseProxy.heal();
    const healed = performance.now();
    await until(list, (answer) => answer.status === 200, 30_000);
    site.oracle.noteRecovery(performance.now() - healed);
    await traffic.stop();
    expect(await site.oracle.judge('FI-20')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
    await worker.kill();
    await api.kill();
  });

  it('FI-21 a writer killed between its commit and its deletion: the next one writes nothing twice', async () => {
    const redisProxy = await FaultProxy.before(site.house.redisServer.url);
    redisProxy.set({ mode: 'swallow_from', command: 'xdel' });
    const dying = await site.start('worker', { REDIS_URL: redisProxy.url });
    const opened = await Promise.all(Array.from({ length: 10 }, () => site.open()));
    await until(
      async () => redisProxy.met,
      (met) => met > 0,
      20_000,
    );
    expect(await journalBacklog(site.house.redis)).toBeGreaterThanOrEqual(opened.length);
    await dying.kill('SIGKILL');
    await redisProxy.close();
    const from = performance.now();
    const heir = await site.start('worker');
    await until(
      () => journalBacklog(site.house.redis),
      (backlog) => backlog === 0,
      30_000,
    );
    site.oracle.noteRecovery(performance.now() - from);
    expect(await site.oracle.judge('FI-21')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
    await heir.kill();
  });
});
