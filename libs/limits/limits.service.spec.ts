// Protects what may be sent: each shared limit at its default, on a real Redis, in a service that is really wired.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type House, openHouse, until } from '../../test/support/house.js';
import { CLI } from '#journal';
import type { Identifier } from '#platform/identifiers';
import type { Price, Reservation, SendRequest } from './admission.js';
import { LimitEvents } from './limit-events.js';
import { LimitPolicies } from './limit-policies.service.js';
import { type LimitOverrides, PLATFORM } from './limit-policy.js';
import { newTenant, sendOf, tellJournal, verdictOf } from './limits.fixtures.js';
import { LimitsService } from './limits.service.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let house: House;
let limits: LimitsService;
let tenant: Identifier;
let moved = 0;

beforeAll(async () => {
  house = await openHouse();
  limits = house.api.app.get(LimitsService, { strict: false });
});
afterAll(() => house.close());
afterEach(() => move(-moved));

function move(ms: number): void {
  house.moveClock(ms);
  moved += ms;
}

async function change(ref: string, overrides: LimitOverrides): Promise<void> {
  await house.api.app.get(LimitPolicies, { strict: false }).save(ref, overrides, CLI);
}

async function eventsOf(type: string): Promise<Record<string, unknown>[]> {
  const events = house.api.app.get(LimitEvents, { strict: false });
  return (await events.list(tenant, { limit: 100 }))
    .filter((event) => event.type === type)
    .map(({ data, times }) => ({ ...data, times }));
}

function untilEvent(type: string): Promise<Record<string, unknown>[]> {
  return until(
    () => eventsOf(type),
    (found) => found.length > 0,
  );
}

/** How many of these were admitted (and sent), and the limits that refused the others. */
async function askAll(requests: readonly SendRequest[]): Promise<{ admitted: number; refusedBy: string[] }> {
  const refusedBy = new Set<string>();
  const sent: string[] = [];
  for (const request of requests) {
    const admission = await limits.admit(request);
    if (!('admitted' in admission)) refusedBy.add(admission.limit);
    else {
      sent.push(request.operation);
      limits.settle(admission.admitted!, messageOf(admission.admitted!));
    }
  }
  if (sent.length > 0)
    await until(
      () => house.redis.zmscore(`{lim:${requests[0]!.tenantId}}:pending`, ...sent),
      (pending) => pending.every((score) => score === null),
    );
  return { admitted: sent.length, refusedBy: [...refusedBy] };
}

/** The message that is sent under a reservation. */
const messageOf = ({ operation }: Reservation): string => `message-of-${operation}`;

/** `admitted`, or the limit that refused. Not settled. */
async function ask(request: SendRequest): Promise<string> {
  return verdictOf(await limits.admit(request));
}

const priced = (reservation: Reservation, price: Price): Promise<void> =>
  limits.priceMessages(reservation.tenantId, new Map([[messageOf(reservation), price]]));

const untilSettled = ({ tenantId, operation }: Reservation): Promise<unknown> =>
  until(
    () => house.redis.zscore(`{lim:${tenantId}}:pending`, operation),
    (pending) => pending === null,
  );

/** What is taken out of the tenant's only budget. */
async function spentBy(tenantId: string): Promise<number> {
  const [key] = await house.redis.keys(`{lim:${tenantId}}:budget:*`);
  return Number(await house.redis.hget(key!, 'n'));
}

const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));

describe('addresses of end users', () => {
  beforeAll(async () => {
    tenant = await newTenant(house);
  });
  const one = { canonical: '+525511112222' };
  const from = (ip: string, receiver: SendRequest['receiver'] = one): SendRequest =>
    sendOf(tenant, { receiver, endUser: { ip } });

  it('FR-04: the eleventh message within ten minutes from one address is refused, and told when to come again', async () => {
    expect(await askAll(times(10, () => from('203.0.113.7')))).toEqual({ admitted: 10, refusedBy: [] });
    const refusal = await limits.admit(from('203.0.113.7'));
    expect(refusal).toMatchObject({ limit: 'sends.ip', refused: { code: 'limit.ip', status: 429 } });
    const { retryAfterSeconds } = (refusal as { refused: { options: { retryAfterSeconds: number } } }).refused
      .options;
    expect(retryAfterSeconds).toBeGreaterThan(590);
    expect(retryAfterSeconds).toBeLessThanOrEqual(600);
    expect(await ask(from('203.0.113.8'))).toBe('admitted');
    expect(await ask(from('::ffff:203.0.113.7'))).toBe('sends.ip');
    move(601_000);
    expect(await ask(from('203.0.113.7'))).toBe('admitted');
  });

  it('FR-04: no more than thirty in an hour, however slowly', async () => {
    for (let round = 0; round < 3; round++) {
      expect(await askAll(times(10, () => from('203.0.113.9')))).toMatchObject({ admitted: 10 });
      move(601_000);
    }
    expect(await ask(from('203.0.113.9'))).toBe('sends.ip');
    move(HOUR);
    expect(await ask(from('203.0.113.9'))).toBe('admitted');
  });

  it('FR-04: all addresses of one IPv6 /64 are one', async () => {
    const addresses = times(11, (at) => `2001:db8:0:1:${at.toString(16)}::${at + 1}`);
    expect(await askAll(addresses.map((ip) => from(ip)))).toEqual({ admitted: 10, refusedBy: ['sends.ip'] });
    expect(await ask(from('2001:db8:0:2::1'))).toBe('admitted');
  });

  it('FR-04: the sixth receiver within an hour from one address is refused, the five before it are not', async () => {
    const to = (at: number): SendRequest['receiver'] => ({ canonical: `+52551234000${at}` });
    expect(await askAll(times(6, (at) => from('198.51.100.1', to(at))))).toEqual({
      admitted: 5,
      refusedBy: ['receivers.ip'],
    });
    expect(await ask(from('198.51.100.1', to(0)))).toBe('admitted');
    move(HOUR + 1_000);
    expect(await ask(from('198.51.100.1', to(5)))).toBe('admitted');
  });
});

describe('prefixes', () => {
  beforeAll(async () => {
    tenant = await newTenant(house);
  });
  const to = (prefix: string, at: number): SendRequest =>
    sendOf(tenant, { receiver: { canonical: `${prefix}${String(at).padStart(4, '0')}`, prefix } });

  it('FR-05: of sequential numbers …0000 to …0010 the eleventh is refused', async () => {
    expect(await askAll(times(10, (at) => to('+5255000', at)))).toEqual({ admitted: 10, refusedBy: [] });
    expect(await ask(to('+5255000', 10))).toBe('sends.prefix');
    expect(await ask(to('+5255001', 10))).toBe('admitted');
    move(HOUR + 1_000);
    expect(await ask(to('+5255000', 10))).toBe('admitted');
  });

  it('FR-05: no more than thirty in a day', async () => {
    for (let hour = 0; hour < 3; hour++) {
      expect(await askAll(times(10, (at) => to('+5255002', at)))).toMatchObject({ admitted: 10 });
      move(HOUR + 1_000);
    }
    expect(await ask(to('+5255002', 0))).toBe('sends.prefix');
  });

  it('FR-05: a prefix whose codes are entered is not limited; one of which too few were seen is', async () => {
    const told = (prefix: string, count: number): Promise<void> =>
      tellJournal(
        house,
        tenant,
        times(count, (at) => ({
          outcome: at % 5 < 2 ? 'approved' : 'expired',
          prefixRef: limits.prefixRef(prefix),
        })),
      );
    await told('+5255003', 20);
    await told('+5255004', 19);
    expect(await askAll(times(12, (at) => to('+5255003', at)))).toEqual({ admitted: 12, refusedBy: [] });
    expect(await askAll(times(12, (at) => to('+5255004', at)))).toEqual({
      admitted: 10,
      refusedBy: ['sends.prefix'],
    });
  });

  it('stand in Redis by their digests only', async () => {
    expect((await house.redis.keys('{lim:*')).filter((key) => /\+|5255/.test(key))).toEqual([]);
  });
});

describe('countries', () => {
  const to = (country: string): SendRequest =>
    sendOf(tenant, { receiver: { canonical: '+525511112222', country } });

  it('FR-06: without a history the 201st message of a day is refused, and four fifths of them are told', async () => {
    tenant = await newTenant(house);
    expect(await askAll(times(159, () => to('MX')))).toEqual({ admitted: 159, refusedBy: [] });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await eventsOf('limit.country_near')).toEqual([]);
    expect(await askAll(times(42, () => to('MX')))).toEqual({ admitted: 41, refusedBy: ['sends.country'] });
    expect(await untilEvent('limit.country_near')).toEqual([
      { limit: 'sends.country', channel: 'whatsapp', country: 'MX', times: 1 },
    ]);
    expect(await ask(to('DE'))).toBe('admitted');
    move(DAY + HOUR);
    expect(await ask(to('MX'))).toBe('admitted');
  });

  it('FR-06: after thirty days it is three times their median day', async () => {
    tenant = await newTenant(house);
    for (let day = 0; day < 30; day++) {
      await askAll(times(day % 3 === 0 ? 30 : 10, () => to('MX')));
      move(DAY);
    }
    move(HOUR);
    expect(await askAll(times(31, () => to('MX')))).toEqual({ admitted: 30, refusedBy: ['sends.country'] });
  });
});

describe('conversion', () => {
  const receiver = { canonical: '+525577771234', prefix: '+52557777', country: 'MX' };
  const send = (): SendRequest => sendOf(tenant, { receiver });
  const tell = (count: number, approved: number, openedAt?: number): Promise<void> =>
    tellJournal(
      house,
      tenant,
      times(count, (at) => ({
        outcome: at < approved ? 'approved' : 'expired',
        prefixRef: limits.prefixRef(receiver.prefix),
        country: 'MX',
        openedAt,
      })),
      Date.now() + moved,
    );

  it('FR-09: thirty that end without an approval close the prefix for 12 h; then five trials decide', async () => {
    tenant = await newTenant(house);
    await change(tenant, { limits: [{ limit: 'sends.prefix', mode: 'off' }] });
    await tell(30, 0);
    const refusal = await limits.admit(send());
    expect(refusal).toMatchObject({ limit: 'conversion.prefix', refused: { code: 'limit.conversion' } });
    expect(
      (refusal as { refused: { options: { retryAfterSeconds: number } } }).refused.options.retryAfterSeconds,
    ).toBeGreaterThan(43_000);
    expect(await untilEvent('limit.conversion_denied')).toEqual([
      { limit: 'conversion.prefix', channel: 'whatsapp', country: 'MX', times: 1 },
    ]);
    expect(await ask(sendOf(tenant, { receiver, channel: 'sms' }))).toBe('admitted');

    move(DAY / 2 + 1_000);
    expect(await askAll(times(6, send))).toEqual({ admitted: 5, refusedBy: ['conversion.prefix'] });
    // What was sent before the block is no trial.
    await tell(5, 0, Date.now());
    await tell(4, 4);
    expect(await ask(send())).toBe('conversion.prefix');
    await tell(1, 0);
    expect(await ask(send())).toBe('admitted');
    expect(await untilEvent('limit.conversion_restored')).toHaveLength(1);
  });

  it('FR-09: trials that fail double the block', async () => {
    tenant = await newTenant(house);
    await tell(20, 2);
    move(DAY / 2 + 1_000);
    expect(await askAll(times(5, send))).toMatchObject({ admitted: 5 });
    await tell(5, 1);
    move(DAY / 2 + 1_000);
    expect(await ask(send())).toBe('conversion.prefix');
    move(DAY / 2);
    expect(await ask(send())).toBe('admitted');
  });

  it('FR-09: below 35 % it is told and not closed; what is pending or canceled counts for nothing', async () => {
    tenant = await newTenant(house);
    const of = { prefixRef: limits.prefixRef(receiver.prefix), country: 'MX' };
    await tellJournal(house, tenant, [
      ...times(40, () => of),
      ...times(40, () => ({ ...of, outcome: 'canceled' as const })),
    ]);
    await tell(19, 0);
    expect(await ask(send())).toBe('admitted');
    tenant = await newTenant(house);
    await tell(30, 9);
    expect(await untilEvent('limit.conversion_low')).toHaveLength(1);
    expect(await ask(send())).toBe('admitted');
  });
});

describe('budgets', () => {
  it('FR-10: 200 parallel sends at a budget of 100 are exactly 100, and it is told at 80 and at 100', async () => {
    tenant = await newTenant(house);
    await change(tenant, { budgets: [{ period: 'day', unit: 'messages', most: 100 }] });
    const answers = await Promise.all(times(200, async () => limits.admit(sendOf(tenant))));
    const refused = answers.filter((answer) => 'refused' in answer);
    expect(answers.length - refused.length).toBe(100);
    expect(refused[0]).toMatchObject({
      limit: 'budget.tenant',
      refused: { code: 'limit.budget', status: 429 },
    });
    expect(await untilEvent('budget.exhausted')).toHaveLength(1);
    expect(await eventsOf('budget.soft')).toHaveLength(1);
    move(DAY);
    expect(await ask(sendOf(tenant))).toBe('admitted');
  });

  it('FR-10: is reserved before the send, once for each operation, and given back', async () => {
    tenant = await newTenant(house);
    await change(tenant, { budgets: [{ channel: 'sms', period: 'month', unit: 'messages', most: 1 }] });
    const send = sendOf(tenant, { channel: 'sms' });
    const first = (await limits.admit(send)) as { admitted: Reservation };
    expect(await ask(send)).toBe('admitted');
    expect(await ask(sendOf(tenant, { channel: 'sms' }))).toBe('budget.tenant');
    expect(await ask(sendOf(tenant))).toBe('admitted');
    await limits.release(first.admitted);
    await limits.release(first.admitted);
    expect(await ask(sendOf(tenant, { channel: 'sms' }))).toBe('admitted');
    expect(await ask(sendOf(tenant, { channel: 'sms' }))).toBe('budget.tenant');
  });

  it('FR-10: a reservation that nobody settles lapses after a minute; a settled one stays', async () => {
    tenant = await newTenant(house);
    await change(tenant, { budgets: [{ period: 'month', unit: 'messages', most: 2 }] });
    const kept = (await limits.admit(sendOf(tenant))) as { admitted: Reservation };
    limits.settle(kept.admitted, messageOf(kept.admitted));
    await limits.admit(sendOf(tenant));
    expect(await ask(sendOf(tenant))).toBe('budget.tenant');
    await until(
      () => house.redis.zcard(`{lim:${tenant}}:pending`),
      (pending) => pending === 1,
    );
    move(61_000);
    expect(await ask(sendOf(tenant))).toBe('admitted');
    expect(await ask(sendOf(tenant))).toBe('budget.tenant');
  });

  it('FR-10: of money is reserved at the account’s price or the assumed one, and settled on the provider’s', async () => {
    tenant = await newTenant(house);
    await change(tenant, {
      budgets: [{ period: 'day', unit: 'money', currency: 'USD', most: 100_000, assumedMicros: 40_000 }],
    });
    const assumed = (await limits.admit(sendOf(tenant))) as { admitted: Reservation };
    expect(await ask(sendOf(tenant, { price: { micros: 60_000, currency: 'USD' } }))).toBe('admitted');
    expect(await ask(sendOf(tenant, { price: { micros: 1, currency: 'USD' } }))).toBe('budget.tenant');
    limits.settle(assumed.admitted, messageOf(assumed.admitted));
    await priced(assumed.admitted, { micros: 15_000, currency: 'USD' });
    await untilSettled(assumed.admitted);
    expect(await ask(sendOf(tenant, { price: { micros: 25_000, currency: 'USD' } }))).toBe('admitted');
    expect(await ask(sendOf(tenant, { price: { micros: 1, currency: 'USD' } }))).toBe('budget.tenant');
  });

  it.each([
    ['before', true],
    ['after', false],
  ])('FR-10: a price is settled once, whether it comes %s the reservation is settled', async (_, early) => {
    tenant = await newTenant(house);
    await change(tenant, {
      budgets: [{ period: 'day', unit: 'money', currency: 'EUR', most: 100_000, assumedMicros: 60_000 }],
    });
    const { admitted } = (await limits.admit(sendOf(tenant))) as { admitted: Reservation };
    const price = { micros: 90_000, currency: 'EUR' };
    if (early) await priced(admitted, price);
    limits.settle(admitted, messageOf(admitted));
    await untilSettled(admitted);
    for (let told = 0; told < 3; told++) await priced(admitted, price);
    expect(await spentBy(tenant)).toBe(90_000);
    // A fee that is given back; and one in a currency that the budget does not count.
    await priced(admitted, { micros: 0, currency: 'EUR' });
    expect(await spentBy(tenant)).toBe(0);
    await priced(admitted, { micros: 70_000, currency: 'USD' });
    expect(await spentBy(tenant)).toBe(0);
  });

  it('FR-10: of the platform holds over all tenants, and takes nothing from a tenant that it refuses', async () => {
    const [one, other] = [await newTenant(house), await newTenant(house)];
    for (const own of [one, other])
      await change(own, { budgets: [{ period: 'day', unit: 'messages', most: 3 }] });
    await change(PLATFORM, { budgets: [{ period: 'day', unit: 'messages', most: 2 }] });
    expect(await ask(sendOf(one))).toBe('admitted');
    expect(await ask(sendOf(other))).toBe('admitted');
    expect(await askAll(times(4, () => sendOf(one)))).toEqual({
      admitted: 0,
      refusedBy: ['budget.platform'],
    });
    await change(PLATFORM, {});
    expect(await askAll(times(3, () => sendOf(one)))).toEqual({ admitted: 2, refusedBy: ['budget.tenant'] });
  });
});

describe('calls', () => {
  const call = (country: string): SendRequest =>
    sendOf(tenant, { channel: 'voice', receiver: { canonical: '+525512345678', country } });

  it('FR-11: are off until the tenant lists the country, and then two a day to one number', async () => {
    tenant = await newTenant(house);
    expect(await limits.admit(call('MX'))).toMatchObject({ refused: { code: 'limit.voice', status: 403 } });
    await change(tenant, { voiceCountries: ['MX'] });
    expect(await ask(call('SO'))).toBe('calls.country');
    expect(await askAll(times(3, () => call('MX')))).toEqual({ admitted: 2, refusedBy: ['calls.receiver'] });
    move(DAY + 1_000);
    expect(await ask(call('MX'))).toBe('admitted');
  });
});

describe('score rules', () => {
  it('FR-12: are a tenant’s data, over what the caller says about the end user', async () => {
    tenant = await newTenant(house);
    const send = (trusted: boolean): SendRequest =>
      sendOf(tenant, { endUser: { userAgent: 'HeadlessChrome/140', trusted } });
    expect(await ask(send(false))).toBe('admitted');
    await change(tenant, {
      score: {
        denyAt: 50,
        rules: [
          {
            name: 'headless',
            points: 60,
            when: [{ signal: 'userAgent', is: 'contains', values: ['headless'] }],
          },
          { name: 'known', points: -40, when: [{ signal: 'trusted', is: 'one_of', values: ['true'] }] },
        ],
      },
    });
    expect(await limits.admit(send(false))).toMatchObject({ refused: { code: 'limit.score', status: 403 } });
    expect(await ask(send(true))).toBe('admitted');
    expect(await untilEvent('limit.refused')).toEqual([
      { limit: 'risk.score', channel: 'whatsapp', rules: 'headless', times: 1 },
    ]);
  });
});

describe('a public caller', () => {
  it('FR-13: is not told of a refusal, and nothing is reserved for it; a backend is', async () => {
    tenant = await newTenant(house);
    await change(tenant, { budgets: [{ period: 'day', unit: 'messages', most: 1 }] });
    await limits.admit(sendOf(tenant, { publicCaller: true }));
    expect(await limits.admit(sendOf(tenant, { publicCaller: true }))).toEqual({
      shadowBlocked: true,
      limit: 'budget.tenant',
    });
    expect(await limits.admit(sendOf(tenant))).toMatchObject({ refused: { code: 'limit.budget' } });
    expect(await untilEvent('limit.shadow_blocked')).toMatchObject([{ limit: 'budget.tenant', times: 1 }]);
  });
});

describe('spraying', () => {
  const wrong = (count: number, receiver?: string): Parameters<typeof tellJournal>[2] =>
    times(count, () => ({ wrongAnswers: 1, receiver }));

  it('FR-14: fifty receivers with a wrong code in ten minutes, hardly any right, are noticed', async () => {
    tenant = await newTenant(house);
    await tellJournal(house, tenant, wrong(49));
    expect(await limits.isSprayed(tenant)).toBe(false);
    await tellJournal(house, tenant, wrong(1));
    expect(await limits.isSprayed(tenant)).toBe(true);
    expect(await untilEvent('limit.spray_detected')).toHaveLength(1);
  });

  it('FR-14: one receiver that errs often is not, nor are many who get it right in the end', async () => {
    tenant = await newTenant(house);
    await tellJournal(house, tenant, wrong(80, 'one-receiver'));
    expect(await limits.isSprayed(tenant)).toBe(false);
    await tellJournal(
      house,
      tenant,
      times(60, () => ({ wrongAnswers: 1, outcome: 'approved' as const })),
    );
    expect(await limits.isSprayed(tenant)).toBe(false);
  });

  it('FR-14: is counted in ten minutes', async () => {
    tenant = await newTenant(house);
    await tellJournal(house, tenant, wrong(30), Date.now() - 660_000);
    await tellJournal(house, tenant, wrong(30));
    expect(await limits.isSprayed(tenant)).toBe(false);
  });
});

describe('modes', () => {
  it('in shadow a limit tells what it would have refused, and refuses nothing', async () => {
    tenant = await newTenant(house);
    await change(tenant, {
      limits: [
        { limit: 'sends.ip', mode: 'shadow', most: [2, 30] },
        { limit: 'receivers.ip', mode: 'off' },
      ],
    });
    const send = (): SendRequest => sendOf(tenant, { endUser: { ip: '192.0.2.1' } });
    expect(await askAll(times(2, send))).toMatchObject({ admitted: 2 });
    expect(await limits.admit(send())).toMatchObject({ shadowed: ['sends.ip'] });
    expect(await untilEvent('limit.shadowed')).toMatchObject([{ limit: 'sends.ip', times: 1 }]);
    await change(tenant, { limits: [{ limit: 'sends.ip', most: [2, 30] }] });
    expect(await ask(send())).toBe('sends.ip');
    await change(tenant, {
      limits: [
        { limit: 'sends.ip', mode: 'off' },
        { limit: 'receivers.ip', mode: 'off' },
      ],
    });
    expect(await limits.admit(send())).toMatchObject({ shadowed: [] });
  });

  it('test keys meet no shared limit, and are answered without a promise', async () => {
    tenant = await newTenant(house);
    await change(tenant, { budgets: [{ period: 'day', unit: 'messages', most: 1 }] });
    await ask(sendOf(tenant));
    expect(limits.admit(sendOf(tenant, { mode: 'test' }))).toEqual({ admitted: undefined, shadowed: [] });
    expect(limits.receiverLimits(tenant, 'test')).toMatchObject({
      receiver: [],
      platform: [],
      coolDown: false,
    });
  });

  it('the receiver’s limits are the catalogue’s, or the tenant’s own', async () => {
    tenant = await newTenant(house);
    expect(await limits.receiverLimits(tenant, 'live')).toEqual({
      receiver: [
        { limit: 3, seconds: 600 },
        { limit: 5, seconds: 3_600 },
        { limit: 10, seconds: 86_400 },
      ],
      receiverInShadow: [],
      platform: [{ limit: 20, seconds: 86_400 }],
      platformFailures: 100,
      coolDown: true,
      maxMessages: true,
    });
    await change(tenant, {
      limits: [
        { limit: 'sends.receiver', most: [4, 8, 16] },
        { limit: 'sends.cool_down', mode: 'off' },
      ],
    });
    expect(await limits.receiverLimits(tenant, 'live')).toMatchObject({
      receiver: [{ limit: 4 }, { limit: 8 }, { limit: 16 }],
      coolDown: false,
    });
  });
});

it('STD-20: no counter stays for ever', async () => {
  const keys = await house.redis.keys('{lim*');
  expect(keys.length).toBeGreaterThan(50);
  const lasting = await Promise.all(keys.map(async (key) => [key, await house.redis.pttl(key)] as const));
  expect(lasting.filter(([, ttl]) => ttl === -1)).toEqual([]);
});

it('FR-17: when Redis is silent the error goes through, and nothing is admitted', async () => {
  tenant = await newTenant(house);
  await limits.admit(sendOf(tenant));
  const request = sendOf(tenant, { receiver: { canonical: '+525511112222', country: 'MX' } });
  process.kill(house.redisServer.pid!, 'SIGSTOP');
  try {
    await expect(Promise.resolve(limits.admit(request)).then(verdictOf)).rejects.toThrow();
  } finally {
    process.kill(house.redisServer.pid!, 'SIGCONT');
  }
});
