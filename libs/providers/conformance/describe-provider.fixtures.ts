// The conformance suite: every adapter's spec calls it with the adapter's own samples. It sends over real HTTP, first to
// a server that follows a script, then to the provider's half of the simulator where there is one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpClient } from '#platform/http-client';
import { chatChecks } from './chat-checks.fixtures.js';
import {
  BROKEN_HTTP,
  type ProviderCase,
  type SimulatedCase,
  type SimulatorStage,
} from './provider-case.fixtures.js';
import { receiptChecks } from './receipt-checks.fixtures.js';
import { type Check, configChecks, secretsOf, sendChecks, written } from './send-checks.fixtures.js';
import { situationsOf } from './situations.fixtures.js';
import { Witness } from './witness.fixtures.js';

const DEADLINE_MS = 5_000;

/** What of a conversation differs from channel to channel. */
const OF_THE_CHAT = /: (accepts|request): /;

interface Extent {
  /**
   * A further channel of an adapter that calls and reads every channel by the same code, and runs in full for another
   * one: config, every situation, the requests and the simulator are checked; what only that code decides is not again.
   */
  sharesClient?: boolean;
}

/** Checks of how answers, connections and receipts are read, whatever was asked. */
const OF_THE_CLIENT = /^(throttle|error|answer|connection|secrets): /;

export function describeProvider(provider: ProviderCase, { sharesClient = false }: Extent = {}): void {
  const sending = sendChecks(provider).filter(({ name }) => !sharesClient || !OF_THE_CLIENT.test(name));
  describe(`${provider.provider.id} as a provider of ${provider.message.channel}`, () => {
    describe('before it sends', () => register(configChecks(provider)));
    describe('sending', () => register(sending));
    const talking = chatChecks(provider).filter(({ name }) => !sharesClient || OF_THE_CHAT.test(name));
    if (talking.length > 0) describe('talking back', () => register(talking));
    if (provider.receipts && !sharesClient) describe('receipts', () => register(receiptChecks(provider)));
    if (provider.simulator)
      describe('at the simulator', () => againstSimulator(provider, provider.simulator!));
  });
}

/** What of the suite holds for a provider that does not speak HTTP. */
export function describeSimulated(provider: SimulatedCase): void {
  describe(`${provider.provider.id} as a provider of ${provider.message.channel}`, () => {
    describe('before it sends', () => register(configChecks(provider)));
    describe('at the simulator', () => againstSimulator(provider, provider.simulator!));
  });
}

function register(checks: readonly Check[]): void {
  for (const check of checks) it(check.name, () => check.run());
}

function againstSimulator(provider: SimulatedCase, open: () => Promise<SimulatorStage>): void {
  let stage: SimulatorStage;
  let http: HttpClient;
  beforeAll(async () => {
    stage = await open();
    http = new HttpClient({ guard: { trustedOrigins: [stage.url] } });
  });
  afterAll(async () => {
    await stage.close();
    await http.onApplicationShutdown();
  });

  const { unplayed = BROKEN_HTTP } = provider;
  const played = situationsOf(provider).filter(({ name }) => !unplayed.includes(name));
  for (const { name, expected, deadlineMs = DEADLINE_MS } of played) {
    it(name, async () => {
      const play = stage.play[name];
      if (!play)
        throw new Error(`the stage does not play ${name}, and the case does not name it as unplayed`);
      const witness = new Witness(secretsOf({ ...provider, message: stage.message }));
      try {
        const config = (await play()) ?? stage.config;
        const message = { ...stage.message, deadlineMs };
        const result = await provider.provider.send(message, config, { http, now: () => Date.now() });
        witness.hear(result);
        expect(result).toMatchObject(expected);
        const taken = stage.takes.includes(name);
        if (taken) await expectOnPhone(stage, provider);
        expect(await stage.taken()).toEqual(taken ? [stage.message.code] : []);
        witness.expectNothingSecret();
      } finally {
        witness.stop();
      }
    });
  }
}

interface Bubble {
  channel: string;
  status: string;
  text: string;
  buttons: { value?: string }[];
}

/** The person sees it: on the receiver's phone, in the channel it was sent through, with the code. */
async function expectOnPhone({ url, message }: SimulatorStage, provider: SimulatedCase): Promise<void> {
  const newest = async (): Promise<Bubble | undefined> => {
    const answer = await fetch(`${url}/_sim/phones/${encodeURIComponent(message.to)}`);
    return ((await answer.json()) as { messages: Bubble[] }).messages.at(-1);
  };
  await expect.poll(async () => (await newest())?.status, { timeout: 30_000 }).toMatch(/^(delivered|read)$/);
  const bubble = (await newest())!;
  expect(bubble.channel).toBe(message.channel);
  expect(written(provider, bubble.text)).toContain(message.code);
}
