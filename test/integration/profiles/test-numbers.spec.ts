// Receivers with a fixed code: nobody is sent anything, whatever the key; everybody else is treated as ever.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type House, openHouse, until } from '../../support/house.js';

const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

let house: House;
let generator: string;
let live: { authorization: string };

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
  live = { authorization: `Bearer ${await house.newKey('live')}` };
});
afterAll(() => house.close());

const add = (body: object, headers = live): Promise<Answer> =>
  house.call('POST', '/v1/test-numbers', { code: '424242', endsAt: inDays(30), ...body }, headers);
const open = (receiver: string, body: object = {}, headers = live): Promise<Answer> =>
  house.call('POST', '/v1/challenges', { generator, receiver, ...body }, headers);
const check = (id: string, code: string): Promise<Answer> =>
  house.call('POST', `/v1/challenges/${id}/check`, { code }, live);

describe('a test number', () => {
  it('gets the fixed code under a live key, is sent nothing, and says so everywhere', async () => {
    expect((await add({ receiver: '+5255601*****' })).status).toBe(201);
    const receiver = '+525560112345';
    const opened = await open(receiver);
    expect(opened.status, opened.text).toBe(201);
    expect(opened.json).toMatchObject({ status: 'pending', testNumber: true });
    const read = (): Promise<Answer> =>
      house.call('GET', `/v1/challenges/${opened.json.id}`, undefined, live);
    const settled = await until(read, ({ json }) => json.messages[0]?.status === 'delivered');
    expect(settled.json).toMatchObject({
      testNumber: true,
      messages: [{ reason: 'test-number', attempts: 1 }],
    });
    expect(settled.text + opened.text).not.toContain('424242');
    expect((await check(opened.json.id, '424243')).json.valid).toBe(false);
    expect((await check(opened.json.id, '424242')).json).toMatchObject({ status: 'approved', valid: true });
    const listed = await until(
      () => house.call('GET', `/v1/challenges?receiver=${encodeURIComponent(receiver)}`, undefined, live),
      ({ json }) => json.items?.[0]?.status === 'approved',
    );
    expect(listed.json.items[0]).toMatchObject({ testNumber: true });
    expect(await house.simulated(receiver)).toEqual([]);
  });

  it('counts towards no limit of a live key', async () => {
    await add({ receiver: '+525560212345' });
    for (let turn = 0; turn < 12; turn++) {
      const opened = await open('+525560212345', { onLive: 'resend' });
      expect([turn, opened.status]).toEqual([turn, 201]);
    }
    expect(await house.simulated('+525560212345')).toEqual([]);
    for (let turn = 0; turn < 2; turn++) await open('+525560299999');
    expect((await open('+525560299999')).status).toBe(429);
  });

  it('is known by every spelling of it', async () => {
    await add({ receiver: '+525560312345' });
    for (const receiver of ['+52 55 6031 2345', '+52 1 55 6031 2345', '+52-55-6031-2345'])
      expect((await open(receiver, { purpose: 'recovery' })).json, receiver).toMatchObject({
        testNumber: true,
      });
  });

  it('keeps its code when it is sent again, replaced, or comes with another', async () => {
    await add({ receiver: '+525560412345', code: 'Review#7' });
    const own = await house.newGenerator({ callerCodes: true, resend: { code: 'rotate' } });
    const first = await open('+525560412345', { generator: own, code: '111111' });
    const again = await house.call('POST', `/v1/challenges/${first.json.id}/resend`, undefined, live);
    expect(again.json).toMatchObject({ sends: 2, testNumber: true });
    const replaced = await open('+525560412345', { generator: own, onLive: 'replace' });
    expect(replaced.json.id).not.toBe(first.json.id);
    expect((await check(replaced.json.id, 'review#7')).json.valid).toBe(false);
    expect((await check(replaced.json.id, 'Review#7')).json.valid).toBe(true);
  });

  it('is a number like any other when its end has come, when it is deleted, and for another tenant', async () => {
    const receiver = '+525560512345';
    const { json } = await add({ receiver, endsAt: inDays(1) });
    house.moveClock(DAY_MS + 1_000);
    const late = await open(receiver);
    expect(late.json).not.toHaveProperty('testNumber');
    await until(
      () => house.call('GET', `/v1/challenges/${late.json.id}`, undefined, live),
      ({ json }) => json.messages[0]?.status === 'delivered',
    );
    house.moveClock(-DAY_MS - 1_000);
    expect(await house.simulated(receiver)).toHaveLength(1);
    const other = await house.newTenantKey('other-tests');
    const theirs = { authorization: `Bearer ${other.key}` };
    expect((await house.call('GET', '/v1/test-numbers', undefined, theirs)).json.items).toEqual([]);
    expect((await house.call('DELETE', `/v1/test-numbers/${json.id}`, undefined, theirs)).json.code).toBe(
      'settings.test_number_not_found',
    );
    expect((await open(receiver, { purpose: 'recovery' })).json.testNumber).toBe(true);
    expect((await house.call('DELETE', `/v1/test-numbers/${json.id}`, undefined, live)).status).toBe(204);
    expect((await open(receiver, { purpose: 'address_verification' })).json).not.toHaveProperty('testNumber');
    expect((await house.call('DELETE', `/v1/test-numbers/${json.id}`, undefined, live)).status).toBe(404);
    expect((await add({ receiver })).status).toBe(201);
  });

  it('can be answered while PostgreSQL has nothing to do with it: it is published', async () => {
    await add({ receiver: '+525560612345' });
    const name = `{cfg}:test-numbers:${house.demo.tenantId.slice(4)}`;
    const held = (await house.redis.get(name))!;
    expect(held).toContain('+525560612345');
    expect(held).not.toContain('424242');
  });
});

describe('a test number that is refused', () => {
  it.each([
    ['seven stars', { receiver: '+5255*******' }, '#/receiver'],
    ['a star in the middle', { receiver: '+5255*6012345' }, '#/receiver'],
    ['no plus', { receiver: '525560112345' }, '#/receiver'],
    ['a domain', { receiver: '*@' }, '#/receiver'],
    ['a short code', { receiver: '+525561112345', code: '123' }, '#/code'],
    ['a code with a space', { receiver: '+525561112345', code: '12 456' }, '#/code'],
    ['an end in the past', { receiver: '+525561112345', endsAt: inDays(-1) }, '#/endsAt'],
    ['an end after 400 days', { receiver: '+525561112345', endsAt: inDays(401) }, '#/endsAt'],
    ['an end that is no date', { receiver: '+525561112345', endsAt: 'soon' }, '#/endsAt'],
    ['no end', { receiver: '+525561112345', endsAt: undefined }, '#/endsAt'],
  ])('for %s', async (_what, body, pointer) => {
    const answer = await add(body);
    expect([answer.status, answer.json.errors?.[0].pointer]).toEqual([422, pointer]);
  });

  it('because it is there already, or the key has not the scope', async () => {
    await add({ receiver: '+525561212345' });
    expect((await add({ receiver: '+525561212345' })).json.code).toBe('settings.test_number_conflict');
    const reader = { authorization: `Bearer ${await house.newKey('live', ['settings:read'])}` };
    expect((await add({ receiver: '+525561312345' }, reader)).status).toBe(403);
    const listed = await house.call('GET', '/v1/test-numbers', undefined, reader);
    expect(listed.status).toBe(200);
    expect(listed.text).not.toContain('424242');
  });
});

describe('a test key (SEC-24)', () => {
  it('reaches no live provider, neither for a person nor for a test number', async () => {
    await add({ receiver: '+525561412345' });
    const account = `/v1/accounts/${house.demo.accountId}`;
    // Another origin than the simulator's: a live account, though what it sends still arrives where we can look.
    const elsewhere = house.simulator.url.replace('127.0.0.1', 'localhost');
    expect((await house.call('PATCH', account, { config: { baseUrl: elsewhere } })).status).toBe(200);
    const test = { authorization: `Bearer ${house.demo.apiKey}` };
    const [person, fake] = ['+525561499999', '+525561412345'];
    for (const receiver of [person, fake])
      expect((await open(receiver, {}, test)).json.code).toBe('auth.test_key_live_account');
    // Under a live key the test number still reaches nobody, and the person does.
    expect((await open(fake)).json.testNumber).toBe(true);
    expect((await open(person)).status).toBe(201);
    await until(
      () => house.simulated(person),
      (found) => found.length === 1,
    );
    expect(await house.simulated(fake)).toEqual([]);
    expect((await house.call('PATCH', account, { config: { baseUrl: house.simulator.url } })).status).toBe(
      200,
    );
  });
});
