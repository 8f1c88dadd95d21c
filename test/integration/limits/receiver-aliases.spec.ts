// FR-02: a number that the provider knows under another one shares that one's counters.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReceiverAliases } from '../../../libs/challenges/receiver-aliases.js';
import { newId, partitionOf, parseNative } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { ask, type House, openHouse, until } from '../../support/house.js';
import { LiveCaller } from './live-caller.js';

describe('FR-02: a wa_id that differs from the number addressed', () => {
  let house: House;
  let caller: LiveCaller;
  let aliases: ReceiverAliases;
  let partitions: Partitions;
  let tenant: string;

  beforeAll(async () => {
    house = await openHouse();
    caller = await LiveCaller.of(house);
    aliases = house.api.app.get(ReceiverAliases, { strict: false });
    partitions = house.api.app.get(Partitions, { strict: false });
    tenant = parseNative('tenant', house.demo.tenantId)!;
  });
  afterAll(() => house.close());

  it.each([
    ['in another partition', false],
    ['in the same partition', true],
  ])('merges the counters of two numbers, %s', async (_where, same) => {
    const addressed = caller.newReceiver();
    const known = receiverWhere((place) => (place === partitions.locate(addressed).partition) === same);
    await knowAs(addressed, known);
    // Sent before anybody knows: its count moves over.
    expect((await caller.open(addressed, 'a')).status).toBe(201);
    await until(
      () => Promise.resolve(aliases.locate(tenant, addressed)),
      (place) => place.ref === partitions.locate(known).ref,
    );
    await until(
      () => house.redis.hexists(caller.recordKey(known), tenant),
      (found) => found === 1,
    );
    expect(await house.redis.hexists(caller.recordKey(addressed), tenant)).toBe(0);

    const second = await caller.open(addressed, 'b');
    expect(second.headers['ratelimit']).toContain('"receiver-600";r=1;');
    expect(partitionOf(parseNative('challenge', second.json.id)!)).toBe(partitions.locate(known).partition);
    expect((await caller.open(known, 'c')).headers['ratelimit']).toContain('"receiver-600";r=0;');
    for (const receiver of [addressed, known])
      expect(await caller.open(receiver, 'd')).toMatchObject({
        status: 429,
        json: { code: 'limit.receiver' },
      });
    // What it was addressed by is what it is found by.
    const items = await caller.history(addressed, (found) => found.length === 3);
    expect(items.map(({ status }) => status).sort()).toEqual(['pending', 'pending', 'refused']);
    expect((await caller.check(second, 'b', true)).json.valid).toBe(true);
  });

  it('binds the tenant alone whose account said so', async () => {
    const addressed = caller.newReceiver();
    await aliases.note(tenant, addressed, caller.newReceiver());
    expect(aliases.locate(tenant, addressed)).not.toEqual(partitions.locate(addressed));
    expect(aliases.locate(newId(), addressed)).toEqual(partitions.locate(addressed));
  });

  it('is known to a process that starts later', async () => {
    const addressed = caller.newReceiver();
    const known = caller.newReceiver();
    await aliases.note(tenant, addressed, known);
    const later = new ReceiverAliases({ client: house.redis } as never, undefined as never, partitions, {
      now: () => Date.now(),
    } as never);
    await later.onApplicationBootstrap();
    expect(later.locate(tenant, addressed)).toMatchObject(partitions.locate(known));
    later.onModuleDestroy();
  });

  it('two numbers that name each other are not sent in a circle', async () => {
    const [one, other] = [caller.newReceiver(), caller.newReceiver()];
    await aliases.note(tenant, one, other);
    await aliases.note(tenant, other, one);
    expect(aliases.locate(tenant, one)).toMatchObject(partitions.locate(other));
    expect(aliases.locate(tenant, other)).toEqual(partitions.locate(other));
  });

  function receiverWhere(fits: (partition: number) => boolean): string {
    for (;;) {
      const receiver = caller.newReceiver();
      if (fits(partitions.locate(receiver).partition)) return receiver;
    }
  }

  async function knowAs(to: string, waId: string): Promise<void> {
    const answer = await ask('PUT', `${house.simulator.url}/_sim/behavior`, {
      waIds: [{ to: to.slice(1), waId: waId.slice(1) }],
    });
    expect(answer.status).toBe(200);
  }
});
