import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newRingEntry } from '../support/configuration.js';
import { ask, until } from '../support/house.js';
import { startBuilt } from '../support/processes.js';
import { KEPT } from './tools/oracle.js';
import { withWrongClock } from './tools/preloads.js';
import { openSite, type Site } from './tools/site.js';
import { nextReceiver } from './tools/traffic.js';

const TEN_MINUTES_MS = 600_000;
/** An owed publication is looked for every two seconds. */
const REPEATER_ROUND_MS = 2_500;
/** Between a reading of the clock here and one in Redis, on a busy machine. */
const READING_MS = 5_000;
/** The last line of the log may be that of the boot. */
const LOGGED_WITHIN_MS = 60_000;

describe('clocks and keys that are wrong', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site.close());

  it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])(
    'FI-38 an API whose clock is %i ms wrong gives a code the life that Redis counts, and checks by it',
    async (wrongBy) => {
      const api = await site.start('api', { ...withWrongClock(wrongBy), LOG_LEVEL: 'info' });
      const authorization = `Bearer ${site.house.demo.apiKey}`;
      const receiver = nextReceiver();
      const opened = await ask(
        'POST',
        `${api.url}/v1/challenges`,
        { generator: site.generator, receiver },
        { authorization },
      );
      const id = site.oracle.noteOpened(opened, receiver);
      const life = Date.parse(opened.json.expiresAt) - Date.now();
      expect(Math.abs(life - TEN_MINUTES_MS)).toBeLessThan(READING_MS);
      const { code } = (await site.house.call('GET', `/v1/challenges/${id}/code`)).json as { code: string };
      const right = await ask('POST', `${api.url}/v1/challenges/${id}/check`, { code }, { authorization });
      site.oracle.noteCheck(id, right);
      expect(right.json).toMatchObject({ valid: true });
      await until(
        () => site.received(receiver),
        (messages) => messages.length === 1,
      );
      // That the clock of this process was wrong is seen by what nobody decides by.
      const [line] = api.output().split('\n').slice(-2);
      const logged = Date.parse((JSON.parse(line!) as { time: string }).time);
      expect(Math.abs(logged - Date.now() - wrongBy)).toBeLessThan(LOGGED_WITHIN_MS);
      await api.kill();
    },
  );

  it('FI-45 without a current key nothing starts; with the old key removed too early nothing is approved', async () => {
    for (const KEYRING of ['', 'k1:', 'k2:c2hvcnQ=']) {
      const refused = await startBuilt('api', { ...site.house.environment, KEYRING }).then(
        () => 'started',
        (error: Error) => error.message,
      );
      expect(refused).toContain('KEYRING');
    }
    const { id, code } = await site.open();
    const api = await site.start('api', { KEYRING: newRingEntry('k9') });
    const authorization = `Bearer ${site.house.demo.apiKey}`;
    const answer = await ask('POST', `${api.url}/v1/challenges/${id}/check`, { code }, { authorization });
    expect(answer.json?.valid).not.toBe(true);
    await api.kill();
    // With the key back it is what it was: nothing was burnt.
    const right = await site.call('POST', `/v1/challenges/${id}/check`, { code });
    site.oracle.noteCheck(id, right);
    expect(right.json).toMatchObject({ valid: true });
    expect(await site.oracle.judge('FI-45')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });

  it('FI-46 a published record that cannot be read stops its own tenant’s sends, and nobody else’s; it heals by itself', async () => {
    const other = await site.house.newGenerator();
    // Whoever found its publication owed meanwhile may publish it once more; after a round nobody does.
    await wait(REPEATER_ROUND_MS);
    const key = (await site.house.redis.keys('{cfg}:generator:*')).find((name) =>
      name.includes(other.slice(4)),
    )!;
    const kept = (await site.house.redis.get(key))!;
    const call = (generator: string) =>
      site.call('POST', '/v1/challenges', { generator, receiver: nextReceiver() });
    // The API has not read this generator yet: what it reads now is broken.
    await site.house.redis.set(key, `${kept.slice(0, kept.indexOf('|') + 1)}{broken`);
    expect((await call(other)).status).toBeGreaterThanOrEqual(500);
    expect((await call(site.generator)).status).toBe(201);
    await site.house.redis.set(key, kept);
    expect((await call(other)).status).toBe(201);
  });
});
