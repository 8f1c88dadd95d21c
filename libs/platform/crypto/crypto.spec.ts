import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyRingOf, newRingEntry } from '../../../test/support/configuration.js';
import { constantTimeEqual } from './constant-time.js';
import { keyedDigest, shortDigest } from './digest.js';
import type { KeyLabel } from './key-ring.js';
import { drawRandomBytes } from './random-pool.js';
import { RetiredKey, Sealer } from './seal.js';

const LABELS: KeyLabel[] = [
  'code-mac',
  'code-seal',
  'receiver-seal',
  'receiver-ref',
  'credential-seal',
  'pin-seal',
  'chat-seal',
  'answer-mac',
  'audit-mark',
  'audit-sign',
];
const OLD = newRingEntry('old');
const NEW = newRingEntry('new');
const key = createSecretKey(randomBytes(32));

describe('a sealed value (SEC-07)', () => {
  const sealer = new Sealer(keyRingOf(OLD));

  it('opens to what was sealed, whatever characters it has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, boundTo) => {
        expect(sealer.open('code-seal', sealer.seal('code-seal', plain, boundTo), boundTo)).toBe(plain);
      }),
    );
  });

  it('never has the same bytes twice', () => {
    const seals = new Set(
      Array.from({ length: 10_000 }, () => sealer.seal('code-seal', '123456', 'c1').slice(0, 20)),
    );
    expect(seals.size).toBe(10_000);
  });

  it('does not open on another record: swapped between two, or moved to a third', () => {
    const mine = sealer.seal('code-seal', '111111', 'ten:chl1:code');
    const yours = sealer.seal('code-seal', '222222', 'ten:chl2:code');
    expect(() => sealer.open('code-seal', yours, 'ten:chl1:code')).toThrow(/authenticate/);
    expect(() => sealer.open('code-seal', mine, 'ten:chl2:code')).toThrow(/authenticate/);
    expect(() => sealer.open('code-seal', mine, '')).toThrow(/authenticate/);
  });

  it('does not open under another label', () => {
    const sealed = sealer.seal('code-seal', '123456', 'c1');
    for (const label of LABELS.filter((other) => other !== 'code-seal')) {
      expect(() => sealer.open(label, sealed, 'c1'), label).toThrow(/authenticate/);
    }
  });

  it('does not open with any one bit turned, nor with its tail cut', () => {
    const sealed = sealer.seal('code-seal', '123456', 'c1');
    const bytes = Buffer.from(sealed.slice(4), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => sealer.open('code-seal', `old.${turned.toString('base64url')}`, 'c1')).toThrow();
    }
    // Cutting into the tag must not leave a shorter tag that is easier to guess.
    for (let length = 0; length < bytes.length; length++) {
      const cut = `old.${bytes.subarray(0, length).toString('base64url')}`;
      expect(() => sealer.open('code-seal', cut, 'c1'), `${length} bytes`).toThrow();
    }
  });

  it.each(['', '.', 'old', 'old.', 'AAAA', '.AAAA'])(
    'is an error, not an answer, when it reads %j',
    (text) => {
      expect(() => sealer.open('code-seal', text, 'c1')).toThrow();
    },
  );

  it('tells neither the value nor the key when it does not open', () => {
    const sealed = sealer.seal('code-seal', '093751', 'c1');
    const told: string[] = [];
    for (const boundTo of ['c2', 'c3']) {
      try {
        sealer.open('code-seal', sealed, boundTo);
      } catch (error) {
        told.push(String((error as Error).stack), JSON.stringify(error));
      }
    }
    expect(told.join()).not.toContain('093751');
    expect(told.join()).not.toContain(OLD.slice(4));
  });
});

describe('a rotated key ring (ATK-35)', () => {
  const before = new Sealer(keyRingOf(OLD));
  const during = new Sealer(keyRingOf(NEW, OLD));
  const after = new Sealer(keyRingOf(NEW));
  const sealed = before.seal('code-seal', '123456', 'c1');

  it('opens what the old key sealed and seals with the new one', () => {
    expect(during.open('code-seal', sealed, 'c1')).toBe('123456');
    expect(during.seal('code-seal', '123456', 'c1')).toMatch(/^new\./);
    expect(after.open('code-seal', during.seal('code-seal', '654321', 'c1'), 'c1')).toBe('654321');
  });

  it('says that a retired key is retired, and which one, instead of failing on the bytes', () => {
    expect(() => after.open('code-seal', sealed, 'c1')).toThrow(RetiredKey);
    expect(() => after.open('code-seal', sealed, 'c1')).toThrow('key old is not in the key ring');
  });

  it('does not open an old value that claims to be of the new key', () => {
    expect(() => during.open('code-seal', sealed.replace('old.', 'new.'), 'c1')).toThrow(/authenticate/);
  });

  it('keeps what is under the installation key: partitions and limits do not move', () => {
    const digest = (ring: ReturnType<typeof keyRingOf>): string =>
      shortDigest(ring.installationKey, ['limit', 'x']);
    expect(digest(keyRingOf(NEW))).toBe(digest(keyRingOf(OLD)));
  });

  it('writes with the first key and knows all of them', () => {
    const ring = keyRingOf(NEW, OLD);
    expect(ring.active('code-mac').kid).toBe('new');
    expect(ring.all('code-mac').map(({ kid }) => kid)).toEqual(['new', 'old']);
    expect(ring.find('code-mac', 'old')).toBeDefined();
    expect(ring.find('code-mac', 'gone')).toBeUndefined();
  });
});

describe('key separation (SEC-09)', () => {
  it('gives the same input another digest under every label and every key', () => {
    const rings = [keyRingOf(OLD), keyRingOf(NEW)];
    const digests = rings.flatMap((ring) =>
      [...LABELS.map((label) => ring.active(label).key), ring.installationKey].map((each) =>
        shortDigest(each, ['same']),
      ),
    );
    // The two rings share the installation key, so one digest is there twice.
    expect(new Set(digests).size).toBe(2 * LABELS.length + 1);
  });

  it('does not use the ring’s bytes themselves as a key', () => {
    const raw = createSecretKey(Buffer.from(OLD.slice(4), 'base64'));
    for (const label of LABELS) {
      expect(shortDigest(keyRingOf(OLD).active(label).key, ['same'])).not.toBe(shortDigest(raw, ['same']));
    }
  });
});

describe('a digest over fields (SEC-06)', () => {
  const hex = (...fields: string[]): string => keyedDigest(key, fields).toString('hex');

  it('changes when a character moves over a field’s boundary', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (left, right) => {
        const moved = [left.slice(0, -1), left.slice(-1) + right];
        expect(hex(left, right)).not.toBe(hex(...moved));
      }),
    );
  });

  it('is the same for the same fields only', () => {
    const fields = fc.array(fc.string({ unit: 'grapheme', maxLength: 5 }), { maxLength: 5 });
    fc.assert(
      fc.property(fields, fields, (left, right) => {
        expect(hex(...left) === hex(...right)).toBe(JSON.stringify(left) === JSON.stringify(right));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['an empty field more', ['a'], ['a', '']],
    ['a prefix written by hand', ['a', 'b'], ['a\u0000\u0001b']],
    ['lengths written by hand', ['a', 'b'], ['a1:b']],
    ['a whole list written by hand', ['a', 'b'], ['1:a1:b']],
    ['fields joined', ['a', 'b'], ['ab']],
    ['a number that grows into the next field', ['1', '2:ab'], ['1', '2', 'ab']],
    ['fields swapped', ['a', 'b'], ['b', 'a']],
    ['characters of two bytes', ['é', 'x'], ['Ã', '©x']],
    ['lengths of 63, 64 and 65', ['a'.repeat(64), 'b'], ['a'.repeat(63), 'ab']],
    ['lengths of one and two length bytes', ['a'.repeat(256), ''], ['', 'a'.repeat(256)]],
  ])('tells apart: %s', (_what, left, right) => expect(hex(...left)).not.toBe(hex(...right)));

  it('is the HMAC-SHA256 that OpenSSL makes, at any length and in any script', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 400 });
    fc.assert(
      fc.property(text, fc.boolean(), (field, another) => {
        const used = another ? createSecretKey(Buffer.alloc(32, field.length)) : key;
        const input = `${field.length}:${field}`;
        const wanted = createHmac('sha256', used).update(input).digest();
        expect(keyedDigest(used, [field])).toEqual(wanted);
        expect(shortDigest(used, [field])).toBe(wanted.toString('base64url').slice(0, 22));
      }),
      { numRuns: 500 },
    );
  });

  it('is 22 characters when short, and those are the long one’s first 16 bytes', () => {
    expect(shortDigest(key, ['a'])).toMatch(/^[\w-]{22}$/);
    expect(Buffer.from(shortDigest(key, ['a']), 'base64url')).toEqual(
      keyedDigest(key, ['a']).subarray(0, 16),
    );
  });
});

describe('random bytes from the pool', () => {
  it('are as many as asked for, and never handed out twice, across blocks of any alignment', () => {
    const drawn = new Set<string>();
    for (let turn = 0; turn < 30_000; turn++) {
      const bytes = drawRandomBytes(turn % 2 === 0 ? 12 : 16);
      expect(bytes).toHaveLength(turn % 2 === 0 ? 12 : 16);
      drawn.add(bytes.toString('hex', 0, 12));
    }
    expect(drawn.size).toBe(30_000);
  });

  it('belong to who drew them: a change reaches nobody else', () => {
    const first = drawRandomBytes(16);
    first.fill(0);
    expect(drawRandomBytes(16).equals(first)).toBe(false);
  });

  it('have every bit set half of the time', () => {
    const counts = new Uint32Array(96);
    for (let turn = 0; turn < 10_000; turn++) {
      const bytes = drawRandomBytes(12);
      for (let bit = 0; bit < 96; bit++) counts[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1;
    }
    for (const count of counts) expect(Math.abs(count - 5_000)).toBeLessThan(350);
  });
});

describe('a comparison in constant time (ATK-32)', () => {
  it('answers for values of unequal length instead of throwing', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        expect(constantTimeEqual(left, right)).toBe(left === right);
        expect(constantTimeEqual(left, left)).toBe(true);
      }),
    );
  });
});
