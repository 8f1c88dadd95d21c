// The built processes: what they refuse to start on, what they write down, what they take in.
import { execFileSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask, type House, openHouse, until } from '../../support/house.js';
import { type StartedProcess, startBuilt } from '../../support/processes.js';
import { type PrivateService, privateRedis } from '../../support/services.js';
import { launch, pause, within } from './launched.js';
import { answered, lastAnswer, speak } from './raw-socket.js';
import { expectRefusal, nextReceiver, openChallenge } from './refusals.js';

type Command = [string, ...string[]];

let house: House;

beforeAll(async () => {
  house = await openHouse({ worker: false });
});
afterAll(() => house.close());

describe('FI-14 a Redis that would lose codes', () => {
  let redis: PrivateService;
  let client: Redis;
  beforeAll(async () => {
    redis = await privateRedis();
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.dispose();
  });

  const settings: [what: string, wrong: Command, right: Command, told: RegExp][] = [
    [
      'an eviction policy',
      ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'],
      ['CONFIG', 'SET', 'maxmemory-policy', 'noeviction'],
      /maxmemory-policy is allkeys-lru; .* set it to noeviction/,
    ],
    [
      'no append-only file',
      ['CONFIG', 'SET', 'appendonly', 'no'],
      ['CONFIG', 'SET', 'appendonly', 'yes'],
      /appendonly is off; .* set appendonly yes/,
    ],
    ['a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /role is slave; .* primary/],
  ];

  it.each(settings)(
    '%s: the API does not boot, and says why in one line',
    async (_what, wrong, right, told) => {
      await client.call(...wrong);
      await expectRefused('api', [told]);
      await client.call(...right);
    },
  );

  it('all of them: the worker does not boot, and names each in one line', async () => {
    for (const [, wrong] of settings) await client.call(...wrong);
    await expectRefused(
      'worker',
      settings.map(([, , , told]) => told),
    );
  });

  async function expectRefused(app: 'api' | 'worker', told: readonly RegExp[]): Promise<void> {
    const { code, stdout, stderr } = await within(
      20_000,
      launch(app, { ...house.environment, REDIS_URL: redis.url }).ended,
    );
    expect([code, stdout]).toEqual([1, '']);
    for (const reason of told) expect(stderr).toMatch(reason);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain(redis.url);
  }
});

describe('a running API', () => {
  let api: StartedProcess;
  let log: () => string;
  beforeAll(async () => {
    api = await startBuilt('api', { ...house.environment, LOG_LEVEL: 'info' });
    log = follow(api);
  });
  afterAll(() => api.kill());

  const headers = (): Record<string, string> => ({ authorization: `Bearer ${house.demo.apiKey}` });

  it('ATK-40 writes one line of JSON for each request, whatever stands in it', async () => {
    const open = await openChallenge(house, await house.newGenerator());
    const forged = '{"level":60,"msg":"forged"}';
    // What the probes of the start have left is written by now.
    await pause(100);
    log = follow(api);
    const receiver = nextReceiver();
    const asked = await Promise.all([
      ask('GET', `${api.url}/v1/challenges/%0a${encodeURIComponent(forged)}`, undefined, headers()),
      ask('GET', `${api.url}/v1/challenges?forged=%0d%0a${encodeURIComponent(forged)}`, undefined, headers()),
      ask('GET', `${api.url}/forged%0a${encodeURIComponent(forged)}`, undefined, {
        'user-agent': `x\t${forged}`,
      }),
      ask(
        'POST',
        `${api.url}/v1/challenges`,
        { generator: open.generator, receiver: `+1\n${forged}` },
        headers(),
      ),
      ask('POST', `${api.url}/v1/challenges`, { [`forged\n${forged}`]: 1 }, headers()),
      ask('POST', `${api.url}/v1/challenges`, `{\n${forged}`, headers()),
      ask(
        'POST',
        `${api.url}/v1/challenges`,
        { generator: open.generator, receiver },
        { ...headers(), 'idempotency-key': `x${forged}` },
      ),
      ask('POST', `${api.url}/v1/challenges/${open.id}/check`, { code: `\n${forged}` }, headers()),
      ask('POST', `${api.url}/v1/challenges/${open.id}/check`, { code: open.code }, headers()),
    ]);
    const bytes = `GET /v1/generators HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a\u0085${forged}\u2028\r\nX-Request-Id: ${forged}\r\n\r\n`;
    await speak(api.url, Buffer.from(bytes), { enough: answered });
    await until(
      () => Promise.resolve(requests(log())),
      (lines) => lines.length > asked.length,
    );
    for (const line of parseLines(log()))
      expect(line).toMatchObject({ process: 'api', level: expect.any(Number) });
    // An id of the caller's own is no id of ours.
    expect(new Set(requests(log()).map((line) => line.requestId)).size).toBe(asked.length + 1);
    expect(requests(log())).toHaveLength(asked.length + 1);
    for (const word of ['forged', receiver, open.code, open.receiver, house.demo.apiKey])
      expect(log()).not.toContain(word);
  });

  it('ATK-29 answers 10 MB with 413 without taking them in', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024, ' ');
    const send = async (framing: string, bytes: Buffer): Promise<void> => {
      const head = `POST /v1/challenges HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${house.demo.apiKey}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`;
      const heard = await speak(api.url, Buffer.concat([Buffer.from(head), bytes]));
      // The server may end the connection before we have written it all, and its answer with it.
      if (heard.text) expectRefusal('native', lastAnswer(heard), { status: 413, code: 'request.too_large' });
      expect(heard.closed).toBe(true);
    };
    const chunked = Buffer.concat([
      Buffer.from(`${body.length.toString(16)}\r\n`),
      body,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    const rounds = async (count: number): Promise<void> => {
      for (let round = 0; round < count; round++) {
        await send(`Content-Length: ${body.length}`, body);
        await send('Transfer-Encoding: chunked', chunked);
      }
    };
    await rounds(5);
    const before = residentMegabytes(api.child.pid!);
    await rounds(10);
    expect(residentMegabytes(api.child.pid!) - before).toBeLessThan(5);
  });

  it('FI-15 an eviction policy that is changed meanwhile: not ready within 30 s, an error is written, and it heals', async () => {
    const ready = (): Promise<{ status: number }> => ask('GET', `${api.url}/health/ready`);
    expect((await ready()).status).toBe(200);
    await house.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    onTestFinished(() => void house.redis.config('SET', 'maxmemory-policy', 'noeviction'));
    const answer = await until(
      () => ask('GET', `${api.url}/health/ready`),
      ({ status }) => status === 503,
      30_000,
    );
    expect(answer.json.error.redis.reason).toMatch(/maxmemory-policy is allkeys-lru/);
    expect((await ask('GET', `${api.url}/health/live`)).status).toBe(200);
    const errors = (): Line[] => parseLines(log()).filter((line) => line.level >= 50);
    await until(
      () => Promise.resolve(errors()),
      (lines) => lines.length > 0,
    );
    expect(errors()).toHaveLength(1);
    expect(errors()[0]!.problems).toEqual([expect.stringContaining('set it to noeviction')]);
    // It still works for whoever asks it: taking it out is the load balancer's part.
    expect((await ask('GET', `${api.url}/v1/generators`, undefined, headers())).status).toBe(200);
    await house.redis.config('SET', 'maxmemory-policy', 'noeviction');
    await until(ready, ({ status }) => status === 200, 30_000);
    expect(errors()).toHaveLength(1);
  });
});

interface Line {
  msg: string;
  level: number;
  requestId?: string;
  problems?: string[];
}

/** What a process writes from now on. */
function follow({ child }: StartedProcess): () => string {
  let written = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  return () => written;
}

/** Throws when a line is anything but JSON. */
function parseLines(text: string): Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

function requests(text: string): Line[] {
  return parseLines(text).filter((line) => line.msg === 'request');
}

function residentMegabytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}
