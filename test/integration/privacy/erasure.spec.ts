// A receiver is erased: afterwards neither its number, nor any name it is known by here, is found in Redis, PostgreSQL or
// the logs, and what happened to its challenges can still be told.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReceiverAliases } from '../../../libs/challenges/receiver-aliases.js';
import { CodeVault } from '../../../libs/challenges/code-vault.js';
import { SCOPES } from '#tenants';
import { KeyRing, shortDigest } from '#platform/crypto';
import { parseNative } from '#platform/identifiers';
import { Database } from '#platform/database';
import { Partitions } from '#platform/partitions';
import { FaultProxy } from '../../faults/tools/fault-proxy.js';
import { copyTables, dumpRedis } from '../../support/dumps.js';
import { type Answer, ask, type House, openHouse, until } from '../../support/house.js';
import { CONSENT, inboundGenerator, openInbound, prefilled } from '../../support/inbound.js';
import { brokenSequences, journalBacklog, journalRows } from '../../support/journal.js';
import { LeakScanner } from '../../support/leak-scanner.js';
import { person } from '../../support/person.js';
import { type StartedProcess, startBuilt } from '../../support/processes.js';

const NUMBER = '+525512780001';
const ALIAS = '+525512780002';

describe('SEC-18: erasing a receiver', () => {
  let house: House;
  let api: StartedProcess;
  let worker: StartedProcess;
  let generator: string;
  let key: string;
  let tenant: string;
  const part = <T>(type: abstract new (...args: never[]) => T): T =>
    house.api.app.get(type as never, { strict: false });

  beforeAll(async () => {
    house = await openHouse({ worker: false });
    const env = { ...house.environment, LOG_LEVEL: 'debug' };
    api = await startBuilt('api', env);
    worker = await startBuilt('worker', env);
    generator = await house.newGenerator({ revealCode: true, maxAttempts: 2 });
    key = await house.newKey('live', SCOPES);
    tenant = parseNative('tenant', house.demo.tenantId)!;
  });
  afterAll(async () => {
    await worker.kill();
    await api.kill();
    await house.close();
  });

  const call = (method: string, path: string, body?: unknown, by = key): Promise<Answer> =>
    ask(method, api.url + path, body, { authorization: `Bearer ${by}` });
  const query = (sql: string): Promise<object[]> => part(Database).manager.query(sql);
  const erase = (receiver: string): Promise<Answer> => call('POST', '/v1/receivers/erase', { receiver });
  const erased = (asked: Answer): Promise<Answer> =>
    until(
      () => call('GET', `/v1/receivers/erasures/${asked.json.id}`),
      ({ json }) => json.status === 'done',
      25_000,
    );
  const drained = () =>
    until(
      () => journalBacklog(house.redis),
      (backlog) => backlog === 0,
      30_000,
    );
  const delivered = (receiver: string, count: number) =>
    until(
      () => house.simulated(receiver),
      // On a slow machine one may be sent a second time, and says so.
      (list) => list.length >= count && list.every(({ statuses }) => statuses.length >= 2),
    );

  async function open(receiver: string, about: string, by = key): Promise<string> {
    const endUser = { ip: '203.0.113.80' };
    const body = { generator, receiver, context: { about }, metadata: { account: receiver }, endUser };
    const answer = await call('POST', '/v1/challenges', body, by);
    return answer.status === 201 ? answer.json.id : answer.json.code;
  }

  async function check(id: string, about: string, right: boolean): Promise<Answer> {
    const { code } = (await call('GET', `/v1/challenges/${id}/code`)).json;
    const wrong = code === '000000' ? '000001' : '000000';
    return call('POST', `/v1/challenges/${id}/check`, { code: right ? code : wrong, context: { about } });
  }

  /** Every name that this number is looked up by, and how a provider's ids of its messages are written. */
  async function namesOf(number: string): Promise<string[]> {
    const names = part(CodeVault).receiverRefs(tenant, number);
    names.push(part(Partitions).locate(number).ref);
    names.push(shortDigest(part(KeyRing).installationKey, ['counted-receiver', number]));
    const sent = await house.simulated(number);
    return [...names, ...sent.map(({ wamid }) => wamid)];
  }

  it('SEC-18 leaves no trace of it in PostgreSQL, Redis or logs, nor of the names it is looked up by', async () => {
    const aliases = part(ReceiverAliases);
    const [approved, locked] = [await open(NUMBER, 'a'), await open(NUMBER, 'b')];
    expect((await check(approved, 'a', true)).json.valid).toBe(true);
    for (let turn = 0; turn < 2; turn++) await check(locked, 'b', false);
    const pending = await open(NUMBER, 'c');
    expect(await open(NUMBER, 'd')).toBe('limit.receiver');
    await call('POST', '/v1/receivers/unblock', { receiver: NUMBER });
    await delivered(NUMBER, 3);
    await aliases.note(tenant, NUMBER, ALIAS);
    const { partition, ref } = part(Partitions).locate(NUMBER);
    const at = part(Partitions).tag(partition);
    await house.redis.set(`${at}ver:${tenant}:${ref}`, 1, 'PX', 600_000);
    await house.redis.set(`${at}sup:${tenant}:${ref}:s`, 1, 'PX', 600_000);
    await drained();

    const scanner = new LeakScanner();
    for (const name of await namesOf(NUMBER)) scanner.add(name, name);
    scanner.add(NUMBER.slice(1), 'the number');
    const dumps = async () =>
      Promise.all([dumpRedis(house.redis), copyTables(house.databaseUrl)]).then((all) =>
        all.map((dump) => scanner.find(dump)),
      );
    // All of them are there before, so that they would be found.
    for (const found of await dumps()) expect(found.length).toBeGreaterThan(2);
    const before = await journalRows(house.databaseUrl);

    const asked = await erase(NUMBER);
    expect([asked.status, asked.json.status]).toEqual([202, 'pending']);
    const done = await erased(asked);
    expect(Date.parse(done.json.completedAt)).toBeGreaterThanOrEqual(Date.parse(done.json.requestedAt));
    await drained();
    expect(await dumps()).toEqual([[], []]);
    expect(scanner.find(api.output() + worker.output())).toEqual([]);

    // What happened is all there, and one random subject stands for the receiver.
    const rows = await journalRows(house.databaseUrl);
    expect(rows.map(({ event_id: id }) => id)).toEqual(
      expect.arrayContaining(before.map(({ event_id: id }) => id)),
    );
    expect(brokenSequences(rows)).toEqual([]);
    const subjects = new Set(rows.flatMap(({ data }) => data['r'] ?? []));
    expect([...subjects]).toEqual([expect.stringMatching(/^[0-9a-z]{26}$/)]);

    const read = async (id: string) => (await call('GET', `/v1/challenges/${id}`)).json;
    expect(await read(approved)).toMatchObject({ status: 'approved' });
    expect(await read(locked)).toMatchObject({ status: 'locked' });
    expect(await read(pending)).toMatchObject({ status: 'canceled', reason: 'erased' });
    expect(await read(pending)).not.toHaveProperty('receiver');
    expect(await read(pending)).not.toHaveProperty('metadata');
    expect((await call('POST', `/v1/challenges/${pending}/check`, { code: '123456' })).json).toMatchObject({
      code: 'challenge.not_pending',
      state: 'canceled',
      reason: 'erased',
    });
    const list = await call('GET', `/v1/challenges?receiver=${encodeURIComponent(NUMBER)}`);
    expect(list.json.items).toEqual([]);
    const timeline = (await call('GET', `/v1/challenges/${approved}/timeline`)).json.items;
    expect(timeline.map(({ type }: { type: string }) => type)).toContain('challenge.approved');
    await until(
      () => Promise.resolve(aliases.placesOf(tenant, NUMBER)),
      (places) => places.length === 1,
    );
    // Known to nobody, it may be sent to again.
    expect(await open(NUMBER, 'e')).toMatch(/^chl_/);
  });

  it('SEC-18 takes the person out of consents and withdrawals, of which stays that somebody agreed, to what and when', async () => {
    const receiver = '+525512780007';
    const sender = house.demo.senderAddress;
    const ana = person(house, receiver);
    const consent = await inboundGenerator(house, [{ channel: 'whatsapp', sender }], {
      purpose: 'consent',
      consentText: CONSENT,
    });
    const browser = await openInbound(house, consent);
    const sent = await ana.types('whatsapp', prefilled(browser.links['whatsapp']!), sender);
    const question = await ana.waitsFor('whatsapp', CONSENT, sent);
    await ana.presses(question.id, 'Yes');
    await browser.becomes('approved');
    await ana.waitsFor('whatsapp', 'unsubscribed', await ana.types('whatsapp', 'STOP', sender));
    const { partition, ref } = part(Partitions).locate(receiver);
    await house.redis.hset(`${part(Partitions).tag(partition)}miss:${tenant}:${ref}`, { n: 1, u: 1 });
    await drained();

    const scanner = new LeakScanner();
    for (const name of await namesOf(receiver)) scanner.add(name, name);
    scanner.add(receiver.slice(1), 'the number');
    for (const { data } of await journalRows(house.databaseUrl))
      if (data['r'] === part(CodeVault).receiverRefs(tenant, receiver)[0] && data['pid'])
        scanner.add(data['pid'], 'an id of a message that was written to us');
    const dumps = async () =>
      Promise.all([dumpRedis(house.redis), copyTables(house.databaseUrl)]).then((all) =>
        all.map((dump) => scanner.find(dump)),
      );
    for (const found of await dumps()) expect(found.length).toBeGreaterThan(0);
    const rows = () => query('SELECT * FROM consents');

    const before = await rows();
    await erased(await erase(receiver));
    await drained();
    expect(await dumps()).toEqual([[], []]);
    const named = {
      receiver_ref: expect.stringMatching(/^[0-9a-z]{26}$/),
      sealed_receiver: '',
      message_id: '',
    };
    expect(await rows()).toEqual(before.map((row) => ({ ...row, ...named })));
    expect(await query('SELECT * FROM consent_withdrawals')).toEqual([expect.objectContaining(named)]);
    const listed = (await call('GET', '/v1/consents')).json.items;
    expect(listed).toEqual([expect.objectContaining({ id: browser.id, wording: CONSENT })]);
    expect(listed[0]).not.toHaveProperty('receiver');
  });

  it('BI-85 answers alike for a receiver that is unknown, erased before or unreadable, and is done with each', async () => {
    const receivers = [
      '+525512780003',
      '+525512780003',
      'no number',
      '',
      '+9',
      '+8821234567',
      'nobody@example.com',
    ];
    const answers = await Promise.all(receivers.map(erase));
    for (const answer of answers) {
      expect(answer.status).toBe(202);
      expect(Object.keys(answer.json)).toEqual(Object.keys(answers[0]!.json));
      expect(answer.json.status).toBe('pending');
    }
    const done = await Promise.all(answers.map(erased));
    for (const answer of done) expect(Object.keys(answer.json)).toEqual(Object.keys(done[0]!.json));
  });

  it('leaves alone what another tenant has of the same number', async () => {
    const receiver = '+525512780004';
    const other = await house.newTenantKey('another');
    const theirs = other.tenantId;
    await open(receiver, 'a');
    await delivered(receiver, 1);
    const { partition, ref } = part(Partitions).locate(receiver);
    const record = `${part(Partitions).tag(partition)}lim:${ref}`;
    await house.redis.hset(record, theirs, Buffer.alloc(5));
    const asked = await erase(receiver);
    expect((await call('GET', `/v1/receivers/erasures/${asked.json.id}`, undefined, other.key)).status).toBe(
      403,
    );
    await erased(asked);
    expect(Object.keys(await house.redis.hgetall(record)).sort()).toEqual(['*', theirs].sort());
  });

  it('needs a key that was given the scope, and another tenant finds nothing of it', async () => {
    const asked = await erase('+525512780005');
    const usual = await house.newKey('live');
    expect((await call('POST', '/v1/receivers/erase', { receiver: NUMBER }, usual)).status).toBe(403);
    const path = `/v1/receivers/erasures/${asked.json.id}`;
    const refused = await call('GET', `${path.slice(0, -1)}${path.endsWith('0') ? 'r' : '0'}`);
    expect([refused.status, refused.json.code]).toEqual([404, 'erasure.not_found']);
    const invalid = await call('POST', '/v1/receivers/erase', { receiver: 5 });
    expect([invalid.status, invalid.json.errors]).toEqual([
      422,
      [expect.objectContaining({ pointer: '#/receiver', code: 'string_required' })],
    ]);
    await erased(asked);
  });

  it('SEC-18 survives a kill of the worker between Redis and PostgreSQL', async () => {
    const receiver = '+525512780006';
    const id = await open(receiver, 'a');
    await delivered(receiver, 1);
    await drained();
    await worker.kill();
    const proxy = await FaultProxy.before(house.databaseUrl);
    proxy.set({ mode: 'swallow_from', command: "sealed_receiver = ''" });
    const dying = await startBuilt('worker', { ...house.environment, DATABASE_URL: proxy.url });
    const asked = await erase(receiver);
    await until(
      () => Promise.resolve(proxy.met),
      (met) => met > 0,
      25_000,
    );
    await dying.kill('SIGKILL');
    await proxy.close();
    expect((await call('GET', `/v1/receivers/erasures/${asked.json.id}`)).json.status).toBe('pending');
    worker = await startBuilt('worker', house.environment);
    await erased(asked);
    expect((await call('GET', `/v1/challenges/${id}`)).json).toMatchObject({
      status: 'canceled',
      reason: 'erased',
    });
    await drained();
    const rows = await journalRows(house.databaseUrl);
    const canceled = rows.filter(
      ({ event_id: event, type }) => event.startsWith(id.slice(4)) && type === 'challenge.canceled',
    );
    expect(canceled).toHaveLength(1);
  });
});
