// What gives way when there is more to do than can be done: sends before checks, the one who floods before the others.
import { connect, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackPressure } from '../../../libs/challenges/back-pressure.js';
import { FairShare } from '../../../libs/challenges/fair-share.js';
import { SEND_JOB, SendQueue } from '../../../libs/challenges/send-queue.js';
import { newChallengeId, newId } from '#platform/identifiers';
import { Metrics } from '#platform/metrics';
import { Queues } from '#platform/queue';
import { type House, openHouse } from '../../support/house.js';
import { LiveCaller } from './live-caller.js';

const MAX_IN_FLIGHT = 20;

describe('an API process with too much to do', () => {
  let house: House;
  let caller: LiveCaller;
  const held: Socket[] = [];

  beforeAll(async () => {
    house = await openHouse({
      worker: false,
      env: { MAX_IN_FLIGHT: String(MAX_IN_FLIGHT), MAX_LOOP_LAG_MS: '400' },
    });
    caller = await LiveCaller.of(house);
  });
  afterAll(async () => {
    for (const socket of held) socket.destroy();
    await house.close();
  });

  const overloaded = { status: 503, json: { code: 'dependency.overloaded', dependency: 'process' } };

  it('refuses sends above MAX_IN_FLIGHT requests, and checks above twice as many; reading goes on', async () => {
    const opened = await caller.open(caller.newReceiver(), 'a');
    await hold(MAX_IN_FLIGHT);
    const refused = await caller.open(caller.newReceiver(), 'a');
    expect(refused).toMatchObject(overloaded);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(await caller.resend(opened)).toMatchObject(overloaded);
    const messangi = await caller.call('POST', '/eyriesgate/v1/2fa/1/codes', { channel: 'WHATSAPP' });
    expect([messangi.status, messangi.json.errors.details.code]).toEqual([503, 'DEPENDENCY_OVERLOADED']);
    expect((await caller.guess(opened, 'a')).json.valid).toBe(false);

    await hold(MAX_IN_FLIGHT);
    expect(await caller.guess(opened, 'a')).toMatchObject(overloaded);
    expect((await caller.call('GET', `/v1/challenges/${opened.json.id}`)).status).toBe(200);

    for (const socket of held.splice(0)) socket.destroy();
    await expect.poll(async () => (await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
  });

  it('is not put off by one long pause', async () => {
    await block(500, 1);
    expect((await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
  });

  it('refuses sends while its event loop lags, and still checks', async () => {
    const opened = await caller.open(caller.newReceiver(), 'a');
    await block(600, 8);
    const [sent, checked] = await Promise.all([
      caller.open(caller.newReceiver(), 'a'),
      caller.guess(opened, 'a'),
    ]);
    expect(sent).toMatchObject(overloaded);
    expect(checked.json.valid).toBe(false);
    await expect.poll(async () => (await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
  });

  /** Requests whose bodies do not come. */
  async function hold(count: number): Promise<void> {
    const { hostname, port, host } = new URL(house.api.url);
    for (let at = 0; at < count; at++) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(
        `POST /v1/challenges HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
      );
      held.push(socket);
    }
    await wait(200);
  }
});

describe('back-pressure', () => {
  let house: House;
  let caller: LiveCaller;
  let pressure: BackPressure;

  beforeAll(async () => {
    house = await openHouse({ worker: false, env: { MAX_QUEUE_AGE_MS: '10000' } });
    caller = await LiveCaller.of(house);
    pressure = house.api.app.get(BackPressure, { strict: false });
  });
  afterAll(() => house.close());

  const overloaded = (dependency: string): object => ({
    status: 503,
    json: { code: 'dependency.overloaded', dependency },
  });

  it('refuses to open while the oldest message of the channel has waited ten seconds, look after look', async () => {
    expect((await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
    await look();
    expect((await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
    const queue = house.api.app.get(Queues, { strict: false }).get('send-whatsapp');
    const timestamp = Date.now() - 11_000;
    await queue.add(
      SEND_JOB,
      { v: 1, messageId: newChallengeId(0) },
      { jobId: 'old-1', timestamp, lifo: false },
    );
    const [first] = await queue.getWaiting(0, 0);
    // The queue's head is what counts: it was added before, so it is made as old.
    await house.redis.hset(queue.toKey(first!.id!), 'timestamp', timestamp);
    await look();
    const refused = await caller.open(caller.newReceiver(), 'a');
    expect(refused).toMatchObject(overloaded('queue'));
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await queue.obliterate({ force: true });
    await look();
    expect((await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
  });

  it('refuses to open while more waits than its workers do in half a minute', async () => {
    const queue = house.api.app.get(Queues, { strict: false }).get('send-whatsapp');
    const jobs = Array.from({ length: 600 }, (_, at) => ({
      name: SEND_JOB,
      data: { v: 1, messageId: newChallengeId(0) },
      opts: { jobId: `deep-${at}` },
    }));
    await queue.addBulk(jobs);
    await look();
    // Nobody drains it: the rate is nought.
    expect(await caller.open(caller.newReceiver(), 'a')).toMatchObject(overloaded('queue'));
    await queue.obliterate({ force: true });
    await look();
    expect((await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
  });

  it('refuses only those who flood while only their own line is too long', async () => {
    const queue = house.api.app.get(Queues, { strict: false }).get('send-whatsapp');
    const jobs = Array.from({ length: 600 }, (_, at) => ({
      name: SEND_JOB,
      data: { v: 1, messageId: newChallengeId(0) },
      opts: { jobId: `behind-${at}`, priority: 1 },
    }));
    await queue.addBulk(jobs);
    await look();
    expect(pressure.refusal('whatsapp', 0)).toBeUndefined();
    expect(pressure.refusal('whatsapp', 3)).toMatchObject({ code: 'dependency.overloaded' });
    await queue.obliterate({ force: true });
    await look();
  });

  it('alerts at 70 % of Redis’s memory and refuses to open at 85 %, while answers are still checked', async () => {
    const opened = await caller.open(caller.newReceiver(), 'a');
    const used = Number(/^used_memory:(\d+)/m.exec(await house.redis.info('memory'))![1]);
    const limitTo = async (share: number): Promise<void> => {
      await house.redis.config('SET', 'maxmemory', Math.round(used / share));
      await look();
    };
    await limitTo(0.75);
    const ratio = async (): Promise<number> =>
      (await house.api.app.get(Metrics, { strict: false }).redisMemoryRatio.get()).values[0]!.value;
    expect(await ratio()).toBeGreaterThan(0.7);
    expect((await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
    await limitTo(0.9);
    expect(await caller.open(caller.newReceiver(), 'a')).toMatchObject(overloaded('redis'));
    expect((await caller.guess(opened, 'a')).json.valid).toBe(false);
    await house.redis.config('SET', 'maxmemory', 0);
    await look();
    expect((await caller.open(caller.newReceiver(), 'a')).status).toBe(201);
  });

  /** Twice: what is seen once may be chance. */
  async function look(): Promise<void> {
    await pressure.look();
    await pressure.look();
  }
});

describe('one tenant’s burst', () => {
  const BURST = 4_000;
  const OTHERS = 40;
  /** More than are worked off while one message is on its way. */
  const MANY = 1_000;
  let house: House;

  beforeAll(async () => {
    house = await openHouse({ env: { WORKER_CONCURRENCY: '10' } });
  });
  afterAll(() => house.close());

  it('does not slow another’s sends', async () => {
    const alone = await sendOthers(0);
    const beside = await sendOthers(BURST);
    console.log(
      `B's sends, accepted by the API to received by the provider: p99 ${alone.p99} ms alone, ` +
        `${beside.p99} ms while up to ${beside.most} of A's messages waited`,
    );
    // One line would have put each of these behind everything that waited when it was opened.
    expect(beside.overtakers.length).toBeGreaterThan(0);
    expect(beside.overtakers.filter((left) => left === 0)).toEqual([]);
  }, 120_000);

  /** Bursts as A, then sends as B while A's messages wait. */
  async function sendOthers(burst: number): Promise<{ p99: number; most: number; overtakers: number[] }> {
    const shares = house.api.app.get(FairShare, { strict: false });
    const queue = house.api.app.get(SendQueue, { strict: false });
    const line = house.api.app.get(Queues, { strict: false }).get('send-whatsapp');
    const generator = await house.newGenerator();
    // A's messages as its opens would queue them; their records are gone, so that only the line is measured.
    const tenant = newId();
    await Promise.all(
      Array.from({ length: burst }, () =>
        queue.add('whatsapp', newChallengeId(0), 1, 1, { priority: shares.take(tenant) }),
      ),
    );
    const times: number[] = [];
    const overtakers: number[] = [];
    let most = 0;
    for (let at = 0; at < OTHERS; at++) {
      const receiver = `+52551${String(6_000_000 + burst + at)}`;
      const before = await line.getPrioritizedCount();
      const opened = await house.call('POST', '/v1/challenges', { generator, receiver });
      expect(opened.status).toBe(201);
      const start = performance.now();
      while ((await house.simulated(receiver)).length === 0) await turn();
      times.push(Math.round(performance.now() - start));
      most = Math.max(most, before);
      if (before >= MANY) overtakers.push(await line.getPrioritizedCount());
    }
    times.sort((one, other) => one - other);
    return { p99: times[Math.ceil(times.length * 0.99) - 1]!, most, overtakers };
  }
});

/** Keeps this process's event loop from turning, `times` in a row. */
async function block(ms: number, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const end = performance.now() + ms;
    while (performance.now() < end);
    await turn();
  }
}
