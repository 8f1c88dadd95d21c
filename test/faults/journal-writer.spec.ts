import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/house.js';
import { brokenSequences, journalBacklog, journalRows } from '../support/journal.js';
import { FaultProxy, type Toxic } from './tools/fault-proxy.js';
import { KEPT } from './tools/oracle.js';
import { openSite, type Site } from './tools/site.js';
import type { StartedProcess } from '../support/processes.js';

type Store = 'redis' | 'postgres';

/** Every moment between two steps of the writer. `from`: the command is never sent; `after`: its reply is lost. */
const STEPS: { died: string; store: Store; toxic: Toxic & { command: string }; written: boolean }[] = [
  {
    died: 'before it read',
    store: 'redis',
    toxic: { mode: 'swallow_from', command: 'xrange' },
    written: false,
  },
  {
    died: 'having read',
    store: 'redis',
    toxic: { mode: 'swallow_after', command: 'xrange' },
    written: false,
  },
  {
    died: 'before it inserted',
    store: 'postgres',
    toxic: { mode: 'swallow_from', command: 'INSERT INTO journal' },
    written: false,
  },
  {
    died: 'having inserted',
    store: 'postgres',
    toxic: { mode: 'swallow_after', command: 'INSERT INTO journal' },
    written: false,
  },
  {
    died: 'having folded half',
    store: 'postgres',
    toxic: { mode: 'swallow_after', command: 'INSERT INTO challenges' },
    written: false,
  },
  {
    died: 'before it committed',
    store: 'postgres',
    toxic: { mode: 'swallow_from', command: 'COMMIT', within: 'INSERT INTO journal' },
    written: false,
  },
  {
    died: 'having committed',
    store: 'postgres',
    toxic: { mode: 'swallow_after', command: 'COMMIT', within: 'INSERT INTO journal' },
    written: true,
  },
  {
    died: 'before it deleted',
    store: 'redis',
    toxic: { mode: 'swallow_from', command: 'xdel' },
    written: true,
  },
  {
    died: 'having deleted',
    store: 'redis',
    toxic: { mode: 'swallow_after', command: 'xdel' },
    written: true,
  },
];

/** G6: what Redis confirmed is found in PostgreSQL exactly once, wherever the one that carries it over dies. */
describe('FI-21: a journal writer killed with SIGKILL', () => {
  let site: Site;
  let proxies: Record<Store, FaultProxy>;
  let writer: StartedProcess;
  const written = new Set<string>();

  beforeAll(async () => {
    site = await openSite({ workers: 0 });
    proxies = {
      redis: await FaultProxy.before(site.house.redisServer.url),
      postgres: await FaultProxy.before(site.house.databaseUrl),
    };
    writer = await startWriter();
  });
  afterAll(async () => {
    await site.close();
    await Promise.all([proxies.redis.close(), proxies.postgres.close()]);
  });

  const startWriter = (): Promise<StartedProcess> =>
    site.start('worker', { REDIS_URL: proxies.redis.url, DATABASE_URL: proxies.postgres.url });

  it.each(STEPS)('FI-21 $died: the next one loses nothing and writes nothing twice', async (step) => {
    proxies[step.store].set(step.toxic);
    const opened = await Promise.all(Array.from({ length: 5 }, () => site.open()));
    await until(
      async () => proxies[step.store].met,
      (met) => met > 0,
      20_000,
    );
    await writer.kill('SIGKILL');
    proxies[step.store].heal();
    for (const { id } of opened) written.add(id.slice('chl_'.length));
    const found = await requested();
    // The step is the one that was meant: before the commit nothing of them is there, after it some are.
    expect(opened.some(({ id }) => found.has(id.slice('chl_'.length)))).toBe(step.written);

    writer = await startWriter();
    await until(
      () => journalBacklog(site.house.redis),
      (backlog) => backlog === 0,
      30_000,
    );
    expect(brokenSequences(await journalRows(site.house.databaseUrl))).toEqual([]);
    expect(await requested()).toEqual(written);
  });

  it('FI-21 and everything is as the people saw it', async () => {
    expect(await site.oracle.judge('FI-21')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });

  async function requested(): Promise<Set<string>> {
    const rows = await journalRows(site.house.databaseUrl);
    const ids = rows
      .filter(({ type }) => type === 'challenge.requested')
      .map(({ event_id: id }) => id.split('-', 1)[0]!);
    expect(new Set(ids).size).toBe(ids.length);
    return new Set(ids);
  }
});
