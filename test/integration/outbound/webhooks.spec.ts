// Protects what a tenant's own server relies on: that events come, signed, once each, and can be had again.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type House, openHouse, until } from '../../support/house.js';
import { codeOnPhone, generatorBody, language, MessangiClient } from '../../support/messangi.js';
import { approve, type Endpoint, Inbox, newEndpoint, typesOf, verified } from '../../support/inbox.js';

const PATH = '/v1/webhook-endpoints';
const DAY_MS = 86_400_000;

let house: House;
let generator: string;

beforeAll(async () => {
  house = await openHouse();
  generator = await house.newGenerator();
});
afterAll(() => house.close());

const fieldsOf = ({ status, json }: Answer): string[] => [
  String(status),
  ...(json.errors ?? []).map(({ pointer, code }: { pointer: string; code: string }) => `${pointer} ${code}`),
];
const deliveriesOf = async ({ path }: Endpoint, query = ''): Promise<Answer['json'][]> =>
  (await house.call('GET', `${path}/deliveries${query}`)).json.items;
const secretOf = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`;

describe('an endpoint', () => {
  let known: Endpoint | undefined;

  it('is made, read, changed and deleted; its secret is shown once', async () => {
    const url = new Inbox(house, 'crud').url;
    const created = await house.call('POST', PATH, {
      url,
      events: ['challenge.approved'],
      description: 'mine',
    });
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({
      url,
      events: ['challenge.approved'],
      description: 'mine',
      enabled: true,
    });
    expect(Buffer.from(created.json.secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
    const path = `${PATH}/${created.json.id}`;
    const changed = await house.call('PATCH', path, { events: ['template.*'], enabled: false });
    expect(changed.json).toMatchObject({ events: ['template.*'], enabled: false, disabledBecause: 'manual' });
    const listed = await house.call('GET', PATH);
    expect(listed.json.items.map(({ id }: { id: string }) => id)).toContain(created.json.id);
    for (const { text } of [changed, listed, await house.call('GET', path)])
      expect(text).not.toContain('whsec_');
    expect((await house.call('DELETE', path)).status).toBe(204);
    expect((await house.call('GET', path)).json.code).toBe('webhook.endpoint_not_found');
  });

  it.each([[['challenge.aproved']], [['challenge']], [['*.approved']], [[]], ['challenge.approved'], [[7]]])(
    'takes no %j for events',
    async (events) => {
      const answer = await house.call('POST', PATH, { url: new Inbox(house, 'bad').url, events });
      expect(answer.status).toBe(422);
      expect(answer.json.errors[0].pointer).toBe('#/events');
    },
  );

  it.each([
    ['plain http', 'http://example.com/hook'],
    ['port 22', 'https://example.com:22/hook'],
    ['a fragment', 'https://example.com/hook#there'],
    ['an empty fragment', 'https://example.com/hook#'],
    ['a user', 'https://ann:pass@example.com/hook'],
    ['an empty user', 'https://@example.com/hook'],
    ['3 KB', `https://example.com/${'a'.repeat(3_000)}`],
    ['a name that nobody knows', 'https://no-such-host.invalid/hook'],
    ['no URL', 'example.com/hook'],
    ['white space', ' https://example.com/hook'],
    ...[
      '127.0.0.1',
      '0177.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '①②⑦.⓪.⓪.①',
      '0.0.0.0',
      '10.1.2.3',
      '169.254.169.254',
      '192.168.0.1',
      '[::1]',
      '[::ffff:7f00:1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '[fd00::1]',
      'localhost',
      'localhost.',
    ].map((host) => [`the host ${host}`, `https://${host}/hook`]),
  ])('BI-80 is not at %s', async (_what, url) => {
    const answer = await house.call('POST', PATH, { url, events: ['*'] });
    expect(fieldsOf(answer)).toEqual(['422', '#/url url_not_allowed']);
    expect(answer.text).not.toContain('hook');
    known ??= await newEndpoint(house, new Inbox(house, 'moved').url);
    expect(fieldsOf(await house.call('PATCH', known.path, { url }))).toEqual([
      '422',
      '#/url url_not_allowed',
    ]);
  });

  it('BI-81 takes a secret of one’s own, but none that is short, long or misspelled, and none twice', async () => {
    const url = new Inbox(house, 'secrets').url;
    const create = (secret: string): Promise<Answer> =>
      house.call('POST', PATH, { url, events: ['*'], secret });
    for (const secret of [
      secretOf(23),
      secretOf(65),
      secretOf(32).slice('whsec_'.length),
      'whsec_',
      `${secretOf(32)}!`,
      `whsec_${'='.repeat(40)}`,
      'correct horse battery staple',
    ]) {
      const refused = await create(secret);
      expect(fieldsOf(refused)).toEqual(['422', '#/secret format']);
      expect(refused.text).not.toContain(secret.slice(8) || 'whsec_!');
    }
    const [own, other] = [secretOf(24), secretOf(64)];
    const created = await create(own);
    expect(created.json.secret).toBe(own);
    expect(fieldsOf(await create(own))).toEqual(['422', '#/secret not_unique']);
    const rotate = `${PATH}/${created.json.id}/rotate-secret`;
    expect((await house.call('POST', rotate, { secret: other })).json.secret).toBe(other);
    expect(fieldsOf(await house.call('POST', rotate, { secret: own }))).toEqual([
      '422',
      '#/secret not_unique',
    ]);
    await house.call('DELETE', `${PATH}/${created.json.id}`);
    expect(fieldsOf(await create(other))).toEqual(['422', '#/secret not_unique']);
    const neighbour = await house.newTenantKey('neighbour of secrets');
    const theirs = await house.call(
      'POST',
      PATH,
      { url, events: ['*'], secret: own },
      {
        authorization: `Bearer ${neighbour.key}`,
      },
    );
    expect(theirs.status).toBe(201);
  });
});

describe('a delivery', () => {
  it('is a CloudEvent that the official library verifies, with a masked receiver and no code', async () => {
    const inbox = new Inbox(house, 'signed');
    const { secret, path } = await newEndpoint(house, inbox.url, ['challenge.*', 'message.delivered']);
    const receiver = '+525512371001';
    const id = await approve(house, generator, receiver, { metadata: { order: 'A-17' } });
    const posts = await inbox.until((all) => typesOf(all).includes('challenge.approved'));
    const approved = posts.find((post) => typesOf([post])[0] === 'challenge.approved')!;
    const event = verified(secret, approved);
    expect(event).toMatchObject({
      specversion: '1.0',
      source: house.environment['PUBLIC_URL'],
      type: 'challenge.approved',
      subject: id,
      datacontenttype: 'application/json',
      dataschema: 'urn:countersign:event:challenge.approved:1',
      tenant: house.demo.tenantId,
      data: {
        challenge: id,
        generator,
        mode: 'test',
        purpose: 'authentication',
        metadata: { order: 'A-17' },
      },
    });
    expect(event.data.receiver).toMatch(/^\+52551•••1001$/);
    expect(approved.headers['webhook-id']).toBe(event.id);
    expect(approved.headers['content-type']).toContain('application/cloudevents+json');
    expect(JSON.stringify(posts)).not.toContain(receiver);
    await house.call('DELETE', path);
  });

  it('that was tampered with, signed for another id, or is old or early, is not believed', async () => {
    const inbox = new Inbox(house, 'tampered');
    const { secret, path } = await newEndpoint(house, inbox.url, ['challenge.requested']);
    await approve(house, generator, '+525512371002');
    const [post] = await inbox.until((all) => all.length > 0);
    const { headers, body } = post!;
    expect(() => verified(secret, post!)).not.toThrow();
    const seconds = Number(headers['webhook-timestamp']);
    for (const wrong of [
      { body: body.replace('requested', 'approved') },
      { headers: { ...headers, 'webhook-id': 'evt_another' } },
      { headers: { ...headers, 'webhook-timestamp': String(seconds + 1) } },
      { headers: { ...headers, 'webhook-timestamp': String(seconds - 600) } },
      { headers: { ...headers, 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` } },
    ])
      expect(() => verified(secret, { ...post!, ...wrong })).toThrow();
    expect(() => verified(secretOf(32), post!)).toThrow();
    await house.call('DELETE', path);
  });

  it('comes once for each event and endpoint', async () => {
    const inbox = new Inbox(house, 'once');
    const endpoint = await newEndpoint(house, inbox.url, ['challenge.*', 'message.*']);
    await Promise.all(
      Array.from({ length: 10 }, (_, at) => approve(house, generator, `+5255123720${10 + at}`)),
    );
    await inbox.until(
      (all) => typesOf(all).filter((type) => type === 'challenge.approved').length === 10,
      25_000,
    );
    await until(
      () => deliveriesOf(endpoint, '?state=pending'),
      (items) => items.length === 0,
    );
    const ids = (await inbox.posts()).map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(ids.length);
    await house.call('DELETE', endpoint.path);
  });

  it('goes to whom it belongs: another tenant hears nothing, and filters hold', async () => {
    const [theirs, mine] = [new Inbox(house, 'theirs'), new Inbox(house, 'mine')];
    const { key } = await house.newTenantKey('neighbour of events');
    const authorization = `Bearer ${key}`;
    await newEndpoint(house, theirs.url, ['*'], { authorization });
    const own = await newEndpoint(house, mine.url, ['challenge.canceled', 'switch.changed']);
    const opened = await house.call('POST', '/v1/challenges', { generator, receiver: '+525512371003' });
    await house.call('POST', `/v1/challenges/${opened.json.id}/cancel`);
    const switches = { authorization: `Bearer ${await house.newKey('test', ['switches:write'])}` };
    await house.call('PUT', '/v1/switches', { scope: 'country', target: 'AQ', reason: 'spec' }, switches);
    const posts = await mine.until((all) => all.length === 2);
    expect(typesOf(posts).sort()).toEqual(['challenge.canceled', 'switch.changed']);
    expect(await theirs.count()).toBe(0);
    await house.call('DELETE', own.path);
  });

  it('is in the log, with each attempt and what was posted', async () => {
    const inbox = new Inbox(house, 'log');
    const endpoint = await newEndpoint(house, inbox.url, ['challenge.requested']);
    await approve(house, generator, '+525512371004');
    const [item] = await until(
      () => deliveriesOf(endpoint, '?state=delivered'),
      (items) => items.length === 1,
    );
    const { json } = await house.call('GET', `/v1/webhook-deliveries/${item.id}`);
    expect(json).toMatchObject({
      type: 'challenge.requested',
      state: 'delivered',
      log: [{ number: 1, status: 204 }],
    });
    expect(JSON.parse(json.body)).toEqual(JSON.parse((await inbox.posts())[0]!.body));
    expect(json.body).not.toContain('525512371004');
    await house.call('DELETE', endpoint.path);
  });

  it('can be asked for by a button', async () => {
    const inbox = new Inbox(house, 'button');
    const other = new Inbox(house, 'button-other');
    const endpoint = await newEndpoint(house, inbox.url, ['template.approved']);
    const beside = await newEndpoint(house, other.url, ['*']);
    const pressed = await house.call('POST', `${endpoint.path}/test`);
    expect(pressed.status).toBe(202);
    const [post] = await inbox.until((all) => all.length === 1);
    expect(verified(endpoint.secret, post!)).toMatchObject({ type: 'webhook.test', subject: endpoint.id });
    await until(
      () => house.call('GET', `/v1/webhook-deliveries/${pressed.json.id}`),
      ({ json }) => json.state === 'delivered',
    );
    expect(typesOf(await other.posts())).not.toContain('webhook.test');
    for (const { path } of [endpoint, beside]) await house.call('DELETE', path);
  });
});

describe('SEC-10 the secret', () => {
  it('is 32 bytes, sealed at rest, and signs beside the next one until its time is over', async () => {
    const inbox = new Inbox(house, 'rotation');
    const endpoint = await newEndpoint(house, inbox.url, ['webhook.test']);
    const press = async (): Promise<Awaited<ReturnType<Inbox['posts']>>[number]> => {
      const before = await inbox.count();
      await house.call('POST', `${endpoint.path}/test`);
      return (await inbox.until((all) => all.length > before)).at(-1)!;
    };
    const rotated = await house.call('POST', `${endpoint.path}/rotate-secret`);
    expect(Date.parse(rotated.json.previousUntil) - Date.parse(rotated.json.setAt)).toBe(DAY_MS);
    const both = await press();
    expect(both.headers['webhook-signature']!.split(' ')).toHaveLength(2);
    for (const secret of [endpoint.secret, rotated.json.secret])
      expect(() => verified(secret, both)).not.toThrow();
    const dump = await rowsOf('SELECT * FROM webhook_secrets');
    for (const secret of [endpoint.secret, rotated.json.secret]) {
      expect(dump).not.toContain(secret);
      expect(dump).not.toContain(Buffer.from(secret.slice(6), 'base64').toString('hex'));
    }
    const leaked = await house.call('POST', `${endpoint.path}/rotate-secret`, { overlapSeconds: 0 });
    const alone = await press();
    expect(() => verified(leaked.json.secret, alone)).not.toThrow();
    for (const secret of [endpoint.secret, rotated.json.secret])
      expect(() => verified(secret, alone)).toThrow();
    await house.call('DELETE', endpoint.path);
  });

  it('is rotated under load, and no delivery is lost or doubted', async () => {
    const inbox = new Inbox(house, 'under-load');
    const endpoint = await newEndpoint(house, inbox.url, ['challenge.requested', 'challenge.approved']);
    const secrets = [endpoint.secret];
    const load = Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        await new Promise((resolve) => setTimeout(resolve, at * 40));
        await approve(house, generator, `+5255123730${10 + at}`);
      }),
    );
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      secrets.push((await house.call('POST', `${endpoint.path}/rotate-secret`)).json.secret);
    }
    await load;
    const posts = await inbox.until((all) => all.length >= 80, 20_000);
    expect(new Set(posts.map(({ headers }) => headers['webhook-id'])).size).toBe(80);
    // A server that had taken over each secret by the time the next one came believes every delivery.
    const doubted = posts.filter((post) => !secrets.some((secret) => believes(secret, post)));
    expect(doubted).toEqual([]);
    expect(posts.filter((post) => post.headers['webhook-signature']!.includes(' ')).length).toBeGreaterThan(
      20,
    );
    await house.call('DELETE', endpoint.path);
  });
});

describe('a replay', () => {
  it('delivers one again, a span of time, and everything since a cursor, under the same ids', async () => {
    const inbox = new Inbox(house, 'replays');
    const cursor = (await house.call('GET', '/v1/events?limit=500')).json.next;
    const since = new Date().toISOString();
    const id = await approve(house, generator, '+525512371005');
    const endpoint = await newEndpoint(house, inbox.url, ['challenge.requested', 'challenge.approved']);
    expect(await inbox.count()).toBe(0);
    // The endpoint was not there when it happened.
    await until(
      () => house.call('POST', `${endpoint.path}/replay`, { after: cursor }),
      ({ json }) => json.replayed === 2,
    );
    const first = await inbox.until((all) => new Set(typesOf(all)).size === 2);
    expect(JSON.parse(first[0]!.body).subject).toBe(id);
    await until(
      () => deliveriesOf(endpoint, '?state=pending'),
      (items) => items.length === 0,
    );
    const seen = await inbox.count();
    const span = await house.call('POST', `${endpoint.path}/replay`, { since });
    expect([span.status, span.json.replayed]).toEqual([202, 2]);
    await inbox.until((all) => all.length === seen + 2);
    const empty = { since: '2020-01-01T00:00:00Z', until: '2020-01-02T00:00:00Z' };
    expect((await house.call('POST', `${endpoint.path}/replay`, empty)).json).toEqual({ replayed: 0 });
    const [delivery] = await deliveriesOf(endpoint);
    expect((await house.call('POST', `/v1/webhook-deliveries/${delivery.id}/replay`)).status).toBe(202);
    const all = await inbox.until((posts) => posts.length === seen + 3);
    expect(new Set(all.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    for (const post of all) expect(() => verified(endpoint.secret, post)).not.toThrow();
    for (const body of [{}, { after: '1', since }])
      expect(fieldsOf(await house.call('POST', `${endpoint.path}/replay`, body))).toEqual([
        '422',
        '#/after one_of',
      ]);
    await house.call('DELETE', endpoint.path);
  });
});

describe('a generator’s call-back', () => {
  it('is posted to, signed with the secret of the tenant, which can be read and rotated', async () => {
    const inbox = new Inbox(house, 'generator');
    const own = await house.newGenerator({ callbackUrl: inbox.url });
    const { secret } = (await house.call('GET', '/v1/callback-secret')).json;
    expect((await house.call('GET', '/v1/callback-secret')).json.secret).toBe(secret);
    const id = await approve(house, own, '+525512371006');
    await approve(house, generator, '+525512371007');
    const posts = await inbox.until((all) => typesOf(all).includes('message.delivered'));
    expect(typesOf(posts)).toEqual(expect.arrayContaining(['challenge.requested', 'challenge.approved']));
    for (const post of posts) expect(verified(secret, post).subject).toBe(id);
    const listed = (await house.call('GET', PATH)).json.items.find(
      (item: { url: string }) => item.url === inbox.url,
    );
    expect(listed).toMatchObject({ generator: own, format: 'cloudevents', enabled: true });
    const path = `${PATH}/${listed.id}`;
    for (const answer of [
      await house.call('DELETE', path),
      await house.call('PATCH', path, { events: ['*'] }),
      await house.call('POST', `${path}/rotate-secret`),
    ])
      expect(answer.json.code).toBe('webhook.endpoint_of_generator');
    const rotated = (await house.call('POST', '/v1/callback-secret/rotate')).json;
    await house.call('POST', `${path}/test`);
    const button = (await inbox.until((all) => typesOf(all).includes('webhook.test'))).at(-1)!;
    for (const text of [secret, rotated.secret]) expect(() => verified(text, button)).not.toThrow();
  });
});

describe('the call-back of a Messangi generator', () => {
  it('speaks its words: the answer of `status`, a masked number, no token', async () => {
    const inbox = new Inbox(house, 'messangi');
    const client = new MessangiClient(house);
    const [templateId] = await client.approvedTemplate(language('en', 15));
    const number = await client.newGenerator(templateId!, { callbackUrl: inbox.url });
    expect((await client.generator('GET', number)).json.data.callbackUrl).toBe(inbox.url);
    const receiver = '+525512371008';
    const requestId = await client.requestId(number, receiver);
    const code = await codeOnPhone(house, receiver);
    await client.verify(number, requestId, code);
    const wordsOf = (posts: Awaited<ReturnType<Inbox['posts']>>): string[] =>
      posts.map(({ body }) => JSON.parse(body).data.event as string);
    const posts = await inbox.until((all) =>
      ['code.sent', 'code.delivered', 'code.validated'].every((word) => wordsOf(all).includes(word)),
    );
    const { secret } = (await house.call('GET', '/v1/callback-secret')).json;
    for (const post of posts) {
      const { meta, data } = verified(secret, post);
      expect(meta.transactionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}$/);
      expect(data).toMatchObject({
        requestID: requestId,
        userID: '+52551•••1008',
        validationChannel: 'WHATSAPP',
      });
      expect(Object.keys(data)).not.toContain('token');
      expect(post.body).not.toContain(code);
      expect(post.body).not.toContain(receiver);
    }
    const validated = posts[wordsOf(posts).indexOf('code.validated')]!;
    expect(JSON.parse(validated.body).data).toMatchObject({ status: 'VALIDATED' });
    for (const url of ['ftp://shop.example/x', 'https://ann@shop.example/x', 'https://shop.example/x#y', 7]) {
      const refused = await client.createGenerator({ ...generatorBody(templateId!), callbackUrl: url });
      expect([refused.status, refused.json.errors.details.fields[0].pointer]).toEqual([400, '#/callbackUrl']);
    }
  });
});

function believes(secret: string, post: Parameters<typeof verified>[1]): boolean {
  try {
    verified(secret, post);
    return true;
  } catch {
    return false;
  }
}

async function rowsOf(statement: string): Promise<string> {
  const client = new pg.Client({ connectionString: house.databaseUrl });
  await client.connect();
  try {
    return JSON.stringify((await client.query(statement)).rows);
  } finally {
    await client.end();
  }
}
