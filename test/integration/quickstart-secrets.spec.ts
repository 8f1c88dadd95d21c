// Protects the secrets of a newcomer's installation: made once, kept whatever version wrote them, and understood by the
// simulator that is given them.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { ROOT } from '../support/launcher.js';

interface Secrets {
  installationKey: string;
  keyring: string;
  simulator: Record<string, string>;
}

const { loadSecrets, SIMULATOR_VARIABLES } = (await import(
  /* @vite-ignore */ join(ROOT, 'apps/standalone/quickstart.mjs')
)) as {
  loadSecrets(file: string): Secrets;
  SIMULATOR_VARIABLES: Record<string, string>;
};

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  file = join(folder, 'secrets.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const written = (): Secrets => JSON.parse(readFileSync(file, 'utf8')) as Secrets;

it('are made once, for their owner only', () => {
  const made = loadSecrets(file);
  expect(loadSecrets(file)).toEqual(made);
  expect(written()).toEqual(made);
  expect(statSync(file).mode & 0o077).toBe(0);
});

it('of an older version stay, and what it lacked is made and kept', () => {
  const whole = loadSecrets(file);
  const { wabaId, phoneNumberId, accessToken, appSecret } = whole.simulator;
  const old = { ...whole, apiKey: 'a-key', simulator: { wabaId, phoneNumberId, accessToken, appSecret } };
  writeFileSync(file, JSON.stringify(old));

  const loaded = loadSecrets(file);

  expect(loaded).toMatchObject(old);
  expect(Object.keys(loaded.simulator).sort()).toEqual(Object.keys(whole.simulator).sort());
  expect(loaded.simulator['twilioAccountSid']).toMatch(/^AC[0-9a-f]{32}$/);
  expect(written()).toEqual(loaded);
});

it('that cannot be read are told, and never replaced', () => {
  writeFileSync(file, '{"installationKey":"k1');
  expect(() => loadSecrets(file)).toThrow(/damaged/);
  expect(readFileSync(file, 'utf8')).toBe('{"installationKey":"k1');
});

it('reach the simulator under the names it reads', () => {
  const { simulator } = loadSecrets(file);
  const env = Object.fromEntries(
    Object.entries(SIMULATOR_VARIABLES).map(([variable, name]) => [variable, simulator[name]]),
  );
  expect(Object.values(SIMULATOR_VARIABLES).sort()).toEqual(Object.keys(simulator).sort());
  expect(readSimulatorConfig(env)).toMatchObject(simulator);
});
