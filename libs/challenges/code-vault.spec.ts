import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyRingOf, newRingEntry } from '../../test/support/configuration.js';
import { RetiredKey, Sealer } from '#platform/crypto';
import { newChallengeId, newId } from '#platform/identifiers';
import { CodeVault } from './code-vault.js';

const OLD = newRingEntry('old');
const NEW = newRingEntry('new');

function vaultOf(...entries: string[]): CodeVault {
  const ring = keyRingOf(...entries);
  return new CodeVault(ring, new Sealer(ring));
}

const vault = vaultOf(OLD);
const [TENANT, OTHER_TENANT] = [newId(), newId()];
const [CHALLENGE, OTHER_CHALLENGE] = [newChallengeId(1), newChallengeId(1)];

describe('the MAC of a code (SEC-06)', () => {
  it('STD-11 is met by the right code alone, at its own tenant, challenge and context', () => {
    const { mac } = vault.mac(TENANT, CHALLENGE, 'ctx', '123456');
    const met = (...of: Parameters<CodeVault['candidates']>): boolean =>
      vault.candidates(...of).includes(mac);
    expect(met(TENANT, CHALLENGE, 'ctx', '123456')).toBe(true);
    expect(met(TENANT, CHALLENGE, 'ctx', '123457')).toBe(false);
    expect(met(OTHER_TENANT, CHALLENGE, 'ctx', '123456')).toBe(false);
    expect(met(TENANT, OTHER_CHALLENGE, 'ctx', '123456')).toBe(false);
    expect(met(TENANT, CHALLENGE, '', '123456')).toBe(false);
    expect(met(TENANT, CHALLENGE, 'ctx1', '23456')).toBe(false);
    expect(met(CHALLENGE, TENANT, 'ctx', '123456')).toBe(false);
  });

  it('cannot be found from a dump of Redis: no plain hash of what stands beside it gives it (ATK-34)', () => {
    const { mac } = vault.mac(TENANT, CHALLENGE, '', '123456');
    const known = ['v1', TENANT, CHALLENGE, '', '123456'];
    for (const text of [
      known.join(''),
      known.join(':'),
      known.map((field) => `${field.length}:${field}`).join(''),
      '123456',
    ]) {
      expect(createHash('sha256').update(text).digest('base64url')).not.toContain(mac);
      expect(createHmac('sha256', '').update(text).digest('base64url')).not.toContain(mac);
    }
  });

  it('of every one of ten thousand codes is another', () => {
    const macs = new Set(
      Array.from(
        { length: 10_000 },
        (_, code) => vault.mac(TENANT, CHALLENGE, '', String(code).padStart(4, '0')).mac,
      ),
    );
    expect(macs.size).toBe(10_000);
  });

  it('made before a rotation is met by a candidate of its key, and one made after by the new key’s', () => {
    const before = vault.mac(TENANT, CHALLENGE, '', '123456');
    const rotated = vaultOf(NEW, OLD);
    const candidates = rotated.candidates(TENANT, CHALLENGE, '', '123456');
    expect(candidates).toHaveLength(4);
    expect(candidates[candidates.indexOf('old') + 1]).toBe(before.mac);
    const after = rotated.mac(TENANT, CHALLENGE, '', '123456');
    expect(after.kid).toBe('new');
    expect(candidates[candidates.indexOf('new') + 1]).toBe(after.mac);
    // Retired: there is no candidate for what the old key made, so that no answer can meet it.
    expect(vaultOf(NEW).candidates(TENANT, CHALLENGE, '', '123456')).not.toContain(before.mac);
  });
});

describe('what is sealed', () => {
  it('a code opens at its own challenge only, and not as a receiver', () => {
    const sealed = vault.sealCode(TENANT, CHALLENGE, '012345');
    expect(vault.openCode(TENANT, CHALLENGE, sealed)).toBe('012345');
    expect(() => vault.openCode(TENANT, OTHER_CHALLENGE, sealed)).toThrow(/authenticate/);
    expect(() => vault.openCode(OTHER_TENANT, CHALLENGE, sealed)).toThrow(/authenticate/);
    expect(() => vault.openReceiver(TENANT, CHALLENGE, sealed)).toThrow(/authenticate/);
    expect(vaultOf(NEW, OLD).openCode(TENANT, CHALLENGE, sealed)).toBe('012345');
    expect(() => vaultOf(NEW).openCode(TENANT, CHALLENGE, sealed)).toThrow(RetiredKey);
  });

  it('a code’s seal, and every part of a receiver’s, fits the 64 bytes that keep a record packed', () => {
    expect(vault.sealCode(TENANT, CHALLENGE, 'A1B2C3D4E5F6G7H').length).toBeLessThanOrEqual(64);
    const address = fc.oneof(
      fc.stringMatching(/^\+[1-9][0-9]{6,14}$/),
      fc.stringMatching(/^[a-z.é]{1,60}@[a-z]{1,180}\.com$/),
    );
    fc.assert(
      fc.property(address, (text) => {
        const fields = vault.sealReceiver(TENANT, CHALLENGE, text);
        const parts = Object.entries(fields);
        for (const [at, [name, part]] of parts.entries()) {
          expect(name).toBe(at === 0 ? 'sr' : `sr${at + 1}`);
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(64);
          expect(part.length).toBeGreaterThan(0);
        }
        expect(vault.openReceiver(TENANT, CHALLENGE, parts.map(([, part]) => part).join(''))).toBe(text);
      }),
    );
  });
});

describe('a receiver’s name in history (SEC-16)', () => {
  it('is another at each tenant, and found again under every unretired key', () => {
    const before = vault.receiverRef(TENANT, '+525512345678');
    expect(vault.receiverRef(OTHER_TENANT, '+525512345678')).not.toBe(before);
    const rotated = vaultOf(NEW, OLD);
    expect(rotated.receiverRef(TENANT, '+525512345678')).not.toBe(before);
    expect(rotated.receiverRefs(TENANT, '+525512345678')).toContain(before);
    expect(rotated.receiverRefs(TENANT, '+525512345678')).toContain(
      rotated.receiverRef(TENANT, '+525512345678'),
    );
  });
});

describe('the digest of a context', () => {
  it('does not depend on the order of its fields, nor on the key ring', () => {
    const digest = vault.contextDigest(TENANT, { amount: '120.00', payee: 'ACME' });
    expect(vault.contextDigest(TENANT, { payee: 'ACME', amount: '120.00' })).toBe(digest);
    expect(vaultOf(NEW).contextDigest(TENANT, { amount: '120.00', payee: 'ACME' })).toBe(digest);
    expect(vault.contextDigest(TENANT, undefined)).toBe('');
  });

  it('is the same for the same fields and tenant only', () => {
    const context = fc.dictionary(
      fc.string({ unit: 'grapheme', maxLength: 4 }),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
      { minKeys: 1, maxKeys: 3, noNullPrototype: true },
    );
    const sorted = (value: Record<string, string>): string => JSON.stringify(Object.entries(value).sort());
    fc.assert(
      fc.property(context, context, (left, right) => {
        expect(vault.contextDigest(TENANT, left) === vault.contextDigest(TENANT, right)).toBe(
          sorted(left) === sorted(right),
        );
        expect(vault.contextDigest(TENANT, left)).not.toBe(vault.contextDigest(OTHER_TENANT, left));
      }),
      { numRuns: 500 },
    );
    const others: Record<string, string>[] = [
      { a: 'bc' },
      { ab: 'c' },
      { a: 'b', c: '' },
      { 'a\u0000': 'b' },
      { a: 'b ' },
    ];
    for (const other of others) {
      expect(vault.contextDigest(TENANT, other)).not.toBe(vault.contextDigest(TENANT, { a: 'b' }));
    }
  });
});
