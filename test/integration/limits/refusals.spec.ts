// FR-18: whatever is refused sends nothing, and stands in the receiver's history with its reason.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type House, openHouse } from '../../support/house.js';
import { brokenSequences, journalBacklog, journalRows } from '../../support/journal.js';
import { DAY, HOUR, LiveCaller } from './live-caller.js';

describe('FR-18: a refused send is journalled with its reason, and sends nothing:', () => {
  let house: House;
  let caller: LiveCaller;

  beforeAll(async () => {
    house = await openHouse();
    caller = await LiveCaller.of(house, { lifeSeconds: 3_600 });
  });
  afterAll(() => house.close());

  /** A row of its own for what was never opened. */
  async function expectListed(receiver: string, refused: Answer, reason: string): Promise<void> {
    expect(refused.status).toBeGreaterThanOrEqual(400);
    const items = await caller.history(receiver, (found) => found.some(({ status }) => status === 'refused'));
    const rows = items.filter(({ status }) => status === 'refused');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ status: 'refused', reason, mode: 'live', sends: 0, messages: [] });
    const timeline = await caller.timeline(rows[0].id, (found) => found.length > 0);
    expect(timeline).toMatchObject([{ sequence: 1, type: 'limit.refused', reason, channel: 'whatsapp' }]);
    const filtered = await caller.call(
      'GET',
      `/v1/challenges?status=refused&receiver=${encodeURIComponent(receiver)}`,
    );
    expect(filtered.json.items).toHaveLength(1);
    expect(JSON.stringify([items, timeline])).not.toContain(receiver.slice(1));
  }

  /** In the timeline of the challenge that was to be sent again. */
  async function expectTold(opened: Answer, refused: Answer, reason: string): Promise<void> {
    expect(refused.status).toBeGreaterThanOrEqual(400);
    const timeline = await caller.timeline(opened.json.id, (found) =>
      found.some(({ type }) => type === 'limit.refused'),
    );
    expect(timeline.filter(({ type }) => type === 'limit.refused')).toMatchObject([{ reason }]);
    expect(timeline.map(({ sequence }) => sequence)).toEqual(timeline.map((_, at) => at + 1));
  }

  it('a receiver’s window', async () => {
    const receiver = caller.newReceiver();
    for (const about of ['a', 'b', 'c']) await caller.open(receiver, about);
    await expectListed(receiver, await caller.open(receiver, 'd'), 'receiver');
    expect(await caller.delivered(receiver, 3)).toBe(3);
  });

  it('too many messages that nobody answered', async () => {
    const receiver = caller.newReceiver();
    for (let turn = 0; turn < 5; turn++) {
      await caller.open(receiver, `${turn}`);
      await caller.delivered(receiver, turn + 1);
      house.moveClock(HOUR);
    }
    await expectListed(receiver, await caller.open(receiver, 'sixth'), 'unsolicited');
    expect(await caller.delivered(receiver, 5)).toBe(5);
  });

  it('a receiver slowed by wrong answers', async () => {
    const receiver = caller.newReceiver();
    await caller.setFailures(receiver, 60);
    await caller.open(receiver, 'a');
    await expectListed(receiver, await caller.open(receiver, 'b'), 'slowed');
    expect(await caller.delivered(receiver, 1)).toBe(1);
  });

  it('a disabled receiver', async () => {
    const receiver = caller.newReceiver();
    await caller.setFailures(receiver, 100);
    await expectListed(receiver, await caller.open(receiver, 'a'), 'disabled');
    expect(await caller.delivered(receiver)).toBe(0);
  });

  it('a country the account may not send to', async () => {
    const account = `/v1/accounts/${house.demo.accountId}`;
    await house.call('PATCH', account, { countries: ['MX'] });
    const receiver = '+14155552671';
    const refused = await caller.open(receiver, 'a');
    await house.call('PATCH', account, { countries: ['*'] });
    await expectListed(receiver, refused, 'destination_not_allowed');
    expect(await caller.delivered(receiver)).toBe(0);
  });

  it('a class of numbers nobody is sent anything at', async () => {
    const refused = await caller.open('+881612345678', 'a');
    expect(refused.json.code).toBe('receiver.number_class_not_allowed');
    const list = (): Promise<Answer> => caller.call('GET', '/v1/challenges?status=refused&limit=100');
    await expect
      .poll(async () => (await list()).json.items.map(({ reason }: { reason: string }) => reason))
      .toContain('number_class_not_allowed');
    expect(await caller.delivered('+881612345678')).toBe(0);
  });

  it('a resend inside its cool-down, in the timeline of its challenge', async () => {
    const receiver = caller.newReceiver();
    const opened = await caller.open(receiver, 'a');
    await expectTold(opened, await caller.resend(opened), 'cool_down');
    expect(await caller.delivered(receiver, 1)).toBe(1);
  });

  it('a replacement inside the cool-down of the challenge it would replace, in that one’s timeline', async () => {
    const receiver = caller.newReceiver();
    const opened = await caller.open(receiver, 'a');
    await expectTold(opened, await caller.open(receiver, 'a', { onLive: 'replace' }), 'cool_down');
    expect(await caller.delivered(receiver, 1)).toBe(1);
  });

  it('a message more than the challenge may have', async () => {
    const single = await LiveCaller.of(house, { resend: { maxMessages: 1 } });
    const receiver = caller.newReceiver();
    const opened = await single.open(receiver, 'a');
    await expectTold(opened, await single.resend(opened), 'send_limit');
    expect(await caller.delivered(receiver, 1)).toBe(1);
  });

  it('an answer of a disabled receiver', async () => {
    const receiver = caller.newReceiver();
    const opened = await caller.open(receiver, 'a');
    await caller.setFailures(receiver, 100);
    await expectTold(opened, await caller.guess(opened, 'a'), 'disabled');
  });

  it('and nothing else of the journal is lost or double', async () => {
    house.moveClock(DAY);
    const receiver = caller.newReceiver();
    const opened = await caller.open(receiver, 'a');
    await caller.check(opened, 'a', false);
    await caller.check(opened, 'a', true);
    await caller.call('POST', '/v1/receivers/unblock', { receiver, purpose: 'recovery' });
    const [item] = await caller.history(receiver, (found) => found[0]?.status === 'approved');
    await expect.poll(() => journalBacklog(house.redis), { timeout: 30_000 }).toBe(0);
    expect(item).toMatchObject({ status: 'approved', attemptsRemaining: 3, sends: 1 });
    expect(Date.parse(item.resendAfter) - Date.parse(item.openedAt)).toBe(30_000);
    const rows = await journalRows(house.databaseUrl);
    expect(brokenSequences(rows)).toEqual([]);
    expect(rows.filter(({ type }) => type === 'receiver.unblocked')).toHaveLength(1);
  });
});

describe('what the journal is told of a request', () => {
  let house: House;

  beforeAll(async () => {
    house = await openHouse({ worker: false });
  });
  afterAll(() => house.close());

  it('country, channel and the range of the number when it is opened; the receiver’s name with a wrong answer', async () => {
    const caller = await LiveCaller.of(house);
    const [one, beside] = [caller.newReceiver(), caller.newReceiver()];
    const opened = await caller.open(one, 'a');
    await caller.open(beside, 'a');
    await caller.check(opened, 'a', false);
    const entries: Record<string, string>[] = [];
    for (const key of await house.redis.keys('{p*}:journal'))
      for (const [, fields] of await house.redis.xrange(key, '-', '+'))
        entries.push(
          Object.fromEntries(fields.flatMap((name, at) => (at % 2 ? [] : [[name, fields[at + 1]!]]))),
        );
    const requested = entries.filter(({ t }) => t === 'challenge.requested');
    expect(requested).toHaveLength(2);
    expect(requested[0]).toMatchObject({ cc: 'MX', ch: 'w', px: requested[1]!['px'] });
    const [wrong] = entries.filter(({ t }) => t === 'challenge.answer_refused');
    expect(wrong!['i']).toBe(caller.recordKey(one).split('lim:')[1]);
  });
});
