// What follows a message by itself is a message like any other: to its receiver, to limits, to budgets, to switches.
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FollowUpsService } from '../../../libs/challenges/follow-ups.service.js';
import { MessageStore } from '../../../libs/challenges/hot-store/message-store.js';
import { parseNative } from '#platform/identifiers';
import { type Answer, ask, type House, openHouse, until } from '../../support/house.js';
import { addSecondAccount, behave, newPlan, type SecondAccount } from '../../support/second-account.js';
import { LiveCaller } from './live-caller.js';

const FIRST_SENDER = '200000000000001';
/** Not what is meant here, and all receivers of a spec are alike. */
const PREFIX_OFF = { limit: 'sends.prefix', mode: 'off' };
/** Until every process holds what was changed. */
const everybodyKnows = (): Promise<void> => wait(1_500);

let house: House;
let second: SecondAccount;
let caller: LiveCaller;

async function build(worker: boolean): Promise<void> {
  house = await openHouse({ worker });
  second = await addSecondAccount(house);
  caller = await LiveCaller.of(house);
}

async function change(limits: object[], more: object = {}): Promise<void> {
  const answer = await caller.call('PUT', '/v1/limits', { limits: [PREFIX_OFF, ...limits], ...more });
  expect(answer.status, answer.text).toBe(200);
  if (house.worker) await everybodyKnows();
}

async function eventsOf(type: string): Promise<{ times: number; data: Record<string, string> }[]> {
  const { json } = await caller.call('GET', '/v1/limits/events?limit=100');
  return json.items.filter((event: { type: string }) => event.type === type);
}

/** Why something did not follow, from the timeline; the challenge ended with it. */
async function refusalsOf(opened: Answer): Promise<Answer['json'][]> {
  const { id } = opened.json;
  await until(
    () => caller.call('GET', `/v1/challenges/${id}`),
    ({ json }) => json.status === 'undeliverable',
  );
  const timeline = await caller.timeline(id, (items) =>
    items.some(({ type }) => type === 'challenge.undeliverable'),
  );
  return timeline.filter(({ type }) => type === 'limit.refused');
}

async function followed(opened: Answer): Promise<void> {
  await until(
    () => caller.call('GET', `/v1/challenges/${opened.json.id}`),
    ({ json }) => json.messages[1]?.status === 'delivered',
  );
}

describe('what follows a message whose first way failed', () => {
  let plan: string;

  beforeAll(async () => {
    await build(true);
    plan = await newPlan(house, second, {}, { revealCode: true });
  });
  afterEach(async () => {
    await ask('POST', `${house.simulator.url}/_sim/behavior/reset`);
  });
  afterAll(() => house.close());

  const failFirst = (): Promise<void> =>
    behave(house, { faults: [{ match: { phoneNumberId: FIRST_SENDER }, kind: 'graphError', code: 131026 }] });
  const open = (receiver: string, about: string, more = {}): Promise<Answer> =>
    caller.open(receiver, about, { generator: plan, ...more });

  it('FR-02 counts to its receiver, and does not go out when the window is full', async () => {
    await change([]);
    await failFirst();
    const receiver = caller.newReceiver();
    await followed(await open(receiver, 'a'));
    const third = await open(receiver, 'b');
    expect(third.status).toBe(201);
    expect(await refusalsOf(third)).toMatchObject([{ reason: 'receiver', channel: 'whatsapp', follows: 1 }]);
    expect((await open(receiver, 'c')).json.code).toBe('limit.receiver');
    expect(await caller.delivered(receiver, 1)).toBe(1);
  });

  it('FR-02 and STD-10 goes by the tenant’s own windows, and by what nobody answered', async () => {
    await change([{ limit: 'sends.receiver', most: [10, 20, 50] }]);
    await failFirst();
    const receiver = caller.newReceiver();
    for (const about of ['a', 'b']) await followed(await open(receiver, about));
    expect(await refusalsOf(await open(receiver, 'c'))).toMatchObject([
      { reason: 'unsolicited', follows: 1 },
    ]);

    await change([{ limit: 'sends.receiver', most: [1, 20, 50] }]);
    expect(await refusalsOf(await open(caller.newReceiver(), 'a'))).toMatchObject([{ reason: 'receiver' }]);
  });

  it('FR-02 goes out when the windows are in shadow, and is told; a test key’s meets none', async () => {
    await change([{ limit: 'sends.receiver', mode: 'shadow', most: [1, 20, 50] }]);
    await failFirst();
    await followed(await open(caller.newReceiver(), 'a'));
    const [told] = await until(
      () => eventsOf('limit.shadowed'),
      (list) => list.length > 0,
    );
    expect(told).toMatchObject({ times: 1, data: { limit: 'sends.receiver', channel: 'whatsapp' } });

    await change([{ limit: 'sends.receiver', most: [1, 1, 1] }]);
    const receiver = caller.newReceiver();
    await followed(await house.call('POST', '/v1/challenges', { generator: plan, receiver }));
    expect(await house.redis.exists(caller.recordKey(receiver))).toBe(0);
  });

  it('FR-01 counts as one of the messages of its challenge, and says so when it is one too many', async () => {
    await change([]);
    await failFirst();
    const narrow = await newPlan(house, second, {}, { resend: { maxMessages: 1 } });
    const opened = await open(caller.newReceiver(), 'a', { generator: narrow });
    expect(await refusalsOf(opened)).toMatchObject([{ reason: 'send_limit', follows: 1 }]);
  });

  it('FR-10 and FR-18 is taken out of the budget, and is not sent when that is spent', async () => {
    await change([], { budgets: [{ period: 'day', unit: 'messages', most: 3 }] });
    await failFirst();
    await followed(await open(caller.newReceiver(), 'a'));
    const receiver = caller.newReceiver();
    const third = await open(receiver, 'a');
    expect(third.status).toBe(201);
    expect(await refusalsOf(third)).toMatchObject([{ reason: 'budget', channel: 'whatsapp', follows: 1 }]);
    expect(await caller.delivered(receiver)).toBe(0);
    const refused = await until(
      () => eventsOf('limit.refused'),
      (list) => list.length > 0,
    );
    expect(refused).toMatchObject([{ times: 1, data: { limit: 'budget.tenant' } }]);
  });

  it('FR-10 gives back what its receiver’s window did not let it use', async () => {
    await change([{ limit: 'sends.receiver', most: [1, 20, 50] }], {
      budgets: [{ channel: 'whatsapp', period: 'month', unit: 'messages', most: 4 }],
    });
    await failFirst();
    for (let turn = 0; turn < 3; turn++)
      expect(await refusalsOf(await open(caller.newReceiver(), 'a'))).toMatchObject([{ reason: 'receiver' }]);
    expect((await open(caller.newReceiver(), 'a')).status).toBe(201);
    expect((await open(caller.newReceiver(), 'a')).json.code).toBe('limit.budget');
  });

  it('FR-10 goes the next way when one is refused', async () => {
    await change([], { budgets: [{ channel: 'whatsapp', period: 'day', unit: 'messages', most: 1 }] });
    await failFirst();
    const { json } = await house.call('GET', `/v1/generators/${plan}`);
    const email = { channel: 'email', sender: house.demo.email!.senderAddress };
    const three = await house.call('POST', '/v1/generators', {
      name: 'three',
      channels: [...json.channels, email],
    });
    expect(three.status, three.text).toBe(201);
    const fallbackReceiver = 'next.way@example.com';
    const opened = await open(caller.newReceiver(), 'a', { generator: three.json.id, fallbackReceiver });
    await until(
      () => house.simulated(fallbackReceiver),
      (messages) => messages.length === 1,
    );
    const timeline = await caller.timeline(opened.json.id, (items) =>
      items.some(({ message, type }) => message === 2 && type === 'message.accepted'),
    );
    expect(timeline.filter(({ follows }) => follows === 1)).toMatchObject([
      { type: 'limit.refused', reason: 'budget', channel: 'whatsapp' },
      { type: 'message.queued', channel: 'email', message: 2 },
    ]);
  });

  it('FR-16 stops at a switch, as what is asked for does', async () => {
    await change([]);
    const body = { scope: 'account', target: second.id, reason: 'spec' };
    const put = await caller.call('PUT', '/v1/switches', body);
    expect(put.status, put.text).toBe(200);
    await everybodyKnows();
    await failFirst();
    const receiver = caller.newReceiver();
    expect(await refusalsOf(await open(receiver, 'a'))).toMatchObject([{ reason: 'off', follows: 1 }]);
    expect(await caller.delivered(receiver)).toBe(0);
    await caller.call('DELETE', `/v1/switches/${put.json.id}`);
    await everybodyKnows();
  });

  it('FR-12 is not scored: nobody asks for it, so that no signal is missing', async () => {
    const when = [{ signal: 'deviceId', is: 'missing' }];
    await change([], { score: { denyAt: 50, rules: [{ name: 'no_device', points: 50, when }] } });
    await failFirst();
    expect((await open(caller.newReceiver(), 'a')).json.code).toBe('limit.score');
    await followed(await open(caller.newReceiver(), 'a', { endUser: { deviceId: 'd1' } }));
  });
});

describe('FR-10 one reservation for what follows one message', () => {
  let messages: MessageStore;
  let followUps: FollowUpsService;
  let plan: string;

  beforeAll(async () => {
    await build(false);
    plan = await newPlan(house, second);
    messages = house.api.app.get(MessageStore, { strict: false });
    followUps = house.api.app.get(FollowUpsService, { strict: false });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => house.close());

  /** A challenge whose first message was certainly refused, as a worker would settle it. */
  async function openFailed(): Promise<string> {
    const opened = await caller.open(caller.newReceiver(), 'a', { generator: plan });
    expect(opened.status, opened.text).toBe(201);
    const id = parseNative('challenge', opened.json.id)!;
    await messages.claim(id, 1, 'spec', { leaseMs: 5_000, leastLifeMs: 0, maxAttempts: 4 });
    const settled = await messages.settle({ challengeId: id, number: 1, token: 'spec', outcome: 'rejected' });
    expect(settled).toMatchObject({ nextStepOwed: true });
    return id;
  }

  async function spent(): Promise<number> {
    const tenant = parseNative('tenant', house.demo.tenantId)!;
    const [key] = await house.redis.keys(`{lim:${tenant}}:budget:all:messages:d*`);
    return Number(await house.redis.hget(key!, 'n'));
  }

  /** Settlements are told a moment later; what is not settled lapses after a minute, when anybody next asks. */
  async function afterLapse(): Promise<number> {
    await wait(400);
    house.moveClock(61_000);
    expect((await caller.open(caller.newReceiver(), 'later', { generator: plan })).status).toBe(201);
    return (await spent()) - 1;
  }

  it('counts once however many workers follow it at once', async () => {
    await change([], { budgets: [{ period: 'day', unit: 'messages', most: 1_000 }] });
    const id = await openFailed();
    await Promise.all(Array.from({ length: 20 }, () => followUps.follow(id, 1, 'failed')));
    expect(await messages.routed(id, 2)).toBeDefined();
    expect(await messages.routed(id, 3)).toBeUndefined();
    expect(await spent()).toBe(2);
    expect(await afterLapse()).toBe(2);
  });

  it('counts once when a worker dies before it follows, and another takes over', async () => {
    const before = await spent();
    const id = await openFailed();
    vi.spyOn(messages, 'follow').mockRejectedValueOnce(new Error('killed'));
    await expect(followUps.follow(id, 1, 'failed')).rejects.toThrow('killed');
    expect(await spent()).toBe(before + 2);
    await followUps.follow(id, 1, 'failed');
    expect(await messages.routed(id, 2)).toBeDefined();
    expect(await spent()).toBe(before + 2);
    expect(await afterLapse()).toBe(before + 2);
  });

  it('counts not at all when a worker dies and nothing follows', async () => {
    const before = await spent();
    const id = await openFailed();
    vi.spyOn(messages, 'follow').mockRejectedValueOnce(new Error('killed'));
    await expect(followUps.follow(id, 1, 'failed')).rejects.toThrow('killed');
    expect(await afterLapse()).toBe(before + 1);
  });

  it('leaves a message to an account that rests, when nothing could follow it', async () => {
    await change([{ limit: 'sends.receiver', most: [1, 20, 50] }]);
    const full = await caller.open(caller.newReceiver(), 'a', { generator: plan });
    expect(await followUps.couldFollow(parseNative('challenge', full.json.id)!, 1)).toBe(false);
    await change([]);
    const free = await caller.open(caller.newReceiver(), 'a', { generator: plan });
    expect(await followUps.couldFollow(parseNative('challenge', free.json.id)!, 1)).toBe(true);
  });
});
