// Limits of one receiver: windows, all tenants' day, unanswered messages, wrong answers in a row.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HotStore } from '../../../libs/challenges/hot-store/hot-store.js';
import { newChallengeId, newId } from '#platform/identifiers';
import { Metrics } from '#platform/metrics';
import { Partitions } from '#platform/partitions';
import { parsePhone } from '#platform/phone';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { DAY, HOUR, LiveCaller, MINUTE } from './live-caller.js';

describe('what one receiver may be sent', () => {
  let house: House;
  let caller: LiveCaller;

  beforeAll(async () => {
    house = await openHouse();
    caller = await LiveCaller.of(house, { lifeSeconds: 5_400 });
    await policy();
  });
  afterAll(() => house.close());

  /** The receivers share a prefix, and most of what is sent here ends unanswered: its circuit (FR-09) would open. */
  const policy = async (...limits: object[]): Promise<void> => {
    const body = { limits: [{ limit: 'conversion.prefix', mode: 'off' }, ...limits] };
    expect((await caller.call('PUT', '/v1/limits', body)).status).toBe(200);
  };

  const refusal = (code: string, status = 429): object => ({ status, json: { code } });

  it('FR-01 pauses 30 s, 60 s, 120 s, 300 s between the messages of a challenge, and sends five at most', async () => {
    const opened = await caller.open(caller.newReceiver(), 'a');
    for (const pause of [30_000, 60_000, 120_000, 300_000]) {
      house.moveClock(pause - 2_000);
      const early = await caller.resend(opened);
      expect(early).toMatchObject(refusal('limit.cool_down'));
      expect(Number(early.headers['retry-after'])).toBeLessThanOrEqual(2);
      // Past the receiver's own window of ten minutes, which is not meant here.
      house.moveClock(10 * MINUTE);
      expect((await caller.resend(opened)).status).toBe(200);
    }
    house.moveClock(15 * MINUTE);
    expect(await caller.resend(opened)).toMatchObject(refusal('challenge.send_limit'));
  });

  it('FR-02 and STD-21 let a valid key send 3 messages in 10 minutes and 5 in an hour to one number, whatever it asks about', async () => {
    const receiver = caller.newReceiver();
    const send = (about: string): Promise<Answer> => caller.open(receiver, about);
    for (const about of ['a', 'b', 'c']) expect((await send(about)).status).toBe(201);
    const fourth = await send('d');
    expect(fourth).toMatchObject(refusal('limit.receiver'));
    expect(Number(fourth.headers['retry-after'])).toBeGreaterThan(590);
    house.moveClock(10 * MINUTE);
    for (const about of ['d', 'e']) {
      const opened = await send(about);
      expect(opened.status).toBe(201);
      await caller.check(opened, about, true);
    }
    const sixth = await send('f');
    expect(sixth).toMatchObject(refusal('limit.receiver'));
    expect(Number(sixth.headers['retry-after'])).toBeGreaterThan(49 * 60);
    house.moveClock(50 * MINUTE);
    expect((await send('f')).status).toBe(201);
  });

  it('FR-02 lets 10 messages a day through', async () => {
    const receiver = caller.newReceiver();
    for (let turn = 0; turn < 10; turn++) {
      const opened = await caller.open(receiver, `${turn}`);
      expect(opened.status).toBe(201);
      await caller.check(opened, `${turn}`, true);
      house.moveClock(HOUR);
    }
    expect(await caller.open(receiver, 'eleventh')).toMatchObject(refusal('limit.receiver'));
    house.moveClock(14 * HOUR);
    expect((await caller.open(receiver, 'eleventh')).status).toBe(201);
  });

  it('ATK-25 and FR-02 count every spelling of a number in one place', async () => {
    const line = String(5_000_000 + Math.trunc(Math.random() * 4_000_000));
    const spellings = [
      `+52551${line}`,
      `+521551${line}`,
      `+52 551 ${line}`,
      `+52-551-${line}`,
      `+52 (551) ${line}`,
      `+52.551.${line}`,
      `+52 1 55 1${line}`,
      `+52551${line} `,
      `+52551${line}\u200b`,
      `+52551${line}\n`,
      `+52551${line};ext=1`,
      `tel:+52551${line}`,
      `+５２551${line}`,
      `+52\u00a0551${line}`,
    ];
    const answers: Answer[] = [];
    for (const [at, spelling] of spellings.entries()) answers.push(await caller.open(spelling, `${at}`));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    const codes = answers.filter(({ status }) => status !== 201).map(({ json }) => json.code as string);
    expect(new Set(codes)).toEqual(new Set(['limit.receiver', 'receiver.invalid_phone']));
    expect(await caller.delivered(`+52551${line}`)).toBeLessThanOrEqual(3);
  });

  it('FR-03 counts all tenants together, and tells nobody that there are others', async () => {
    const [shared, alone] = [caller.newReceiver(), caller.newReceiver()];
    await sendAs(newId(), shared, 10);
    await sendAs(newId(), shared, 8);
    for (const about of ['a', 'b']) expect((await caller.open(shared, about)).status).toBe(201);
    const refused = await caller.open(shared, 'c');
    expect(refused).toMatchObject(refusal('limit.receiver'));

    for (const about of ['a', 'b', 'c']) await caller.open(alone, about);
    const own = await caller.open(alone, 'd');
    const plain = ({ json }: Answer): object => ({ ...json, requestId: '' });
    expect(plain(refused)).toEqual(plain(own));
    expect(refused.headers['ratelimit-policy']).toBe(own.headers['ratelimit-policy']);
    expect(refused.headers['ratelimit']).toContain('"receiver-600";r=1;');
    house.moveClock(DAY + MINUTE);
    expect((await caller.open(shared, 'c')).status).toBe(201);
  });

  it('FR-02 in shadow refuses nothing, counts and tells what it would have refused; every other limit holds', async () => {
    const shadowed = async (): Promise<number> =>
      (await house.api.app.get(Metrics, { strict: false }).limitEvents.get()).values
        .filter(({ labels }) => labels.type === 'limit.shadowed' && labels.limit === 'sends.receiver')
        .reduce((sum, { value }) => sum + value, 0);
    await policy({ limit: 'sends.receiver', mode: 'shadow' });
    const receiver = caller.newReceiver();
    for (const about of ['a', 'b', 'c']) expect((await caller.open(receiver, about)).status).toBe(201);
    expect(await shadowed()).toBe(0);
    const fourth = await caller.open(receiver, 'd');
    expect(fourth.status).toBe(201);
    expect(fourth.headers['ratelimit-policy']).not.toContain('receiver');
    house.moveClock(31_000);
    expect((await caller.resend(fourth)).status).toBe(200);
    expect(await shadowed()).toBe(2);
    const told = await until(
      () => caller.call('GET', '/v1/limits/events'),
      ({ json }) => json.items.length > 0,
    );
    expect(told.json.items[0]).toMatchObject({
      type: 'limit.shadowed',
      data: { limit: 'sends.receiver', channel: 'whatsapp', country: 'MX' },
    });

    expect(await caller.open(receiver, 'e')).toMatchObject(refusal('limit.unsolicited'));
    const [shared, disabled] = [caller.newReceiver(), caller.newReceiver()];
    await sendAs(newId(), shared, 10);
    await sendAs(newId(), shared, 10);
    expect(await caller.open(shared, 'a')).toMatchObject(refusal('limit.receiver'));
    await caller.setFailures(disabled, 100);
    expect(await caller.open(disabled, 'a')).toMatchObject(refusal('receiver.disabled', 403));
    expect(await shadowed()).toBe(2);

    await policy();
    await caller.check(fourth, 'd', true);
    expect(await caller.open(receiver, 'e')).toMatchObject(refusal('limit.receiver'));
    house.moveClock(DAY);
  });

  it('STD-10 refuses the sixth message since the last right answer; a right answer or a day ends it', async () => {
    const receiver = caller.newReceiver();
    let opened: Answer | undefined;
    for (let turn = 0; turn < 5; turn++) {
      opened = await caller.open(receiver, `${turn}`);
      expect(opened.status).toBe(201);
      house.moveClock(30 * MINUTE);
    }
    house.moveClock(20 * MINUTE);
    expect(await caller.open(receiver, 'sixth')).toMatchObject(refusal('limit.unsolicited'));
    // The fifth code lives still: its owner answers, and may be asked again.
    expect((await caller.check(opened!, '4', true)).json.valid).toBe(true);
    expect((await caller.open(receiver, 'sixth')).status).toBe(201);

    const silent = caller.newReceiver();
    for (let turn = 0; turn < 5; turn++) {
      await caller.open(silent, `${turn}`);
      house.moveClock(HOUR);
    }
    const refused = await caller.open(silent, 'sixth');
    expect(refused).toMatchObject(refusal('limit.unsolicited'));
    house.moveClock(Number(refused.headers['retry-after']) * 1_000);
    expect((await caller.open(silent, 'sixth')).status).toBe(201);
  });

  it('STD-05 keeps the failures when a new code is sent', async () => {
    const rotating = await LiveCaller.of(house, { resend: { code: 'rotate' } });
    const opened = await rotating.open(rotating.newReceiver(), 'a');
    const before = (await rotating.call('GET', `/v1/challenges/${opened.json.id}/code`)).json.code;
    for (let turn = 0; turn < 2; turn++) await rotating.check(opened, 'a', false);
    house.moveClock(31_000);
    expect((await rotating.resend(opened)).json.attemptsRemaining).toBe(3);
    expect((await rotating.call('GET', `/v1/challenges/${opened.json.id}/code`)).json.code).not.toBe(before);
    for (const left of [2, 1])
      expect((await rotating.check(opened, 'a', false)).json.attemptsRemaining).toBe(left);
    expect((await rotating.check(opened, 'a', false)).json.status).toBe('locked');
  });

  it('STD-06 disables a receiver after 100 wrong answers in a row over its challenges, until it is bound anew', async () => {
    const receiver = caller.newReceiver();
    for (let turn = 0; turn < 19; turn++) {
      const opened = await caller.open(receiver, `${turn}`);
      expect(opened.status).toBe(201);
      for (let guess = 0; guess < 5; guess++) await caller.check(opened, `${turn}`, false);
      house.moveClock(6 * HOUR);
    }
    house.moveClock(DAY);
    const open = await caller.open(receiver, 'open still');
    house.moveClock(61 * MINUTE);
    const twentieth = await caller.open(receiver, 'twentieth');
    for (let guess = 0; guess < 5; guess++) await caller.check(twentieth, 'twentieth', false);

    // Even the right code: whoever guesses must not learn which it was.
    expect(await caller.check(open, 'open still', true)).toMatchObject(refusal('receiver.disabled', 403));
    expect(await caller.open(receiver, 'another')).toMatchObject(refusal('receiver.disabled', 403));
    expect(await caller.resend(open)).toMatchObject(refusal('receiver.disabled', 403));
    house.moveClock(DAY);
    expect(await caller.open(receiver, 'a day later')).toMatchObject(refusal('receiver.disabled', 403));
    expect((await caller.open(receiver, 'other purpose', { purpose: 'recovery' })).status).toBe(201);

    const unblocked = await caller.call('POST', '/v1/receivers/unblock', { receiver });
    expect([unblocked.status, unblocked.json]).toEqual([
      200,
      { purpose: 'authentication', failuresInARow: 0, failuresForgotten: 100 },
    ]);
    expect((await caller.open(receiver, 'bound anew')).status).toBe(201);
  });

  it('STD-06 begins again with one right answer', async () => {
    const receiver = caller.newReceiver();
    await caller.setFailures(receiver, 99);
    const opened = await caller.open(receiver, 'a');
    await caller.check(opened, 'a', true);
    const next = await caller.open(receiver, 'b');
    await caller.check(next, 'b', false);
    expect((await caller.open(receiver, 'c')).status).toBe(201);
    expect(await house.redis.pttl(caller.recordKey(receiver))).toBeGreaterThan(80 * DAY);
  });

  it('STD-06 keeps the count over a restart of Redis', async () => {
    const receiver = caller.newReceiver();
    await caller.setFailures(receiver, 100);
    await house.redis.bgrewriteaof();
    await house.redisServer.kill('SIGKILL');
    await house.redisServer.restart();
    await expect.poll(() => house.redis.ping().catch(() => ''), { timeout: 30_000 }).toBe('PONG');
    expect(await caller.open(receiver, 'a')).toMatchObject(refusal('receiver.disabled', 403));
  });

  it.each([
    [25, 30],
    [50, 600],
    [75, 3_600],
  ])('STD-07 after %i wrong answers in a row waits %i s between sends', async (failures, pause) => {
    const receiver = caller.newReceiver();
    await caller.setFailures(receiver, failures);
    expect((await caller.open(receiver, 'a')).status).toBe(201);
    house.moveClock((pause - 5) * 1_000);
    const early = await caller.open(receiver, 'b');
    expect(early).toMatchObject(refusal('limit.receiver'));
    expect(Number(early.headers['retry-after'])).toBeLessThanOrEqual(6);
    house.moveClock(6_000);
    expect((await caller.open(receiver, 'b')).status).toBe(201);
  });

  it('ATK-01 lets 200 questions about one number at once through three times', async () => {
    const receiver = caller.newReceiver();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => caller.open(receiver, `${at}`)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    // Whichever limit is met first: so many at once also fill what their prefix may have.
    expect(answers.filter(({ json }) => /^limit\.(receiver|prefix)$/.test(json.code))).toHaveLength(197);
    expect(await caller.delivered(receiver, 3)).toBe(3);
  });

  it('ATK-01 compares 100 answers over 200 challenges that are open at once for one number, and says so at the tenth', async () => {
    const store = house.api.app.get(HotStore, { strict: false });
    const alerts = async (): Promise<number> =>
      (await house.api.app.get(Metrics, { strict: false }).receiverAlerts.get()).values[0]?.value ?? 0;
    const alertsBefore = await alerts();
    const ids = await sendAs(newId(), caller.newReceiver(), 200, { unlimited: true });
    const verdicts = await Promise.all(
      ids.flatMap(({ id, tenantId }) =>
        Array.from({ length: 5 }, async (_, at) => {
          const question = { id, tenantId, operation: `g${at}`, contextDigest: '', answerLength: 6 };
          return (await store.check({ ...question, candidates: ['k1', 'another mac'] })).verdict;
        }),
      ),
    );
    const compared = verdicts.filter((verdict) => verdict === 'wrong' || verdict === 'locked');
    expect(compared).toHaveLength(100);
    expect(verdicts.filter((verdict) => verdict === 'disabled')).toHaveLength(900);

    const receiver = caller.newReceiver();
    for (const about of ['a', 'b']) {
      const opened = await caller.open(receiver, about);
      for (let guess = 0; guess < 5; guess++) await caller.check(opened, about, false);
    }
    expect(await alerts()).toBe(alertsBefore + 1);
  });

  it('ATK-36 one challenge can push its receiver no further than its own attempts, and the owner’s answer undoes it', async () => {
    const receiver = caller.newReceiver();
    const attacked = await caller.open(receiver, 'attacked');
    await Promise.all(Array.from({ length: 60 }, () => caller.guess(attacked, 'attacked')));
    const tenant = house.demo.tenantId.slice('ten_'.length);
    const failures = async (): Promise<number> =>
      (await house.redis.hgetBuffer(caller.recordKey(receiver), tenant))![1]!;
    expect(await failures()).toBe(5);
    const own = await caller.open(receiver, 'own');
    expect((await caller.check(own, 'own', true)).json.valid).toBe(true);
    expect(await failures()).toBe(0);
  });

  it('keeps no record for test keys, and a small one that ends for live keys', async () => {
    const tested = caller.newReceiver();
    const opened = await house.call('POST', '/v1/challenges', {
      generator: caller.generator,
      receiver: tested,
    });
    await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: '000000' });
    expect(await house.redis.exists(caller.recordKey(tested))).toBe(0);

    const receiver = caller.newReceiver();
    await sendAs(house.demo.tenantId.slice('ten_'.length), receiver, 20);
    const key = caller.recordKey(receiver);
    expect(await house.redis.pttl(key)).toBeGreaterThan(0);
    expect(await house.redis.object('ENCODING', key)).toMatch(/^(listpack|ziplist)$/);
    for (const value of await house.redis.hvalsBuffer(key)) expect(value.length).toBeLessThanOrEqual(64);
    // What two plain keys would cost: the log of the tenant, and that of all tenants.
    await house.redis.set(key.replace('lim:', 'one:'), Buffer.alloc(45, 1), 'PX', 60_000);
    await house.redis.set(key.replace('lim:', 'two:'), Buffer.alloc(44, 1), 'PX', 60_000);
    const [record, one, two] = await Promise.all(
      ['lim:', 'one:', 'two:'].map((part) => house.redis.memory('USAGE', key.replace('lim:', part))),
    );
    expect(record).toBeLessThanOrEqual(one! + two!);
  });

  /** Sends as another tenant would: by the same script, without an account of its own. */
  async function sendAs(
    tenantId: string,
    receiver: string,
    count: number,
    { unlimited = false } = {},
  ): Promise<{ id: string; tenantId: string }[]> {
    const store = house.api.app.get(HotStore, { strict: false });
    const to = parsePhone(receiver);
    if (typeof to === 'string') throw new Error(to);
    const { partition, ref } = house.api.app.get(Partitions, { strict: false }).locate(to.canonical);
    const wide = { limit: unlimited ? 10_000 : 30, seconds: 86_400 };
    const ids: { id: string; tenantId: string }[] = [];
    for (let turn = 0; turn < count; turn++) {
      const id = newChallengeId(partition);
      const generatorId = newId();
      const reply = await store.open({
        id,
        generatorId,
        liveName: ref,
        limitName: ref,
        lifeMs: 600_000,
        coolDownMs: 0,
        maxMessages: 0,
        message: { channelLetter: 'w', accountId: newId(), step: 0, route: '' },
        limits: {
          windows: [],
          platform: wide,
          windowsInShadow: [],
          unsolicited: unlimited ? wide : { limit: 10, seconds: 86_400 },
        },
        receiverRef: ref,
        fields: {
          t: tenantId,
          g: `${generatorId}:1`,
          k: 'c',
          h: 'mac',
          hk: 'k1',
          l: 6,
          fm: 5,
          sr: 'sealed',
          i: ref,
        },
      });
      if (reply.outcome === 'opened') ids.push({ id, tenantId });
    }
    return ids;
  }
});
