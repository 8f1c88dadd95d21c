// Protects whoever pulls or watches events instead of being called: nothing is skipped, nothing comes twice.
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventOutbox, type EventType, isEventType, membersOf, TenantEvents } from '#journal';
import { Database } from '#platform/database';
import { newId, renderNative } from '#platform/identifiers';
import { TenantsService } from '#tenants';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { approve, Inbox, newEndpoint, typesOf } from '../../support/inbox.js';

let house: House;
let generator: string;

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
});
afterAll(() => house?.close());

const feed = async (query: string, headers?: Record<string, string>): Promise<Answer['json']> => {
  const { status, text, json } = await house.call('GET', `/v1/events?${query}`, undefined, headers);
  if (status !== 200) throw new Error(text);
  return json;
};
const typesIn = ({ items }: Answer['json']): string[] => items.map(({ type }: { type: string }) => type);
const cursorNow = async (): Promise<string> => {
  for (let after = '0'; ;) {
    const { next, more } = await feed(`after=${after}&limit=500`);
    if (!more) return next;
    after = next;
  }
};

async function newTenant(name: string): Promise<{ tenantId: string; authorization: string }> {
  const { tenantId, key } = await house.newTenantKey(name);
  return { tenantId, authorization: `Bearer ${key}` };
}

/** Something that happens without a message. */
function tell(tenantId: string, type: EventType = 'account.reinstated', database?: Database): Promise<void> {
  const subject = renderNative('account', newId());
  const events = house.api.app.get(TenantEvents, { strict: false });
  return events.record(tenantId, { type, subject, data: { account: subject } }, database?.manager);
}

describe('the feed', () => {
  it('tells the life of a challenge in order, page by page, and says where to go on', async () => {
    const after = await cursorNow();
    const id = await approve(house, generator, '+525512381001');
    await until(
      () => feed(`after=${after}&types=challenge.*,message.*`),
      (page) => typesIn(page).includes('challenge.approved') && typesIn(page).includes('message.delivered'),
    );
    const pages: Answer['json'][] = [];
    for (let from = after, more = true; more;) {
      const page = await feed(`after=${from}&limit=2`);
      expect(page.items.length).toBeLessThanOrEqual(2);
      pages.push(...page.items.filter(({ subject }: { subject: string }) => subject === id));
      ({ next: from, more } = page);
    }
    const sequences = pages.map(({ data }) => data.sequence);
    expect(sequences).toEqual(sequences.map((_, at) => at + 1));
    expect(new Set(pages.map((event) => event.id)).size).toBe(pages.length);
    const rest = await feed(`after=${await cursorNow()}`);
    expect(rest.items).toEqual([]);
  });

  it('tells only of the types asked for, without coming to a stop where there are none', async () => {
    const { tenantId, authorization } = await newTenant('types');
    for (const type of [
      'account.banned',
      'sender.registered',
      'account.reinstated',
      'sender.verified',
    ] as const)
      await tell(tenantId, type);
    await until(
      () => feed('', { authorization }),
      ({ items }) => items.length === 4,
    );
    expect(typesIn(await feed('types=sender.*', { authorization }))).toEqual([
      'sender.registered',
      'sender.verified',
    ]);
    const page = await feed('types=account.banned&limit=1', { authorization });
    expect(typesIn(page)).toEqual(['account.banned']);
    expect(typesIn(await feed(`types=account.*&after=${page.next}`, { authorization }))).toEqual([
      'account.reinstated',
    ]);
    for (const query of ['types=acount.*', 'after=x', 'after=-1', 'limit=0', 'limit=501', 'types='])
      expect((await house.call('GET', `/v1/events?${query}`)).status, query).toBe(400);
  });

  it('never skips what was written early and committed late', async () => {
    const { tenantId, authorization } = await newTenant('late');
    const database = house.api.app.get(Database, { strict: false });
    let commit = (): void => undefined;
    const waits = new Promise<void>((resolve) => (commit = resolve));
    const late = database.transaction(async (manager) => {
      await tell(tenantId, 'sender.pin_set', { manager } as Database);
      await waits;
    });
    await tell(tenantId, 'sender.verified');
    const first = await until(
      () => feed('', { authorization }),
      ({ items }) => items.length === 1,
    );
    expect(typesIn(first)).toEqual(['sender.verified']);
    commit();
    await late;
    const second = await until(
      () => feed(`after=${first.next}`, { authorization }),
      ({ items }) => items.length === 1,
    );
    expect(typesIn(second)).toEqual(['sender.pin_set']);
  });

  it('takes each event once, however often it is written, and passes over what it does not know', async () => {
    const { tenantId, authorization } = await newTenant('twice');
    const inbox = new Inbox(house, 'twice');
    await newEndpoint(house, inbox.url, ['*'], { authorization });
    const database = house.api.app.get(Database, { strict: false });
    const event = (id: string, type: string) => ({
      id,
      type: type as EventType,
      tenantId,
      subject: 'acc_x',
      at: new Date(),
      data: {},
    });
    const put = (...events: ReturnType<typeof event>[]): Promise<void> =>
      database.transaction((manager) => new EventOutbox().put(events, manager));
    await put(
      event('evt_one', 'account.banned'),
      event('evt_new', 'pigeon.sent'),
      event('evt_one', 'account.banned'),
    );
    await put(event('evt_one', 'account.banned'), event('evt_two', 'account.reinstated'));
    await inbox.until((posts) => posts.length === 2);
    await put(event('evt_one', 'account.banned'), event('evt_three', 'account.restricted'));
    expect(typesOf(await inbox.until((posts) => posts.length === 3)).sort()).toEqual([
      'account.banned',
      'account.reinstated',
      'account.restricted',
    ]);
    const { items } = await feed('', { authorization });
    expect(items.filter(({ id }: { id: string }) => id === 'evt_one')).toHaveLength(1);
  });

  it('holds what docs/events.md promises: members that always come, and no others', async () => {
    await house.call('POST', '/v1/challenges', { generator, receiver: '+12025550126' });
    const { items } = await until(
      () => feed('limit=500'),
      (page) => typesIn(page).includes('message.failed') && typesIn(page).includes('challenge.undeliverable'),
    );
    expect(items.length).toBeGreaterThan(10);
    for (const { type, data } of items) expect([type, ...complaintsAbout(type, data)]).toEqual([type]);
    expect(JSON.stringify(items)).not.toMatch(/\+?5255123810|12025550126|"code"/);
  });
});

describe('the stream', () => {
  it('sends what happens as it happens, goes on where it was left, and ends with the API', async () => {
    const { tenantId, authorization } = await newTenant('stream');
    await tell(tenantId, 'account.banned');
    await until(
      () => feed('', { authorization }),
      ({ items }) => items.length === 1,
    );
    const live = await watch({ authorization });
    await tell(tenantId, 'sender.verified');
    const [event] = await until(
      () => Promise.resolve(live.events()),
      (events) => events.length === 1,
    );
    expect([event!.type, JSON.parse(event!.data)]).toEqual([
      'sender.verified',
      expect.objectContaining({ specversion: '1.0', type: 'sender.verified' }),
    ]);
    live.close();
    await tell(tenantId, 'sender.registered');
    const resumed = await watch({ authorization, 'last-event-id': event!.id });
    await until(
      () => Promise.resolve(resumed.events().map(({ type }) => type)),
      (types) => types.join() === 'sender.registered',
    );
    const all = await watch({ authorization }, '?after=0&types=account.*');
    await until(
      () => Promise.resolve(all.events().map(({ type }) => type)),
      (types) => types.join() === 'account.banned',
    );
    for (const stream of [resumed, all]) stream.close();
    const answer = await request(`${house.api.url}/v1/events`, {
      headers: { authorization, accept: 'text/event-stream', 'last-event-id': 'x' },
    });
    expect(answer.statusCode).toBe(400);
    await answer.body.dump();
  });

  it('is one of ten of its tenant, and ends when its key does', async () => {
    const { authorization, tenantId } = await newTenant('ten');
    const streams: Watching[] = [];
    for (let stream = 0; stream < 10; stream++) streams.push(await watch({ authorization }));
    const refused = await request(`${house.api.url}/v1/events`, {
      headers: { authorization, accept: 'text/event-stream' },
    });
    expect([refused.statusCode, ((await refused.body.json()) as { code: string }).code]).toEqual([
      429,
      'event.stream_limit',
    ]);
    const other = await watch({ authorization: (await newTenant('eleventh')).authorization });
    await revokeKeysOf(tenantId);
    await until(
      () => Promise.resolve(streams.filter(({ ended }) => !ended()).length),
      (open) => open === 0,
    );
    expect(other.ended()).toBe(false);
    other.close();
  });

  it('ends by itself when the API stops, which waits for no reader', async () => {
    const stream = await watch({ authorization: `Bearer ${house.demo.apiKey}` });
    await house.close();
    await until(
      () => Promise.resolve(stream.ended()),
      (ended) => ended,
    );
    house = undefined as never;
  });
});

interface Watching {
  events(): { id: string; type: string; data: string }[];
  ended(): boolean;
  close(): void;
}

async function watch(headers: Record<string, string>, query = ''): Promise<Watching> {
  // Of its own: a shared one connects again, for whoever may ask next.
  const dispatcher = new Agent();
  const answer = await request(`${house.api.url}/v1/events${query}`, {
    headers: { accept: 'text/event-stream', ...headers },
    dispatcher,
  });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toContain('text/event-stream');
  let text = '';
  let ended = false;
  answer.body.setEncoding('utf8');
  answer.body.on('data', (chunk: string) => (text += chunk));
  answer.body.on('close', () => (ended = true));
  answer.body.on('error', () => undefined);
  return {
    events: () =>
      [...text.matchAll(/^id: (.+)\nevent: (.+)\ndata: (.+)\n\n/gm)].map(([, id, type, data]) => ({
        id: id!,
        type: type!,
        data: data!,
      })),
    ended: () => ended,
    close: () => void dispatcher.destroy(),
  };
}

function complaintsAbout(type: string, data: Record<string, unknown>): string[] {
  if (!isEventType(type)) return ['not in the catalogue'];
  const members = membersOf(type);
  const named = Object.entries(members);
  const missing = named
    .filter(([name, { always }]) => always && !(name in data))
    .map(([name]) => `lacks ${name}`);
  const open = named.length === 0 || !('challenge' in members);
  const wrong = Object.entries(data).flatMap(([name, value]) => {
    const member = members[name];
    if (!member) return open && ['string', 'number'].includes(typeof value) ? [] : [`unknown: ${name}`];
    const is = Number.isInteger(value) ? 'integer' : typeof value;
    return is === member.type ? [] : [`${name} is ${is}`];
  });
  return [...missing, ...wrong];
}

async function revokeKeysOf(tenantId: string): Promise<void> {
  const tenants = house.api.app.get(TenantsService, { strict: false });
  for (const { id } of await tenants.listKeys(tenantId)) await tenants.revokeKey(id);
}
