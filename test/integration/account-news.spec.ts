import { afterAll, beforeAll, expect, it } from 'vitest';
import { TenantEvents } from '#journal';
import { parseNative } from '#platform/identifiers';
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { envelope, post, signature } from '../support/graph-webhooks.js';
import { ask, type Answer, type House, openHouse, until } from '../support/house.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const tell = (field: string, value: object): Promise<Answer> =>
  ask('POST', `${house.simulator.url}/_sim/graph/news`, { field, value });
const accountEvents = async (): Promise<Answer['json'][]> =>
  (await house.call('GET', `/v1/accounts/${house.demo.accountId}/events`)).json.items;

it('a wish to reset the PIN is told of the sender, as is what the sender may do', async () => {
  const display_phone_number = new SimulatorConfig().senderAddress;
  await tell('security', { display_phone_number, event: 'PIN_RESET_REQUEST', requester: '61555822107539' });
  await tell('phone_number_quality_update', { display_phone_number, event: 'THROUGHPUT_UPGRADE' });
  const { json } = await house.call('GET', `/v1/accounts/${house.demo.accountId}`);
  const events = house.api.app.get(TenantEvents, { strict: false });
  const tenant = parseNative('tenant', house.demo.tenantId)!;
  const told = await until(
    () => events.list(tenant, { subject: json.senders[0].id, limit: 10, before: undefined }),
    (found) => found.length === 2,
  );
  expect(told.map(({ type }) => type).sort()).toEqual([
    'sender.pin_reset_requested',
    'sender.throughput_changed',
  ]);
  expect(told.find(({ type }) => type === 'sender.pin_reset_requested')!.data).toMatchObject({
    account: house.demo.accountId,
    requester: '61555822107539',
  });
});

it('ATK-15 a ban that is not signed, or is another account’s, is no ban', async () => {
  const ban = { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'DISABLE' } };
  const ours = envelope('account_update', ban);
  expect((await post(house, ours, signature(ours, 'of-another-app'))).status).toBe(401);
  const theirs = ours.replace(new SimulatorConfig().wabaId, '999999999999999');
  expect((await post(house, theirs)).status).toBe(200);
  expect(await accountEvents()).toEqual([]);
  expect(await house.redis.hlen('{cfg}:breakers')).toBe(0);
});

it('a ban is told, and nothing is sent through the account any more', async () => {
  const generator = await house.newGenerator();
  const before = await house.call('POST', '/v1/challenges', { generator, receiver: '+525514420001' });
  await until(
    () => house.call('GET', `/v1/challenges/${before.json.id}`),
    ({ json }) => json.messages[0].status === 'delivered',
  );

  await tell('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'DISABLE' } });

  const items = await until(accountEvents, (found) => found.length === 2);
  const told = (type: string): object => items.find((item) => item.type === type);
  expect(told('account.breaker_opened')).toMatchObject({ data: { cause: 'account_refused' } });
  expect(told('account.banned')).toMatchObject({
    type: 'account.banned',
    subject: house.demo.accountId,
    data: { reason: 'DISABLED_UPDATE', state: 'DISABLE' },
  });
  await until(
    () => house.redis.hlen('{cfg}:breakers'),
    (open) => open === 1,
  );
  // Every process learns of it within half a second.
  let number = 4_420_100;
  const receiver = (): string => `+52551${number}`;
  const refused = await until(
    () => house.call('POST', '/v1/challenges', { generator, receiver: `+52551${++number}` }),
    ({ status }) => status !== 201,
  );
  expect(refused.json.code).toBe('channel.unavailable');
  expect(await house.simulated(receiver())).toEqual([]);
});
