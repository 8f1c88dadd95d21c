import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../support/house.js';
import { KEPT } from '../tools/oracle.js';
import { withLittleMemory } from '../tools/preloads.js';
import { openSite, type Site } from '../tools/site.js';
import { nextReceiver } from '../tools/traffic.js';

/** Of one process, as one with so little memory would be told; far more come. */
const MAX_IN_FLIGHT = 100;
const AT_ONCE = 1_500;
const LITTLE = { ...withLittleMemory(128), MAX_IN_FLIGHT: String(MAX_IN_FLIGHT), MAX_QUEUE_AGE_MS: '0' };

/** Redis and then a process have less room than is asked of them. */
describe('memory that runs out', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ workers: 0 });
    await site.api.kill();
    // Nobody empties the queue here, which would be the first thing to refuse.
    site.api = await site.start('api', { MAX_QUEUE_AGE_MS: '0' });
    await site.recover();
  });
  afterEach(() => site.house.redis.config('SET', 'maxmemory', 0));
  afterAll(() => site.close());

  const open = async (url = site.api.url): Promise<Answer> => {
    const receiver = nextReceiver();
    const answer = await site.callAt(url, 'POST', '/v1/challenges', { generator: site.generator, receiver });
    if (answer.status === 201) site.oracle.noteOpened(answer, receiver);
    else site.oracle.noteAnswer(answer);
    return answer;
  };
  const info = async (section: string, field: string): Promise<number> =>
    Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(await site.house.redis.info(section))?.[1]);

  it('FI-13 a Redis that fills up: nothing more is opened before it is full, what is open is checked, nothing is evicted', async () => {
    const { redis } = site.house;
    const { id, code } = await site.open();
    const maxmemory = 20_000_000;
    await redis.config('SET', 'maxmemory', maxmemory);
    let refused: Answer | undefined;
    for (let turn = 0; turn < 500 && !refused; turn++) {
      const answers = await Promise.all(Array.from({ length: 40 }, () => open()));
      refused = answers.find(({ status }) => status !== 201);
      // Room is looked at once a second, and this Redis has three megabytes between nearly full and full.
      await sleep(100);
    }
    expect(refused).toMatchObject({
      status: 503,
      json: { code: 'dependency.overloaded', dependency: 'redis' },
    });
    expect(Number(refused!.headers['retry-after'])).toBeGreaterThan(0);
    const used = (await info('memory', 'used_memory')) / maxmemory;
    expect(used).toBeGreaterThan(0.85);
    expect(used).toBeLessThan(1);
    expect((await site.call('POST', `/v1/challenges/${id}/check`, { code })).json).toMatchObject({
      status: 'approved',
      valid: true,
    });
    expect(await redis.info('errorstats')).not.toContain('errorstat_OOM');
    expect(await info('stats', 'evicted_keys')).toBe(0);

    await redis.config('SET', 'maxmemory', 0);
    await site.start('worker');
    await site.recover();
    expect(await site.oracle.judge('FI-13', 180_000)).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });

  it('FI-43 an API with little memory refuses before it runs out; when it does, nobody loses a challenge', async () => {
    const small = await site.start('api', LITTLE);
    for (let turn = 0; turn < 5; turn++) {
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => open(small.url)));
      const statuses = new Set(answers.map(({ status }) => status));
      expect([...statuses].sort()).toEqual([201, 503]);
      // On a slow machine Redis has no time for some of those that were let in.
      expect(answers.map(({ json }) => json.code)).toContain('dependency.overloaded');
    }
    expect(small.child.exitCode).toBeNull();

    const traffic = site.traffic(10, [small.url, site.api.url]);
    await sleep(1_000);
    const gone = once(small.child, 'exit');
    small.child.kill('SIGUSR2');
    await gone;
    expect(small.output()).toContain('heap out of memory');
    await site.start('api', LITTLE);
    await sleep(5_000);
    await traffic.stop();
    expect(await site.oracle.judge('FI-43', 180_000)).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });
});
