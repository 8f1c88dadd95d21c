// More than a thousand unique codes through everything that is done with codes; afterwards no sink may hold one of
// them, in any form, nor a receiver's number. Each sink is then given one, to see that it would be found there.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Metrics } from '#platform/metrics';
import { copyTables, dumpRedis } from '../../support/dumps.js';
import { type Answer, ask, type House, openHouse, until } from '../../support/house.js';
import { journalBacklog } from '../../support/journal.js';
import { LeakScanner } from '../../support/leak-scanner.js';
import { linkTo, submit } from '../../support/links.js';
import { type StartedProcess, startBuilt } from '../../support/processes.js';

const CODE_LENGTH = 15;
const LEAST_CODES = 1_000;
const AT_ONCE = 25;
/** A code that only the tests of the sinks know. */
const PLANTED = '093751442680197';
/** A built process has no other way to be told to log one. */
const LOGS_ON_SIGNAL = `--import data:text/javascript,process.on('SIGUSR2',()=>console.log(JSON.stringify({level:20,msg:process.env.PLANTED})))`;

let house: House;
let api: StartedProcess;
let worker: StartedProcess;
let generators: Record<'same' | 'rotating' | 'alphanumeric', string>;
let written = '';
const errorBodies: string[] = [];
const codes = new Set<string>();
/** Tokens of links, and what they were exchanged for. */
const tokens = new Set<string>();
const receivers = new Set<string>();
const scanner = new LeakScanner();

beforeAll(async () => {
  house = await openHouse({ worker: false });
  const env = { ...house.environment, LOG_LEVEL: 'debug', NODE_OPTIONS: LOGS_ON_SIGNAL, PLANTED };
  api = follow(await startBuilt('api', env));
  const rules = { codeLength: CODE_LENGTH, lifeSeconds: 600 };
  generators = {
    same: await house.newGenerator(rules),
    rotating: await house.newGenerator({ ...rules, resend: { code: 'rotate' } }),
    alphanumeric: await house.newGenerator({ ...rules, alphabet: 'alphanumeric' }),
  };
  await askSimulator('PUT', '/_sim/behavior', {
    webhooks: { duplicate: 1, shuffle: true },
    faults: Object.entries(FAULTS).map(([to, fault]) => ({ match: { to }, ...fault })),
  });
  await live(env);
  for (const code of codes) scanner.add(code, 'a code');
  for (const token of tokens) scanner.add(token, 'a token');
  for (const receiver of receivers) scanner.add(receiver, 'a number');
  scanner.add(PLANTED, 'a planted code');
}, 180_000);
afterAll(async () => {
  await worker?.kill();
  await api?.kill();
  await house?.close();
});

describe('ATK-09 STD-30 SEC-12 SEC-15 the canary', () => {
  it(`has been through: ${LEAST_CODES} codes and more, sent, failed, answered, repeated`, () => {
    expect(codes.size).toBeGreaterThan(LEAST_CODES);
    expect(receivers.size).toBeGreaterThan(LEAST_CODES);
    for (const code of codes) expect(code).toMatch(/^[0-9A-Z]{15}$/);
    expect(tokens.size).toBeGreaterThan(20);
    expect(errorBodies.length).toBeGreaterThan(100);
  });

  it.each(Object.keys(SINKS()))('left no code and no number in %s', async (name) => {
    const sink = await SINKS()[name]!.read();
    expect(sink.length).toBeGreaterThan(200);
    expect(scanner.find(sink)).toEqual([]);
  });

  it.each(Object.keys(SINKS()))('would have found one in %s', async (name) => {
    const sink = SINKS()[name]!;
    const remove = await sink.plant();
    try {
      await until(
        async () => scanner.find(await sink.read()),
        (found) => found.some((what) => what.startsWith('a planted')),
      );
    } finally {
      await remove?.();
    }
  });

  it('would have found one in every type of key, and in the name of one', async () => {
    const types = ['string', 'hash', 'list', 'set', 'zset', 'stream', 'name'];
    const planted = new LeakScanner();
    for (const [at, type] of types.entries()) planted.add(plantedCode(at), type);
    const remove = await plantInRedis(plantedCode);
    const found = planted.find(await dumpRedis(house.redis));
    await remove();
    expect([...new Set(found.map((what) => what.split(',')[0]))].sort()).toEqual([...types].sort());
  });
});

describe('STD-26 STD-30 the log of the processes', () => {
  it('holds a line for every request, who came in and who did not, and no credentials', () => {
    const lines = written.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
    const requests = lines.filter(({ msg }) => msg === 'request');
    expect(requests.filter(({ status }) => status === 401).length).toBeGreaterThan(0);
    expect(requests.filter(({ status }) => status === 201).length).toBeGreaterThan(LEAST_CODES / 2);
    expect(lines.some(({ msg }) => msg === 'delivery.attempted')).toBe(true);
    expect(written).not.toContain(house.demo.apiKey);
    expect(written).not.toContain(house.demo.apiKey.slice(-43));
  });

  it('STD-26 holds nothing of a credential in an address, which is refused', async () => {
    const secret = `${house.demo.apiKey.slice(0, -6)}sEcReT`;
    for (const name of ['api_key', 'access_token', 'q']) {
      const answer = await ask('GET', `${api.url}/v1/challenges?${name}=${secret}`);
      expect([answer.status, answer.json.code]).toEqual([400, 'request.credentials_in_url']);
      expect(answer.text).not.toContain('sEcReT');
    }
    const end = await ask('GET', `${api.url}/v1/generators/end-of-it`);
    await until(
      () => Promise.resolve(written),
      (log) => log.includes(String(end.headers['x-request-id'])),
    );
    expect(written).not.toContain('sEcReT');
  });
});

interface Sink {
  read(): Promise<Buffer | string>;
  /** Puts a secret there by the sink's own means; what it returns takes it out again. */
  plant(): Promise<(() => Promise<unknown>) | undefined>;
}

/** A function, since vitest reads the names before the house is open. */
function SINKS(): Record<string, Sink> {
  return {
    'stdout and stderr': {
      read: () => Promise.resolve(written),
      plant: async () => {
        worker.child.kill('SIGUSR2');
        return undefined;
      },
    },
    'Redis, each key by its type': {
      read: () => dumpRedis(house.redis),
      plant: () => plantInRedis(() => PLANTED),
    },
    'the append-only file of Redis': {
      read: () => Promise.resolve(readFolder(join(house.redisServer.dir))),
      plant: () => plantInRedis(() => PLANTED),
    },
    PostgreSQL: {
      read: () => copyTables(house.databaseUrl),
      plant: async () => {
        const metadata = { metadata: { note: PLANTED } };
        await house.call('POST', '/v1/challenges', {
          generator: generators.same,
          receiver: '+525512999999',
          ...metadata,
        });
        await drained();
        return undefined;
      },
    },
    'job data, failed jobs too': {
      read: readJobs,
      plant: async () => {
        const job = await withQueue((queue) => queue.add('planted', { code: PLANTED }, { delay: 3_600_000 }));
        return () => withQueue((queue) => queue.remove(job.id!));
      },
    },
    '/metrics': {
      read: readMetrics,
      plant: async () => {
        const { opens } = house.api.app.get(Metrics, { strict: false });
        opens.inc({ outcome: PLANTED });
        return async () => opens.remove({ outcome: PLANTED });
      },
    },
    'the bodies of errors': {
      read: () => Promise.resolve(errorBodies.join('\n')),
      plant: async () => {
        errorBodies.push(JSON.stringify({ detail: `not ${[...PLANTED].join(' ')}` }));
        return async () => errorBodies.pop();
      },
    },
  };
}

/** Numbers whose sends fail, and how. */
const FAULTS: Record<string, object> = {
  '+525513000001': { kind: 'status', status: 503, times: 2 },
  '+525513000002': { kind: 'graphError', code: 131026 },
  '+525513000003': { kind: 'graphError', code: 100 },
  '+525513000004': { kind: 'reset' },
  '+525513000005': { kind: 'resetAfterAccept' },
  '+525513000006': { kind: 'malformed' },
  '+525513000007': { kind: 'html' },
  '+525513000008': { kind: 'notOnWhatsApp' },
};

function follow(started: StartedProcess): StartedProcess {
  written += started.output();
  for (const stream of [started.child.stdout!, started.child.stderr!])
    stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  return started;
}

async function call(method: string, path: string, body?: unknown, headers = {}): Promise<Answer> {
  const answer = await ask(method, api.url + path, body, {
    authorization: `Bearer ${house.demo.apiKey}`,
    ...headers,
  });
  if (answer.status >= 400) errorBodies.push(`${answer.text}${JSON.stringify(answer.headers)}`);
  return answer;
}

const askSimulator = (method: string, path: string, body?: unknown): Promise<Answer> =>
  ask(method, house.simulator.url + path, body);

interface Open {
  id: string;
  code: string;
  receiver: string;
}

async function open(generator: string, receiver: string, headers = {}): Promise<Open> {
  const { status, text, json } = await call('POST', '/v1/challenges', { generator, receiver }, headers);
  if (status !== 201) throw new Error(text);
  receivers.add(receiver.slice(1));
  return { id: json.id, receiver, code: await readCode(json.id) };
}

async function readCode(id: string): Promise<string> {
  const { status, json } = await call('GET', `/v1/challenges/${id}/code`);
  if (status === 200) codes.add(json.code);
  return json.code;
}

/** The whole life of codes. The sends begin when the worker does, so that no code is gone before it is known. */
async function live(env: Record<string, string>): Promise<void> {
  const failing = await Promise.all(Object.keys(FAULTS).map((to) => open(generators.same, to)));
  const opened: Open[] = [];
  for (let turn = 0; opened.length < LEAST_CODES; turn++) {
    const batch = Array.from({ length: AT_ONCE }, (_, at) =>
      openOnce(turn * AT_ONCE + at, Object.values(generators)[turn % 3]!),
    );
    opened.push(...(await Promise.all(batch)));
  }
  await spoil(opened.slice(0, 10));
  worker = follow(await startBuilt('worker', env));
  await inBatches(opened, (one, at) => answer(one, at));
  await speakMessangi();
  await followLinks();
  await ask('GET', `${api.url}/v1/generators`, undefined, { authorization: 'Bearer nobody' });
  await call('GET', `/v1/challenges?receiver=${encodeURIComponent(opened[3]!.receiver)}`);
  await call('POST', `/v1/challenges/${failing[0]!.id}/resend`, {});
  await until(unsettled, (count) => count === 0, 60_000);
  await drained();
  for (const { id } of [...failing, ...opened.slice(0, 20)])
    await call('GET', `/v1/challenges/${id}/timeline`);
}

/** Opens with an Idempotency-Key, and repeats it. */
async function openOnce(at: number, generator: string): Promise<Open> {
  const receiver = `+52551${2_400_000 + at}`;
  const headers = { 'idempotency-key': `canary-${at}` };
  const opened = await open(generator, receiver, headers);
  if (at % 5 === 0) await open(generator, receiver, headers);
  return opened;
}

/** Gives each the sealed code of another: the worker cannot open it, and its job fails. */
async function spoil(opened: readonly Open[]): Promise<void> {
  const keys = await Promise.all(
    opened.map(async ({ id }) => (await house.redis.keys(`{p*}:ch:${id.slice('chl_'.length)}`))[0]!),
  );
  const sealed = await Promise.all(keys.map((key) => house.redis.hget(key, 'c')));
  await Promise.all(keys.map((key, at) => house.redis.hset(key, 'c', sealed[(at + 1) % sealed.length]!)));
}

async function answer({ id, code, receiver }: Open, at: number): Promise<void> {
  const check = (typed: unknown, headers = {}): Promise<Answer> =>
    call('POST', `/v1/challenges/${id}/check`, { code: typed }, headers);
  const wrong = code.replace(/\d/g, (digit) => String(9 - Number(digit)));
  switch (at % 8) {
    case 0: // Right, twice, and again under a key.
      await check(code, { 'idempotency-key': `check-${at}` });
      await check(code, { 'idempotency-key': `check-${at}` });
      await check(code);
      break;
    case 1: // Malformed around the right one.
      for (const typed of [`${code}0`, `${code}\u0000`, [code], { code }, ` ${[...code].join('.')}`])
        await check(typed);
      await check(`${code.slice(0, 5)} ${code.slice(5)}`);
      break;
    case 2: // Locked.
      for (let turn = 0; turn < 6; turn++) await check(wrong);
      break;
    case 3: // Sent again, under `rotate` as another code.
      await call('POST', `/v1/challenges/${id}/resend`, {});
      await readCode(id);
      break;
    case 4: // Canceled, then answered.
      await call('POST', `/v1/challenges/${id}/cancel`, {});
      await check(code);
      break;
    case 5: // Void by another context.
      await call('POST', `/v1/challenges/${id}/check`, { code, context: { amount: code } });
      break;
    case 6: // Where it does not belong.
      await call('GET', `/v1/challenges/${code}`);
      await call('GET', `/v1/challenges?receiver=${receiver}&code=${code}`);
      await call('POST', '/v1/challenges', {
        generator: code,
        receiver: code,
        channel: code,
      });
      break;
    default: // Replaced by a new id.
      await call('POST', '/v1/challenges', { generator: generators.same, receiver, onLive: 'replace' });
  }
}

async function speakMessangi(): Promise<void> {
  const { number } = (await call('GET', `/v1/generators/${generators.same}`)).json;
  const path = `/eyriesgate/v1/2fa/${number}/codes`;
  for (let at = 0; at < 20; at++) {
    const receiver = `+52551${2_480_000 + at}`;
    receivers.add(receiver.slice(1));
    const { requestId } = (await call('POST', path, { channel: 'WHATSAPP', receiver })).json.data;
    const code = (await call('PATCH', path, { action: 'status', requestId })).json.data.token as string;
    codes.add(code);
    await call('PATCH', path, { action: 'verify', requestId, code: `${code.slice(0, -1)}x` });
    await call('PATCH', path, { action: 'verify', requestId, code });
    await call('PATCH', path, { action: 'verify', requestId, code });
  }
}

/** Opened, looked at, answered wrongly and rightly, exchanged and taken. */
async function followLinks(): Promise<void> {
  const verifier = 'canary'.repeat(8);
  const pkce = { challenge: createHash('sha256').update(verifier).digest('base64url'), method: 'S256' };
  const { json: generator } = await call('POST', '/v1/generators', {
    name: 'canary',
    kind: 'link',
    link: { displayName: 'Canary', exchange: true, redirectUrls: ['https://shop.example/'] },
    channels: [{ channel: 'email', sender: house.demo.email!.senderAddress }],
  });
  for (let at = 0; at < 12; at++) {
    const receiver = `canary-${at}@shop.example`;
    const returnUrl = 'https://shop.example/';
    const { json } = await call('POST', '/v1/challenges', {
      generator: generator.id,
      receiver,
      pkce,
      returnUrl,
    });
    const { pathname } = new URL(await linkTo(house, receiver));
    tokens.add(pathname.slice(-22));
    const page = api.url + pathname;
    await ask('GET', page);
    await ask('GET', `${page}?next=x`);
    await submit(page, { answer: 'approve', number: '0' });
    await submit(page, { answer: 'approve', number: '00' });
    await submit(page, { answer: 'approve', number: json.matchNumber }, { origin: 'https://evil.example' });
    await submit(page, { answer: at % 4 ? 'approve' : 'deny', number: json.matchNumber });
    const issuing = [`/v1/challenges/${json.id}/exchange`, { codeVerifier: verifier }] as const;
    const { json: issued } = await call('POST', ...issuing, { 'idempotency-key': `exchange-${at}` });
    if (!issued.token) continue;
    tokens.add(issued.token.slice(-22));
    await call('POST', '/v1/exchanges', { token: issued.token });
    await call('POST', '/v1/exchanges', { token: issued.token, codeVerifier: verifier });
    await call('POST', '/v1/exchanges', { token: issued.token, codeVerifier: verifier });
  }
}

async function inBatches<T>(list: readonly T[], work: (one: T, at: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < list.length; at += AT_ONCE)
    await Promise.all(list.slice(at, at + AT_ONCE).map((one, offset) => work(one, at + offset)));
}

/** Messages that a worker will still send or resolve; those whose job failed stay queued. */
async function unsettled(): Promise<number> {
  return withQueue(async (queue) => {
    const { active, waiting, delayed } = await queue.getJobCounts('active', 'waiting', 'delayed');
    return active! + waiting! + delayed!;
  });
}

async function drained(): Promise<void> {
  await until(
    () => journalBacklog(house.redis),
    (backlog) => backlog === 0,
    30_000,
  );
}

const plantedCode = (at: number): string => String(93_751_442_680_190 + at).padStart(CODE_LENGTH, '0');

/** One secret in a key of each type, and one in the name of a key. */
async function plantInRedis(secret: (at: number) => string): Promise<() => Promise<unknown>> {
  const { redis } = house;
  await redis.set('planted:string', `x${secret(0)}y`);
  await redis.hset('planted:hash', 'field', Buffer.from(secret(1)).toString('base64'));
  await redis.rpush('planted:list', 'a', [...secret(2)].join(' '));
  await redis.sadd('planted:set', encodeURIComponent(secret(3)));
  await redis.zadd('planted:zset', 1, Buffer.from(secret(4)).toString('hex'));
  await redis.xadd('planted:stream', '*', 'code', secret(5));
  await redis.set(`planted:${secret(6)}`, '1');
  return async () => redis.del(await redis.keys('planted:*'));
}

function readFolder(dir: string): Buffer {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))));
}

async function withQueue<T>(work: (queue: Queue) => Promise<T>): Promise<T> {
  const connection = { url: house.redisServer.url };
  const queue = new Queue('send-whatsapp', { connection, prefix: '{q-send-whatsapp}' });
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
}

function readJobs(): Promise<string> {
  return withQueue(async (queue) => {
    const jobs = await queue.getJobs(['failed', 'delayed', 'waiting', 'active', 'completed']);
    expect(jobs.filter((job) => job.failedReason).length).toBeGreaterThan(0);
    return jobs.map((job) => JSON.stringify(job) + job.failedReason + job.stacktrace?.join()).join('\n');
  });
}

async function readMetrics(): Promise<string> {
  const served = await Promise.all([api, worker].map(({ metricsUrl }) => ask('GET', metricsUrl)));
  const own = await house.api.app.get(Metrics, { strict: false }).registry.metrics();
  return [...served.map(({ text }) => text), own].join('\n');
}
