// What happens when things happen at once, on a real Redis, and when a connection is cut in the middle of a request.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeliveriesService } from '#challenges';
import { Clock } from '#platform/clock';
import { loadConfig } from '#platform/config';
import { parseNative } from '#platform/identifiers';
import { type RunningApi, startApi } from '../../apps/api/src/api.js';
import { type Answer, ask, type House, openHouse, until } from '../support/house.js';
import { brokenSequences, journalBacklog, type JournalRow, journalRows } from '../support/journal.js';
import { openChallenge, type OpenChallenge } from './bad-input/refusals.js';

const MAX_ATTEMPTS = 5;

let house: House;
let same: string;
let rotating: string;

beforeAll(async () => {
  house = await openHouse();
  const rules = { codeLength: 10, maxAttempts: MAX_ATTEMPTS };
  same = await house.newGenerator(rules);
  rotating = await house.newGenerator({ ...rules, resend: { code: 'rotate' } });
});
afterAll(() => house.close());

const check = ({ id }: { id: string }, code: string): Promise<Answer> =>
  house.call('POST', `/v1/challenges/${id}/check`, { code });
const openMany = async (count: number, generator = same): Promise<OpenChallenge[]> => {
  const opened: OpenChallenge[] = [];
  while (opened.length < count) {
    const batch = Array.from({ length: Math.min(20, count - opened.length) }, () =>
      openChallenge(house, generator),
    );
    opened.push(...(await Promise.all(batch)));
  }
  return opened;
};

/** Rows of each challenge, in its order, once the journal is drained. */
async function storiesOf(opened: readonly { id: string }[]): Promise<JournalRow[][]> {
  await until(
    () => journalBacklog(house.redis),
    (backlog) => backlog === 0,
    30_000,
  );
  const rows = await journalRows(house.databaseUrl);
  expect(brokenSequences(rows)).toEqual([]);
  const stories = new Map<string, JournalRow[]>(opened.map(({ id }) => [id.slice('chl_'.length), []]));
  for (const row of rows) stories.get(row.event_id.split('-', 1)[0]!)?.push(row);
  return [...stories.values()];
}
const times = (story: readonly JournalRow[], type: string): number =>
  story.filter((row) => row.type === type).length;

describe('answers', () => {
  it('200 codes, twelve right answers each at once: 200 approvals', async () => {
    const opened = await openMany(200);
    const answers: Answer[] = [];
    // Twenty codes at a time: 240 connections are many, 2,400 are more than a kernel lets wait.
    for (let at = 0; at < opened.length; at += 20) {
      const batch = opened.slice(at, at + 20);
      const asked = batch.flatMap((open) => Array.from({ length: 12 }, () => check(open, open.code)));
      answers.push(...(await Promise.all(asked)));
    }
    // A reply that a busy Redis kept waiting is 503; what it did is in the journal all the same.
    const [valid, used, lost] = [
      answers.filter(({ json }) => json.valid === true).length,
      answers.filter(({ status, json }) => status === 409 && json.state === 'approved').length,
      answers.filter(({ status }) => status === 503).length,
    ];
    expect(valid + used + lost).toBe(200 * 12);
    expect(valid).toBeLessThanOrEqual(200);
    expect(valid + lost).toBeGreaterThanOrEqual(200);
    const approvals = (await storiesOf(opened)).map((story) => times(story, 'challenge.approved'));
    expect(approvals).toEqual(opened.map(() => 1));
  }, 60_000);

  it('500 wrong answers at once on one code: as many compares as attempts', async () => {
    const [open] = (await openMany(1)) as [OpenChallenge];
    const answers = await Promise.all(Array.from({ length: 500 }, () => check(open, open.wrong)));
    expect(answers.filter(({ json }) => json.valid === false)).toHaveLength(MAX_ATTEMPTS);
    const [story] = (await storiesOf([open])) as [JournalRow[]];
    expect(times(story, 'challenge.answer_refused')).toBe(MAX_ATTEMPTS);
    expect(times(story, 'challenge.locked')).toBe(1);
  });

  it('that meet a resend: the old code or the new one is right, never both, and failures are kept', async () => {
    const opened = await openMany(40, rotating);
    const outcomes = await Promise.all(
      opened.map(async (open) => {
        const [answer, resent] = await Promise.all([
          check(open, open.code),
          house.call('POST', `/v1/challenges/${open.id}/resend`, {}),
        ]);
        if (answer.json.valid) {
          // Approved first: there was nothing left to send again.
          expect([resent.status, resent.json.state]).toEqual([409, 'approved']);
          return 'old';
        }
        expect(resent.status).toBe(200);
        const { code } = (await house.call('GET', `/v1/challenges/${open.id}/code`)).json;
        expect((await check(open, code)).json).toMatchObject({ valid: true, attemptsRemaining: 3 });
        return 'new';
      }),
    );
    const stories = await storiesOf(opened);
    expect(stories.map((story) => times(story, 'challenge.approved'))).toEqual(opened.map(() => 1));
    expect(stories.map((story) => times(story, 'challenge.answer_refused'))).toEqual(
      outcomes.map((outcome) => (outcome === 'new' ? 1 : 0)),
    );
  });

  it('that meet a cancellation: approved or canceled, and told the same to both', async () => {
    const opened = await openMany(40);
    for (const open of opened) {
      const [answer, canceled] = await Promise.all([
        check(open, open.code),
        house.call('POST', `/v1/challenges/${open.id}/cancel`, {}),
      ]);
      const told = [answer.json.valid === true, canceled.status];
      expect([
        [true, 409],
        [false, 200],
      ]).toContainEqual(told);
    }
    for (const story of await storiesOf(opened))
      expect(times(story, 'challenge.approved') + times(story, 'challenge.canceled')).toBe(1);
  });
});

describe('a cancellation while the message is being sent', () => {
  it('holds: at most the one message that was under way arrives, and its code is void', async () => {
    await ask('PUT', `${house.simulator.url}/_sim/behavior`, { latencyMs: 200 });
    try {
      const opened = await openMany(20);
      await Promise.all(
        opened.map(async ({ id }, at) => {
          // From before the claim to after the answer of the provider.
          await new Promise((resolve) => setTimeout(resolve, at * 20));
          expect((await house.call('POST', `/v1/challenges/${id}/cancel`, {})).status).toBe(200);
        }),
      );
      for (const open of opened)
        expect((await check(open, open.code)).json).toMatchObject({ state: 'canceled' });
      const stories = await until(
        () => storiesOf(opened),
        (found) =>
          found.every(
            (story) => times(story, 'message.sending') === 0 || story.some(({ type }) => SETTLED.has(type)),
          ),
        20_000,
      );
      for (const [at, story] of stories.entries()) {
        const sent = (await house.simulated(opened[at]!.receiver)).length;
        expect(sent).toBe(times(story, 'message.sending'));
        expect(sent).toBeLessThanOrEqual(1);
        expect(times(story, 'challenge.canceled')).toBe(1);
        // A claim after the cancellation would be a message sent for nothing.
        const types = story.map(({ type }) => type);
        if (sent === 1)
          expect(types.indexOf('message.sending')).toBeLessThan(types.indexOf('challenge.canceled'));
      }
    } finally {
      await ask('PUT', `${house.simulator.url}/_sim/behavior`, { latencyMs: 0 });
    }
  }, 60_000);

  const SETTLED = new Set(['message.accepted', 'message.delivered', 'message.read', 'message.failed']);
});

describe('receipts', () => {
  it('of one message, many at once and in any order: each state once, and none goes back', async () => {
    await ask('PUT', `${house.simulator.url}/_sim/behavior`, { webhooks: { mute: true } });
    try {
      const opened = await openMany(5);
      const deliveries = house.api.app.get(DeliveriesService, { strict: false });
      const accountId = parseNative('account', house.demo.accountId)!;
      for (const open of opened) {
        const [message] = await until(
          () => house.simulated(open.receiver),
          (messages) => messages.length > 0,
        );
        const statuses = ['read', 'sent', 'delivered', 'failed', 'read', 'delivered', 'sent'] as const;
        const outcomes = await Promise.all(
          Array.from({ length: 6 }, () => statuses)
            .flat()
            .map((status) =>
              deliveries.receive(accountId, 'meta-cloud', {
                kind: 'status',
                status,
                correlationId: message!.correlation,
                providerMessageId: 'wamid.race',
                reason: status === 'failed' ? 'meta_131026' : undefined,
              } as never),
            ),
        );
        expect(outcomes.filter((outcome) => outcome === 'settled').length).toBeLessThanOrEqual(3);
      }
      for (const story of await storiesOf(opened)) {
        const rank = (type: string): number => ['accepted', 'sent', 'delivered', 'read'].indexOf(type);
        const states = story
          .map(({ type }) => type.replace('message.', ''))
          .filter((type) => rank(type) >= 0);
        expect(states.at(-1)).toBe('read');
        expect(states).toEqual([...new Set(states)].sort((left, right) => rank(left) - rank(right)));
        expect(times(story, 'message.failed')).toBe(0);
      }
    } finally {
      await ask('PUT', `${house.simulator.url}/_sim/behavior`, { webhooks: { mute: false } });
    }
  });
});

describe('an idempotent create whose connection to Redis is cut', () => {
  let proxy: CuttingProxy;
  let api: RunningApi;
  beforeAll(async () => {
    proxy = await openCuttingProxy(house.redisServer.port);
    const url = new URL(house.environment['REDIS_URL']!);
    url.port = String(proxy.port);
    api = await startApi(loadConfig({ ...house.environment, REDIS_URL: url.href }));
  }, 60_000);
  afterAll(async () => {
    await api.drain();
    proxy.close();
  });

  // Before a command reaches Redis, and after it has but before its answer is back.
  it.each(['unsent', 'unanswered'] as const)(
    'at every command, %s: one challenge, one message, one answer',
    async (how) => {
      let reached = 0;
      for (let cut = 1; cut <= 12; cut++) {
        const receiver = `+52551${how === 'unsent' ? 2_491_000 + cut : 2_492_000 + cut}`;
        const create = (): Promise<Answer> =>
          ask(
            'POST',
            `${api.url}/v1/challenges`,
            { generator: same, receiver },
            {
              authorization: `Bearer ${house.demo.apiKey}`,
              'idempotency-key': `${how}-${cut}`,
            },
          );
        proxy.cutAt(cut, how);
        const first = await create();
        const wasCut = proxy.release();
        if (wasCut) reached++;
        const again = await until(create, ({ status }) => {
          // A record of a request that died is taken over 5 s later, on everybody's clock.
          if (status === 409) {
            house.moveClock(5_000);
            api.app.get(Clock, { strict: false }).offsetMs += 5_000;
          }
          return status === 201;
        });
        if (first.status === 201) expect(again.json.id).toBe(first.json.id);
        const repeated = await until(create, ({ status }) => status === 201);
        expect(repeated.text).toBe(again.text);
        const messages = await until(
          () => house.simulated(receiver),
          (found) => found.length > 0,
          20_000,
        );
        expect(messages).toHaveLength(1);
        const listed = await until(
          () => house.call('GET', `/v1/challenges?receiver=${encodeURIComponent(receiver)}`),
          ({ json }) => json.items.length > 0,
        );
        expect(listed.json.items.map(({ id }: { id: string }) => id)).toEqual([again.json.id]);
        // One that came through uncut has fewer commands than that.
        if (!wasCut && first.status === 201) break;
      }
      // The record of the key, the opening, the job, the answer that is kept.
      expect(reached).toBeGreaterThanOrEqual(4);
    },
    90_000,
  );
});

interface CuttingProxy {
  port: number;
  /** Cuts the connection at the nth command from now on. */
  cutAt(command: number, how: 'unsent' | 'unanswered'): void;
  /** Stops that; true when it had come to it. */
  release(): boolean;
  close(): void;
}

/** In front of Redis. Commands are counted over all connections of the one process behind it. */
async function openCuttingProxy(redisPort: number): Promise<CuttingProxy> {
  let armed: { left: number; how: 'unsent' | 'unanswered' } | undefined;
  let fired = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(redisPort, '127.0.0.1');
    let muted = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    const end = (): void => void (client.destroy(), upstream.destroy());
    client.on('close', end);
    upstream.on('close', end);
    upstream.on('data', (chunk: Buffer) => (muted ? end() : client.write(chunk)));
    client.on('data', (chunk: Buffer) => {
      const boundary = armed && boundaryOf(chunk, armed);
      if (boundary === undefined) return void upstream.write(chunk);
      fired = true;
      const { how } = armed!;
      armed = undefined;
      upstream.write(chunk.subarray(0, boundary[how]));
      if (how === 'unsent') setImmediate(end);
      else muted = true;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cutAt: (left, how) => void ((fired = false), (armed = { left, how })),
    release: () => ((armed = undefined), fired),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Where the counted command begins and ends in a chunk; undefined when it is not in there yet. */
function boundaryOf(
  chunk: Buffer,
  armed: { left: number },
): Record<'unsent' | 'unanswered', number> | undefined {
  // Commands of this size arrive whole: `*3\r\n$3\r\nSET\r\n…`.
  for (let at = 0; at < chunk.length;) {
    const start = at;
    const line = (): string => {
      const stop = chunk.indexOf('\r\n', at);
      const text = chunk.toString('latin1', at + 1, stop);
      at = stop + 2;
      return text;
    };
    for (let rest = Number(line()); rest > 0; rest--) at += Number(line()) + 2;
    if (--armed.left === 0) return { unsent: start, unanswered: at };
  }
  return undefined;
}
