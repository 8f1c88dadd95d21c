import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedProcess } from '../support/processes.js';
import { type PrivateService, privatePostgres } from '../support/services.js';
import { KEPT } from './tools/oracle.js';
import { MINUTES, openSite, SEED, type Site } from './tools/site.js';

const SECONDS = MINUTES > 0 ? MINUTES * 60 : 20;

/** FI-50 and the loop: Redis, a worker, PostgreSQL and the API in trouble in every order, while people ask for codes. */
describe('one to three faults every few seconds', () => {
  let postgres: PrivateService;
  let site: Site;
  let workers: StartedProcess[];

  beforeAll(async () => {
    postgres = await privatePostgres();
    site = await openSite({ postgres, workers: 0 });
    workers = [await site.start('worker'), await site.start('worker')];
    await site.recover();
    site.oracle.weigh(site.api.child.pid!);
  });
  afterAll(async () => {
    await site.close();
    await postgres.dispose();
  });

  const between = (least: number, most: number): number => least + site.random() * (most - least);

  const FAULTS: Record<string, () => Promise<void>> = {
    'Redis killed': () => site.house.redisServer.restart({ signal: 'SIGKILL', downMs: between(100, 1_500) }),
    'Redis stopped': async () => {
      await site.house.redisServer.kill('SIGSTOP');
      await sleep(between(500, 3_000));
      await site.house.redisServer.kill('SIGCONT');
    },
    'PostgreSQL killed': () => postgres.restart({ signal: 'SIGKILL', downMs: between(500, 5_000) }),
    'worker killed': async () => {
      const at = Math.floor(between(0, workers.length));
      await workers[at]!.kill('SIGKILL');
      workers[at] = await site.start('worker');
    },
    'worker stopped': async () => {
      const { child } = workers[Math.floor(between(0, workers.length))]!;
      child.kill('SIGSTOP');
      await sleep(between(1_000, 8_000));
      child.kill('SIGCONT');
    },
    'API cut off': async () => {
      site.proxy.set({ mode: 'down' });
      await sleep(between(200, 2_000));
      site.proxy.heal();
    },
    'network slow': async () => {
      site.proxy.set({ mode: 'latency', ms: 50, jitterMs: 50, random: site.random });
      await sleep(between(1_000, 4_000));
      site.proxy.heal();
    },
  };

  it(
    'FI-50 keeps every promise',
    async () => {
      const traffic = site.traffic(10);
      const end = performance.now() + SECONDS * 1_000;
      const told: string[] = [];
      // The three of the standard first, then whatever the seed says.
      let chosen = ['Redis killed', 'worker killed', 'PostgreSQL killed'];
      while (performance.now() < end) {
        told.push(chosen.join(' + '));
        await Promise.all(chosen.map((name) => FAULTS[name]!()));
        await site.recover();
        await sleep(between(1_000, MINUTES > 0 ? 15_000 : 3_000));
        const names = Object.keys(FAULTS);
        // Two at once that undo each other's end would test the test.
        const first = names.splice(Math.floor(between(0, names.length)), 1)[0]!;
        const others = names.filter(
          (name) => name.split(' ')[0] !== first.split(' ')[0] && !/API|network/.test(name),
        );
        chosen = [first, ...others.filter(() => site.random() < 0.25).slice(0, 1)];
      }
      console.log(`FI-50, seed ${SEED}: ${told.join('; ')}`);
      await traffic.stop();
      expect(await site.oracle.judge('FI-50', 90_000)).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
    },
    SECONDS * 1_000 + 300_000,
  );
});
