// A configuration and its keys for specs of single parts.
import { randomBytes } from 'node:crypto';
import { type Config, loadConfig } from '#platform/config';
import { KeyRing } from '#platform/crypto';

const INSTALLATION_KEY = randomBytes(32).toString('base64');
const KEYRING = newRingEntry('k1');

/** `kid:base64` with a key of its own: one entry of KEYRING. */
export function newRingEntry(kid: string): string {
  return `${kid}:${randomBytes(32).toString('base64')}`;
}

/** A valid configuration whose addresses lead nowhere unless given. Every call of a spec shares the keys. */
export function testConfig(variables: Record<string, string> = {}): Config {
  return loadConfig({
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    DATABASE_URL: 'postgres://127.0.0.1:1/nowhere',
    REDIS_URL: 'redis://127.0.0.1:1',
    PUBLIC_URL: 'http://127.0.0.1:1',
    INSTALLATION_KEY,
    KEYRING,
    LOG_LEVEL: 'silent',
    ...variables,
  });
}

/** A key ring of these entries, the first of which writes. */
export function keyRingOf(...entries: string[]): KeyRing {
  return new KeyRing(testConfig({ KEYRING: entries.join(',') }));
}
