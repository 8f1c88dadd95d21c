import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, openHouse, until } from '../support/house.js';

describe('the native flow, end to end', () => {
  let house: House;
  let generator: string;

  beforeAll(async () => {
    house = await openHouse();
    generator = await house.newGenerator();
  });
  afterAll(() => house.close());

  it('sends a code that arrives on the phone, and approves it once', async () => {
    const receiver = '+525512340001';
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver });
    expect(opened.status).toBe(201);
    expect(opened.json).toMatchObject({
      status: 'pending',
      channel: 'whatsapp',
      attemptsRemaining: 5,
      sends: 1,
    });

    const [message] = await until(
      () => house.simulated(receiver),
      (messages) => messages.length === 1,
    );
    const wrong = await house.call('POST', `/v1/challenges/${opened.json.id}/check`, {
      code: message!.code === '000000' ? '000001' : '000000',
    });
    expect(wrong.status).toBe(200);
    expect(wrong.json).toMatchObject({ status: 'pending', valid: false, attemptsRemaining: 4 });

    const right = await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: message!.code });
    expect(right.json).toMatchObject({ status: 'approved', valid: true });

    const again = await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: message!.code });
    expect(again.status).toBe(409);
    expect(again.json).toMatchObject({ code: 'challenge.not_pending', status: 409, state: 'approved' });
  });

  it('follows the provider’s receipts forward, and lists the challenge from history', async () => {
    const receiver = '+525512340002';
    const opened = await house.call('POST', '/v1/challenges', {
      generator,
      receiver,
      metadata: { order: 'A-17' },
    });
    const read = (): ReturnType<House['call']> => house.call('GET', `/v1/challenges/${opened.json.id}`);
    await until(read, (answer) => answer.json.messages[0].status === 'delivered');

    const list = (): ReturnType<House['call']> =>
      house.call('GET', `/v1/challenges?receiver=${encodeURIComponent(receiver)}`);
    const listed = await until(list, (answer) => answer.json.items?.[0]?.messages[0]?.status === 'delivered');
    expect(listed.json.items).toHaveLength(1);
    expect(listed.json.items[0]).toMatchObject({
      id: opened.json.id,
      status: 'pending',
      receiver: '+52551•••0002',
      metadata: { order: 'A-17' },
    });
  });

  it('sends the same code again, and keeps the failures', async () => {
    const receiver = '+525512340003';
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver });
    await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: '999999' });
    const resent = await house.call('POST', `/v1/challenges/${opened.json.id}/resend`);
    expect(resent.status).toBe(200);
    expect(resent.json).toMatchObject({ id: opened.json.id, sends: 2, attemptsRemaining: 4 });
    const messages = await until(
      () => house.simulated(receiver),
      (found) => found.length === 2,
    );
    expect(messages[0]!.code).toBe(messages[1]!.code);
  });

  it('tells an operator everything that happened, without the code', async () => {
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver: '+525512340006' });
    const { json } = await house.call('GET', `/v1/challenges/${opened.json.id}/code`);
    await house.call('POST', `/v1/challenges/${opened.json.id}/check`, {
      code: json.code === '111111' ? '222222' : '111111',
    });
    await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: json.code });
    const timeline = await until(
      () => house.call('GET', `/v1/challenges/${opened.json.id}/timeline`),
      (answer) => answer.json.items?.some(({ type }: { type: string }) => type === 'message.delivered'),
    );
    const types = timeline.json.items.map(({ type }: { type: string }) => type);
    expect(types.slice(0, 2)).toEqual(['challenge.requested', 'message.queued']);
    expect(types).toEqual(
      expect.arrayContaining([
        'challenge.disclosed',
        'challenge.answer_refused',
        'challenge.approved',
        'message.accepted',
      ]),
    );
    expect(timeline.text).not.toContain(json.code);
    expect(timeline.text).not.toContain('525512340006');
  });

  it('cancels, twice alike, and then answers nothing', async () => {
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver: '+525512340004' });
    for (let turn = 0; turn < 2; turn++) {
      const canceled = await house.call('POST', `/v1/challenges/${opened.json.id}/cancel`);
      expect([canceled.status, canceled.json]).toMatchObject([
        200,
        { status: 'canceled', attemptsRemaining: 5, sends: 1 },
      ]);
    }
    const checked = await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: '123456' });
    expect(checked.status).toBe(409);
    expect(checked.json).toMatchObject({ state: 'canceled', reason: 'by_caller' });
  });

  it('expires a challenge on the service’s clock', async () => {
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver: '+525512340005' });
    house.moveClock(601_000);
    const checked = await house.call('POST', `/v1/challenges/${opened.json.id}/check`, { code: '123456' });
    house.moveClock(-601_000);
    expect(checked.json).toMatchObject({ code: 'challenge.not_pending', state: 'expired' });
  });
});
