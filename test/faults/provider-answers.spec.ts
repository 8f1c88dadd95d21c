import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type House, openHouse, type SimulatedMessage, until } from '../support/house.js';

const MANY = 1_000;
/** Sends that go well, so that what fails here is never half of all: the account's breaker has a test of its own. */
const GOOD = 60;
const SETTLED_WITHIN_MS = 30_000;

/** What the provider does to the first `times` calls for one receiver; all of them when it is left out. */
interface Misbehaviour {
  kind: string;
  status?: number;
  code?: number;
  retryAfter?: number | string;
  times?: number;
}

interface Transition {
  type: string;
  at: string;
  attempt?: number;
  reason?: string;
  duplicatePossible?: boolean;
}

interface Outcome {
  status: string;
  attempts: number;
  reason?: string;
  duplicatePossible: boolean;
  /** Calls that the misbehaviour was spent on. */
  struck: number;
  /** What reached the provider's log, oldest first. */
  taken: SimulatedMessage[];
  timeline: Transition[];
}

const CASES = {
  hang: { kind: 'hang', times: 1 },
  loris: { kind: 'drip', times: 1 },
  half: { kind: 'malformed', times: 1 },
  page: { kind: 'html', status: 200, times: 1 },
  nothing: { kind: 'empty', times: 1 },
  flood: { kind: 'huge', times: 1 },
  reset: { kind: 'reset', times: 1 },
  resetAfter: { kind: 'resetAfterAccept', times: 1 },
  down: { kind: 'status', status: 500, times: MANY },
  proxyDown: { kind: 'html', status: 502, times: MANY },
  short: { kind: 'graphError', code: 130429, status: 429, retryAfter: 2, times: 1 },
  date: { kind: 'graphError', code: 130429, status: 429, times: 1 },
  junk: { kind: 'graphError', code: 130429, status: 429, retryAfter: 'soon, 5', times: 1 },
  proxyJunk: { kind: 'html', status: 429, retryAfter: '-1e999', times: 1 },
  long: { kind: 'graphError', code: 130429, status: 429, retryAfter: 3_600, times: MANY },
  proxyLong: { kind: 'html', status: 429, retryAfter: 3_600, times: MANY },
} satisfies Record<string, Misbehaviour>;
type Case = keyof typeof CASES;
const NAMES = Object.keys(CASES) as Case[];

/** One message each, all under way at once, with one account and without receipts that would help. */
describe('a provider that misbehaves', () => {
  let house: House;
  const ids = new Map<Case, string>();
  let date: string;
  const receiverOf = (name: Case): string => `+52551${3_400_000 + NAMES.indexOf(name)}`;

  beforeAll(async () => {
    house = await openHouse();
    const generator = await house.newGenerator();
    date = new Date(Date.now() + 5_000).toUTCString();
    const { status } = await ask('PUT', `${house.simulator.url}/_sim/behavior`, {
      webhooks: { mute: true },
      faults: NAMES.map((name) => ({
        match: { to: receiverOf(name) },
        ...CASES[name],
        ...(name === 'date' && { retryAfter: date }),
      })),
    });
    expect(status).toBe(200);
    const receivers = Array.from({ length: GOOD }, (_, index) => `+52551${3_410_000 + index}`);
    for (const receiver of receivers) {
      const opened = await house.call('POST', '/v1/challenges', { generator, receiver });
      expect(opened.status).toBe(201);
    }
    for (const name of NAMES) {
      const opened = await house.call('POST', '/v1/challenges', { generator, receiver: receiverOf(name) });
      expect(opened.status).toBe(201);
      ids.set(name, opened.json.id);
    }
  });
  afterAll(() => house.close());

  async function outcomeOf(name: Case): Promise<Outcome> {
    const id = ids.get(name)!;
    const { json } = await until(
      () => house.call('GET', `/v1/challenges/${id}`),
      (answer) => ['accepted', 'failed'].includes(answer.json.messages[0].status),
      SETTLED_WITHIN_MS,
    );
    const message = json.messages[0];
    const { json: told } = await until(
      () => house.call('GET', `/v1/challenges/${id}/timeline`),
      (answer) => answer.json.items?.some((item: Transition) => item.type === `message.${message.status}`),
    );
    const { faults } = (await ask('GET', `${house.simulator.url}/_sim/behavior`)).json as {
      faults: (Misbehaviour & { match: { to?: string } })[];
    };
    const left = faults.find(({ match }) => receiverOf(name).endsWith(match.to ?? '-'))?.times ?? 0;
    return {
      ...message,
      struck: CASES[name].times - left,
      taken: await house.simulated(receiverOf(name)),
      timeline: told.items,
    };
  }

  /** The moments between the claims of a message, ms. */
  function waits({ timeline }: Outcome): number[] {
    const claims = timeline.filter(({ type }) => type === 'message.sending').map(({ at }) => Date.parse(at));
    return claims.slice(1).map((at, index) => at - claims[index]!);
  }

  /** Nobody knows what became of the first try: the same code again, said to be a possible repeat, and never a third. */
  function expectSentAgain(outcome: Outcome, reason: RegExp | string, alreadyTaken: boolean): void {
    expect(outcome).toMatchObject({ status: 'accepted', attempts: 2, duplicatePossible: true, struck: 1 });
    expect(outcome.timeline.filter(({ type }) => type === 'message.unknown')).toMatchObject([
      { reason: expect.stringMatching(reason) },
    ]);
    const tags = outcome.taken.map(({ correlation }) => correlation.split('.').slice(1).join('.'));
    expect(tags).toEqual(alreadyTaken ? ['1', '2.d'] : ['2.d']);
    expect(new Set(outcome.taken.map(({ code }) => code)).size).toBe(1);
    // A receipt could have told meanwhile.
    expect(waits(outcome)[0]).toBeGreaterThanOrEqual(5_000);
  }

  it('FI-24 hangs: the call is ended after 10 s, and the message sent once more', async () => {
    const outcome = await outcomeOf('hang');
    expectSentAgain(outcome, 'timeout', false);
    const [claimed, ended] = ['message.sending', 'message.unknown'].map((type) =>
      Date.parse(outcome.timeline.find((item) => item.type === type)!.at),
    );
    expect(ended! - claimed!).toBeGreaterThanOrEqual(9_900);
  });

  it('FI-27 answers one byte a second: the deadline counts from the start, not from the last byte', async () => {
    expectSentAgain(await outcomeOf('loris'), 'timeout', true);
  });

  it.each([
    ['half a document', 'half', 'status_200', true],
    ['a page with 200', 'page', 'status_200', false],
    ['nothing with 200', 'nothing', 'status_200', true],
    ['64 MB', 'flood', 'answer_too_large', false],
  ] as const)('FI-28 answers %s: unknown, and the process lives', async (_what, name, reason, taken) => {
    expectSentAgain(await outcomeOf(name), reason, taken);
    expect((await house.call('GET', '/health/ready')).status).toBe(200);
  });

  it.each([
    ['before it has taken the message', 'reset', false],
    ['after it has taken the message', 'resetAfter', true],
  ] as const)(
    'FI-29 resets the connection %s: both look alike, so both are unknown',
    async (_when, name, taken) => {
      expectSentAgain(await outcomeOf(name), /econnreset|und_err_socket/, taken);
    },
  );

  it('FI-25 fails for as long as it is asked: four calls at most, with pauses between them', async () => {
    const outcome = await outcomeOf('down');
    expect(outcome).toMatchObject({ status: 'failed', attempts: 4, struck: 4, taken: [] });
    for (const wait of waits(outcome)) expect(wait).toBeGreaterThanOrEqual(1_900);
    expect((await house.call('GET', `/v1/challenges/${ids.get('down')}`)).json.status).toBe('undeliverable');
  });

  it('FI-25 fails behind a proxy that says nothing of its own: two calls, and nobody knows', async () => {
    const id = ids.get('proxyDown')!;
    const { json } = await until(
      () => house.call('GET', `/v1/challenges/${id}`),
      (answer) => answer.json.messages[0].attempts === 2 && answer.json.messages[0].status === 'unknown',
      SETTLED_WITHIN_MS,
    );
    // An answer may still be on the way to the receiver: the challenge is not given up.
    expect(json).toMatchObject({ status: 'pending', messages: [{ duplicatePossible: true }] });
  });

  it.each([
    ['2 s', 'short'],
    ['until a date', 'date'],
  ] as const)('FI-26 asks to wait %s: that is kept', async (_what, name) => {
    const outcome = await outcomeOf(name);
    expect(outcome).toMatchObject({ status: 'accepted', attempts: 2, duplicatePossible: false });
    expect(outcome.taken).toHaveLength(1);
    if (name === 'short') expect(waits(outcome)[0]).toBeGreaterThanOrEqual(2_000);
    else expect(Date.parse(outcome.taken[0]!.receivedAt)).toBeGreaterThanOrEqual(Date.parse(date));
  });

  it.each([['junk'], ['proxyJunk']] as const)(
    'FI-26 asks to wait in words that make no sense (%s): the usual delay, far under a minute',
    async (name) => {
      const outcome = await outcomeOf(name);
      expect(outcome).toMatchObject({ status: 'accepted', attempts: 2, duplicatePossible: false });
      expect(waits(outcome)[0]).toBeGreaterThanOrEqual(900);
      expect(waits(outcome)[0]).toBeLessThan(20_000);
    },
  );

  it.each([['long'], ['proxyLong']] as const)(
    'FI-26 asks to wait for an hour (%s): this account is given up at once',
    async (name) => {
      expect(await outcomeOf(name)).toMatchObject({ status: 'failed', attempts: 1, struck: 1, taken: [] });
    },
  );
});
