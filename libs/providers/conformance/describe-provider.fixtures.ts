// The conformance suite: every adapter's spec calls it with the adapter's own samples. It sends over real HTTP, first to
// a server that follows a script, then to the provider's half of the simulator where there is one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpClient } from '#platform/http-client';
import type { ProviderCase, SimulatorStage } from './provider-case.fixtures.js';
import { receiptChecks } from './receipt-checks.fixtures.js';
import { type Check, configChecks, secretsOf, sendChecks } from './send-checks.fixtures.js';
import { situationsOf } from './situations.fixtures.js';
import { Witness } from './witness.fixtures.js';

const DEADLINE_MS = 5_000;

export function describeProvider(provider: ProviderCase): void {
  describe(`${provider.provider.id} as a provider`, () => {
    describe('before it sends', () => register(configChecks(provider)));
    describe('sending', () => register(sendChecks(provider)));
    if (provider.receipts) describe('receipts', () => register(receiptChecks(provider)));
    if (provider.simulator)
      describe('at the simulator', () => againstSimulator(provider, provider.simulator!));
  });
}

function register(checks: readonly Check[]): void {
  for (const check of checks) it(check.name, () => check.run());
}

function againstSimulator(provider: ProviderCase, open: () => Promise<SimulatorStage>): void {
  let stage: SimulatorStage;
  const http = new HttpClient();
  beforeAll(async () => {
    stage = await open();
  });
  afterAll(async () => {
    await stage.close();
    await http.onApplicationShutdown();
  });

  for (const { name, expected, deadlineMs = DEADLINE_MS } of situationsOf(provider)) {
    it(name, async (context) => {
      const play = stage.play[name];
      if (!play) return context.skip();
      const witness = new Witness(secretsOf({ ...provider, message: stage.message }));
      try {
        const config = (await play()) ?? stage.config;
        const message = { ...stage.message, deadlineMs };
        const result = await provider.provider.send(message, config, { http, now: () => Date.now() });
        witness.hear(result);
        expect(result).toMatchObject(expected);
        expect(await stage.taken()).toEqual(stage.takes.includes(name) ? [stage.message.code] : []);
        witness.expectNothingSecret();
      } finally {
        witness.stop();
      }
    });
  }
}
