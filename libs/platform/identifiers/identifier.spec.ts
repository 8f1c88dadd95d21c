import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase32, encodeBase32 } from './base32.js';
import {
  ID_PREFIXES,
  type IdKind,
  messageId,
  newChallengeId,
  newId,
  parseNative,
  parseUuid,
  partitionOf,
  renderHex,
  renderInteger,
  renderNative,
  renderUuid,
  splitMessageId,
} from './identifier.js';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const KINDS = Object.keys(ID_PREFIXES) as IdKind[];
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Every id there can be: 128 bits with the version and variant of a UUIDv4. */
const anyId = bytes16.map((bytes) => {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return encodeBase32(bytes);
});
const partition = fc.integer({ min: 0, max: 255 });

describe('the spellings of one id', () => {
  it('all read back to the same 128 bits', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        for (const kind of KINDS) expect(parseNative(kind, renderNative(kind, id))).toBe(id);
        expect(parseUuid(renderUuid(id))).toBe(id);
        expect(parseUuid(renderUuid(id).toUpperCase())).toBe(id);
        expect(renderUuid(id).replaceAll('-', '')).toBe(renderHex(id));
        expect(encodeBase32(Buffer.from(renderHex(id), 'hex'))).toBe(id);
      }),
    );
  });

  it('sort as the bytes do, and tell any two ids apart', () => {
    fc.assert(
      fc.property(bytes16, bytes16, (left, right) => {
        const [a, b] = [encodeBase32(left), encodeBase32(right)];
        expect(Math.sign(Buffer.compare(left, right))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it('carry the version and variant bits of a UUIDv4', () => {
    for (let turn = 0; turn < 500; turn++) {
      expect(renderUuid(newId())).toMatch(UUID_V4);
      expect(renderUuid(newChallengeId(turn % 256))).toMatch(UUID_V4);
    }
    expect(renderUuid(newChallengeId(7, Buffer.alloc(16, 0xff)))).toBe(
      '07ffffff-ffff-4fff-bfff-ffffffffff00',
    );
    expect(renderUuid(newChallengeId(7, Buffer.alloc(16)))).toBe('07000000-0000-4000-8000-000000000000');
  });
});

describe('a second spelling of an id is refused', () => {
  const id = newId();

  it('for every other last character with the same 128 bits', () => {
    const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
    // The last character carries three bits; the two below them must be zero.
    const last = alphabet.indexOf(id.at(-1)!);
    for (const low of [1, 2, 3]) {
      expect(decodeBase32(id.slice(0, -1) + alphabet[last + low]!)).toBeUndefined();
    }
  });

  it.each([
    ['upper case', id.toUpperCase()],
    ['Crockford’s aliases', `${id.slice(0, 5)}o${id.slice(6)}`],
    ['an i', `${id.slice(0, 5)}i${id.slice(6)}`],
    ['a u', `${id.slice(0, 5)}u${id.slice(6)}`],
    ['one character less', id.slice(1)],
    ['one character more', `${id}0`],
    ['a space before', ` ${id.slice(1)}`],
    ['a new line after', `${id.slice(0, -1)}\n`],
    ['a digit of another script', `${id.slice(0, 5)}٣${id.slice(6)}`],
    ['nothing', ''],
  ])('%s', (_what, text) => {
    expect(decodeBase32(text)).toBeUndefined();
    expect(parseNative('challenge', `chl_${text}`)).toBeUndefined();
  });

  it.each([
    ['another kind’s prefix', `gen_${id}`],
    ['the prefix in capitals', `CHL_${id}`],
    ['no prefix', id],
    ['a UUID', renderUuid(id)],
    ['no text', 42],
    ['a list', [`chl_${id}`]],
    ['nothing', undefined],
  ])('as a native id: %s', (_what, value) => expect(parseNative('challenge', value)).toBeUndefined());

  it.each([
    ['braces', `{${renderUuid(id).slice(1, -1)}}`],
    ['no dashes', renderHex(id)],
    [
      'dashes elsewhere',
      `${renderHex(id).slice(0, 4)}-${renderHex(id).slice(4, 12)}-${renderHex(id).slice(12, 16)}-${renderHex(id).slice(16, 20)}-${renderHex(id).slice(20)}`,
    ],
    ['a new line after', `${renderUuid(id).slice(0, -1)}\n`],
    ['version 1', `${renderUuid(id).slice(0, 14)}1${renderUuid(id).slice(15)}`],
    ['another variant', `${renderUuid(id).slice(0, 19)}c${renderUuid(id).slice(20)}`],
    ['the native form', renderNative('challenge', id)],
  ])('as a UUID: %s', (_what, text) => expect(parseUuid(text)).toBeUndefined());
});

describe('a challenge id', () => {
  it('has its partition in byte 0, for itself and for its messages', () => {
    fc.assert(
      fc.property(partition, fc.integer({ min: 1, max: 9 }), (at, number) => {
        const id = newChallengeId(at);
        expect(partitionOf(id)).toBe(at);
        expect(Number.parseInt(renderHex(id).slice(0, 2), 16)).toBe(at);
        const message = messageId(id, number);
        expect(partitionOf(message)).toBe(at);
        expect(renderHex(message).slice(0, 30)).toBe(renderHex(id).slice(0, 30));
        expect(splitMessageId(message)).toEqual({ challengeId: id, number });
        expect(messageId(message, 0)).toBe(id);
        expect(parseNative('message', renderNative('message', message))).toBe(message);
      }),
    );
  });

  it('is message number 0 of itself, whatever the operation’s bytes were', () => {
    fc.assert(
      fc.property(partition, bytes16, (at, operation) => {
        const given = Buffer.from(operation);
        const id = newChallengeId(at, given);
        expect(splitMessageId(id)).toEqual({ challengeId: id, number: 0 });
        expect(given.equals(Buffer.from(operation))).toBe(true);
        expect(newChallengeId(at, Buffer.from(operation))).toBe(id);
      }),
    );
  });

  it('is different every time, also across the blocks that the generator draws', () => {
    const ids = new Set(Array.from({ length: 20_000 }, () => newChallengeId(3)));
    expect(ids.size).toBe(20_000);
  });
});

describe('the integer that a Messangi status shows', () => {
  it('is positive, exact as a JSON number, and the same for a challenge and its messages', () => {
    fc.assert(
      fc.property(anyId, fc.integer({ min: 0, max: 9 }), (id, number) => {
        const integer = renderInteger(messageId(id, number));
        expect(Number.isSafeInteger(integer)).toBe(true);
        expect(integer).toBeGreaterThanOrEqual(1);
        expect(integer).toBeLessThanOrEqual(2 ** 52);
        expect(integer).toBe(renderInteger(messageId(id, 0)));
      }),
    );
  });

  it('uses all of its 52 bits, and follows from the id alone', () => {
    const ids = Array.from({ length: 5_000 }, () => newChallengeId(0));
    const integers = ids.map(renderInteger);
    expect(new Set(integers).size).toBe(5_000);
    for (let bit = 0; bit < 52; bit++) {
      const set = integers.filter((integer) => Math.floor((integer - 1) / 2 ** bit) % 2 === 1).length;
      expect(set, `bit ${bit}`).toBeGreaterThan(2_200);
      expect(set, `bit ${bit}`).toBeLessThan(2_800);
    }
    expect(renderInteger(ids[0]!)).toBe(integers[0]);
  });
});
