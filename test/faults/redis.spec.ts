import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { SEND_JOB } from '../../libs/challenges/send-queue.js';
import { ask, until } from '../support/house.js';
import { KEPT } from './tools/oracle.js';
import { FULL, openSite, type Site, wrongFor } from './tools/site.js';
import { nextReceiver } from './tools/traffic.js';

const ANSWER_WITHIN_MS = 1_200;

/** Redis is killed, hung, cut off, emptied and made to forget, while people are asking for codes. */
describe('Redis in trouble', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
    await site.recover();
    site.oracle.weigh(site.api.child.pid!);
  });
  afterAll(() => site.close());

  const check = (id: string, code: string) => site.call('POST', `/v1/challenges/${id}/check`, { code });
  const remaining = async (id: string): Promise<number> =>
    (await site.house.call('GET', `/v1/challenges/${id}`)).json.attemptsRemaining;
  const rollbacks = async (): Promise<number> =>
    Number(
      /^countersign_redis_rollbacks_total (\d+)$/m.exec((await ask('GET', site.api.metricsUrl)).text)?.[1],
    );

  it('FI-07 killed and started again under load: 503 meanwhile, back within 5 s, nothing lost or doubled', async () => {
    const traffic = site.traffic(FULL ? 50 : 15);
    await sleep(FULL ? 5_000 : 1_000);
    await site.house.redisServer.restart({ signal: 'SIGKILL', downMs: 500 });
    expect(await site.recover()).toBeLessThan(5_000);
    await sleep(FULL ? 5_000 : 1_000);
    await traffic.stop();
    expect(await site.oracle.judge('FI-07')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });

  it('FI-08 out of reach: each call is refused with 503 and Retry-After within 1.2 s, and none is approved', async () => {
    const { id, code } = await site.open();
    site.proxy.set({ mode: 'down' });
    const end = performance.now() + (FULL ? 60_000 : 2_000);
    while (performance.now() < end) {
      const from = performance.now();
      const answer = await check(id, code);
      expect(performance.now() - from).toBeLessThan(ANSWER_WITHIN_MS);
      expect(answer.status).toBe(503);
      site.oracle.noteAnswer(answer);
      await sleep(100);
    }
    site.proxy.heal();
    await site.recover();
    expect((await check(id, code)).json).toMatchObject({ valid: true });
  });

  it('FI-09 stopped under load: calls time out, and what is applied late is not counted twice', async () => {
    const { id, code } = await site.open();
    const traffic = site.traffic(10);
    await site.house.redisServer.kill('SIGSTOP');
    const from = performance.now();
    const [first, second] = await Promise.all([check(id, wrongFor(code)), check(id, wrongFor(code))]);
    expect([first.status, second.status]).toEqual([503, 503]);
    await sleep(Math.max(0, (FULL ? 10_000 : 3_000) - (performance.now() - from)));
    await site.house.redisServer.kill('SIGCONT');
    await site.recover();
    // Two calls were in its hands; whether it did both, one or none, it did none of them twice.
    expect(await remaining(id)).toBeGreaterThanOrEqual(3);
    expect((await check(id, code)).json).toMatchObject({ valid: true });
    await traffic.stop();
    expect(await site.oracle.judge('FI-09')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });

  it('FI-10 a reply lost with its connection: an answer counts once, and a code goes out once', async () => {
    const { id, code } = await site.open();
    site.proxy.set({ mode: 'drop_reply', command: id.slice('chl_'.length) });
    const refused = await check(id, wrongFor(code));
    expect(refused.status).toBe(503);
    expect(site.proxy.met).toBe(1);
    site.proxy.heal();
    await site.recover();
    expect(await remaining(id)).toBe(4);

    const receiver = nextReceiver();
    const body = { generator: site.generator, receiver };
    site.proxy.set({ mode: 'drop_reply', command: SEND_JOB });
    await site.call('POST', '/v1/challenges', body, { 'idempotency-key': receiver });
    expect(site.proxy.met).toBe(1);
    site.proxy.heal();
    await site.recover();
    const again = await until(
      () => site.call('POST', '/v1/challenges', body, { 'idempotency-key': receiver }),
      (answer) => answer.status === 201,
    );
    site.oracle.noteOpened(again, receiver);
    await until(
      () => site.received(receiver),
      (messages) => messages.length > 0,
    );
    await sleep(4_000);
    expect(await site.received(receiver)).toHaveLength(1);
  });

  it('FI-11 a power loss that costs the last writes: the window is known, and somebody is told of it', async () => {
    const { id, code } = await site.open();
    const strict = await site.open({}, await site.house.newGenerator({ strictApproval: true }));
    for (const opened of [id, strict.id])
      await until(
        () => site.received(site.oracle.challenges.get(opened)!.receiver),
        (messages) => messages.length > 0,
      );
    const before = await rollbacks();
    // Past at least one look of every process, then everything after this point is lost.
    await sleep(2_500);
    const file = appendOnlyFile();
    const kept = statSync(file).size;
    for (const opened of [{ id, code }, strict])
      expect((await check(opened.id, opened.code)).json).toMatchObject({ valid: true });
    await sleep(2_500);
    await site.house.redisServer.kill('SIGKILL');
    expect(statSync(file).size).toBeGreaterThan(kept);
    truncateSync(file, kept);
    await site.house.redisServer.restart();
    await until(rollbacks, (count) => count > before, 15_000);
    // In the default mode this is the price: an approval of the lost second is forgotten. Strict approval pays another.
    await until(
      () => site.house.call('GET', `/v1/challenges/${id}`),
      (answer) => answer.status === 200 && answer.json.status === 'pending',
    );
    expect(site.api.output()).toContain('Redis has forgotten writes');
    await until(
      () => check(id, wrongFor(code)),
      (answer) => answer.status === 200,
      10_000,
    );
    // That one is written in PostgreSQL before it is answered: never twice (I2).
    expect((await site.house.call('GET', `/v1/challenges/${strict.id}`)).json.status).toBe('pending');
    expect(await check(strict.id, strict.code)).toMatchObject({
      status: 409,
      json: { state: 'approved', reason: 'approved_before' },
    });
    for (const opened of [id, strict.id]) site.oracle.challenges.delete(opened);
  });

  it('FI-15 a setting changed while it runs: nobody is ready, an alarm is heard, and it heals', async () => {
    const ready = () => ask('GET', `${site.api.url}/health/ready`);
    await site.house.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await until(
      async () => site.api.output(),
      (text) => text.includes('maxmemory-policy is allkeys-lru'),
      30_000,
    );
    expect((await ready()).status).toBe(503);
    await site.house.redis.config('SET', 'maxmemory-policy', 'noeviction');
    await until(ready, (answer) => answer.status === 200, 30_000);
  });

  it('FI-18 a lost script cache: no call fails of it, and each counts once', async () => {
    const { id, code } = await site.open();
    await site.house.redis.script('FLUSH');
    expect((await check(id, wrongFor(code))).json).toMatchObject({ valid: false, attemptsRemaining: 4 });
    await site.house.redis.script('FLUSH');
    const { receiver } = await site.open();
    await until(
      () => site.received(receiver),
      (messages) => messages.length > 0,
    );
    expect(await remaining(id)).toBe(4);
    expect(await site.oracle.judge('FI-18')).toMatchObject({ ...KEPT, untaggedDuplicates: 0 });
  });

  it('FI-17 emptied by mistake: what was open is not found, the journal still shows it, and new codes go out', async () => {
    const { id, code } = await site.open();
    await until(
      () => site.house.call('GET', `/v1/challenges?limit=100`),
      (answer) => answer.text.includes(id),
    );
    const before = await rollbacks();
    await site.house.redis.flushall();
    await until(rollbacks, (count) => count > before, 15_000);
    // What administration had published is there again without a restart.
    await site.recover();
    expect(
      (
        await until(
          () => check(id, code),
          (answer) => answer.status !== 503,
          10_000,
        )
      ).status,
    ).toBe(404);
    expect((await site.house.call('GET', `/v1/challenges?limit=100`)).text).toContain(id);
    expect(site.api.child.exitCode).toBeNull();
  });

  /** The part of the append-only file that is being written. */
  function appendOnlyFile(): string {
    const folder = join(site.house.redisServer.dir, 'data', 'appendonlydir');
    return join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.incr.aof'))!,
    );
  }
});
