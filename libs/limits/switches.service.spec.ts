// Protects the switches: what each scope stops, and that it is so everywhere within five seconds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, openHouse, until } from '../../test/support/house.js';
import { CLI } from '#journal';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { newTenant } from './limits.fixtures.js';
import type { Send, SwitchScope } from './switch.js';
import { SwitchesService } from './switches.service.js';

const IN_FORCE_MS = 5_000;

let house: House;
/** The API's, where switches are set, and the worker's, which has to hear of it. */
let here: SwitchesService;
let there: SwitchesService;
let send: Send;

beforeAll(async () => {
  house = await openHouse();
  here = house.api.app.get(SwitchesService, { strict: false });
  there = house.worker!.app.get(SwitchesService, { strict: false });
  send = {
    tenantId: await newTenant(house),
    channel: 'whatsapp',
    country: 'MX',
    prefix: '+52551234',
    accountId: newId(),
  };
});
afterAll(() => house.close());

async function off(
  scope: SwitchScope,
  target = '',
  tenantId: Identifier | null = null,
  until_?: Date,
): Promise<Identifier> {
  return (await here.put(tenantId, { scope, target, reason: 'spec', until: until_ }, CLI)).id;
}

async function untilBlocked(asked: Send, wanted: boolean): Promise<void> {
  await until(
    () => Promise.resolve(there.blocked(asked) !== undefined),
    (blocked) => blocked === wanted,
    IN_FORCE_MS,
  );
}

describe('FR-16: a switch', () => {
  it.each<[SwitchScope, () => string, Partial<Send>]>([
    ['tenant', () => send.tenantId, { tenantId: newId() }],
    ['channel', () => 'whatsapp', { channel: 'sms' }],
    ['country', () => 'MX', { country: 'DE' }],
    ['prefix', () => '+5255', { prefix: '+52561234' }],
    ['prefix', () => '+52551234', { prefix: '+5255123' }],
    ['account', () => send.accountId, { accountId: newId() }],
  ])('of a %s stops that, in every process within 5 s, and nothing else', async (scope, target, other) => {
    const id = await off(scope, target());
    await untilBlocked(send, true);
    expect(here.blocked(send)).toMatchObject({ id, reason: 'spec' });
    expect(there.blocked({ ...send, ...other })).toBeUndefined();
    await here.lift(null, id, CLI);
    await untilBlocked(send, false);
  });

  it('that is global stops everything', async () => {
    const id = await off('global');
    await untilBlocked({ tenantId: newId(), channel: 'sms', accountId: newId() }, true);
    await here.lift(null, id, CLI);
    await untilBlocked(send, false);
  });

  it('of one tenant’s own stops none of another’s sends, and is lifted by its owner only', async () => {
    const id = await off('global', '', send.tenantId);
    await untilBlocked(send, true);
    expect(there.blocked({ ...send, tenantId: newId() })).toBeUndefined();
    await expect(here.lift(null, id, CLI)).rejects.toThrow('switch.not_found');
    await expect(here.lift(newId(), id, CLI)).rejects.toThrow('switch.not_found');
    await here.lift(send.tenantId, id, CLI);
    await expect(here.lift(send.tenantId, id, CLI)).rejects.toThrow('switch.not_found');
    await untilBlocked(send, false);
  });

  it('lets go by itself at its end', async () => {
    const id = await off('channel', 'whatsapp', null, new Date(Date.now() + 3_600_000));
    await untilBlocked(send, true);
    house.moveClock(3_600_001);
    expect([here.blocked(send), there.blocked(send)]).toEqual([undefined, undefined]);
    house.moveClock(-3_600_001);
    await here.lift(null, id, CLI);
    await expect(off('channel', 'whatsapp', null, new Date(Date.now() - 1))).rejects.toThrow(
      'request.invalid',
    );
  });

  it('set twice is one, under the newer reason', async () => {
    await off('country', 'MX');
    const again = await here.put(null, { scope: 'country', target: 'MX', reason: 'still' }, CLI);
    expect((await here.list(null)).map(({ id, reason }) => [id, reason])).toEqual([[again.id, 'still']]);
    await here.lift(null, again.id, CLI);
    await untilBlocked(send, false);
  });

  it('of a prefix stands in Redis by its digest', async () => {
    const id = await off('prefix', '+525512');
    const stored = await house.redis.get('{cfg}:switches:all');
    expect(stored).toContain(id);
    expect(stored).not.toContain('5255');
    await here.lift(null, id, CLI);
  });

  it('is known to a process that starts while PostgreSQL is not asked', async () => {
    const id = await off('country', 'MX');
    await here.onApplicationBootstrap();
    expect(here.blocked(send)).toMatchObject({ id });
    await here.lift(null, id, CLI);
  });
});

describe('over HTTP', () => {
  const call = async (method: string, path: string, body?: unknown, key?: string) =>
    house.call(method, path, body, key ? { authorization: `Bearer ${key}` } : {});

  it('is set, listed and deleted by a key with the scope, and answers what it is', async () => {
    const key = await house.newKey('test', ['switches:write', 'limits:read']);
    const put = await call('PUT', '/v1/switches', { scope: 'country', target: 'MX', reason: 'pumping' }, key);
    expect(put).toMatchObject({ status: 200, json: { scope: 'country', target: 'MX', reason: 'pumping' } });
    expect((await call('GET', '/v1/switches', undefined, key)).json.items).toEqual([put.json]);
    const other = await house.newTenantKey('others');
    const theirs = await call('DELETE', `/v1/switches/${put.json.id}`, undefined, other.key);
    expect(theirs.status).toBe(403);
    expect((await call('DELETE', `/v1/switches/${put.json.id}`, undefined, key)).status).toBe(204);
    expect((await call('DELETE', `/v1/switches/${put.json.id}`, undefined, key)).json.code).toBe(
      'switch.not_found',
    );
    const missing = renderNative('switch', newId());
    expect((await call('DELETE', `/v1/switches/${missing}`, undefined, key)).status).toBe(404);
    const event = await until(
      async () => (await call('GET', '/v1/limits/events', undefined, key)).json.items,
      (items) => items.length === 2,
    );
    expect(event[0]).toMatchObject({ type: 'switch.changed', data: { scope: 'country', state: 'on' } });
  });

  it.each([
    [{ scope: 'country', target: 'mexico', reason: 'x' }, '#/target', 'format'],
    [{ scope: 'country', reason: 'x' }, '#/target', 'required'],
    [{ scope: 'global', target: 'MX', reason: 'x' }, '#/target', 'not_allowed'],
    [{ scope: 'prefix', target: '5255', reason: 'x' }, '#/target', 'format'],
    [{ scope: 'account', target: 'acc_1', reason: 'x' }, '#/target', 'format'],
    [{ scope: 'planet', reason: 'x' }, '#/scope', 'not_allowed'],
    [{ scope: 'channel', target: 'sms' }, '#/reason', 'required'],
    [{ scope: 'channel', target: 'sms', reason: 'x', until: '2020-01-01T00:00:00Z' }, '#/until', 'too_small'],
  ])('refuses %j', async (body, pointer, code) => {
    const key = await house.newKey('test', ['switches:write']);
    const answer = await call('PUT', '/v1/switches', body, key);
    expect(answer).toMatchObject({ status: 422, json: { errors: [{ pointer, code }] } });
  });
});
