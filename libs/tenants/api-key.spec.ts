import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { renderUuid } from '#platform/identifiers';
import { KEY_PATTERN, makeKey, parseKey, SCOPES } from './api-key.js';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('an API key (SEC-01)', () => {
  it('has the published form, selects with one double click, and reads back', () => {
    for (let turn = 0; turn < 500; turn++) {
      const mode = turn % 2 === 0 ? 'live' : 'test';
      const key = makeKey(mode);
      expect(key.text).toMatch(KEY_PATTERN);
      expect(key.text).toMatch(/^\w+$/);
      expect(key.text).toHaveLength(85);
      const { text: _text, ...stored } = key;
      expect(parseKey(key.text)).toEqual(stored);
    }
  });

  it('is refused with any one character wrong, before any store is asked', () => {
    const { text } = makeKey('live');
    for (let at = 0; at < text.length; at++) {
      for (const other of `${BASE62}_-`) {
        if (other === text[at]) continue;
        const typo = text.slice(0, at) + other + text.slice(at + 1);
        expect(parseKey(typo), typo).toBeUndefined();
      }
    }
  });

  it('is refused with two neighbours swapped, one character lost or one too many', () => {
    const { text } = makeKey('test');
    for (let at = 0; at < text.length; at++) {
      const swapped = text.slice(0, at) + (text[at + 1] ?? '') + text[at] + text.slice(at + 2);
      if (swapped !== text) expect(parseKey(swapped), swapped).toBeUndefined();
      expect(parseKey(text.slice(0, at) + text.slice(at + 1))).toBeUndefined();
      expect(parseKey(`${text.slice(0, at)}a${text.slice(at)}`)).toBeUndefined();
    }
  });

  it('is refused in the other mode: a test key cannot be written as a live one', () => {
    const { text } = makeKey('test');
    expect(parseKey(text.replace('_test_', '_live_'))).toBeUndefined();
    expect(parseKey(text.replace('_test_', '_prod_'))).toBeUndefined();
  });

  it.each([
    '',
    ' ',
    'csk_',
    'Bearer csk_live_',
    `${makeKey('live').text}\n`,
    ` ${makeKey('live').text}`,
    makeKey('live').text.toUpperCase(),
  ])('is refused as %j', (text) => expect(parseKey(text)).toBeUndefined());

  it('has 256 bits of its own each time', () => {
    const keys = Array.from({ length: 2_000 }, () => makeKey('live'));
    const secretOf = (text: string): string => KEY_PATTERN.exec(text)![3]!;
    expect(new Set(keys.map((key) => secretOf(key.text))).size).toBe(2_000);
    expect(new Set(keys.map((key) => key.id)).size).toBe(2_000);
    // 43 base62 digits hold 2^256.03: a secret of all ones still fits, and most begin with a high digit.
    const values = keys.map(({ text }) =>
      [...secretOf(text)].reduce((sum, digit) => sum * 62n + BigInt(BASE62.indexOf(digit)), 0n),
    );
    expect(values.every((value) => value < 2n ** 256n)).toBe(true);
    expect(values.some((value) => value >= 2n ** 255n)).toBe(true);
  });
});

describe('what is stored of a key (SEC-02)', () => {
  it('is its id and a hash, from which the text does not follow', () => {
    const { text, ...stored } = makeKey('live');
    const secret = KEY_PATTERN.exec(text)![3]!;
    expect(Object.keys(stored).sort()).toEqual(['id', 'mode', 'secretHash']);
    expect(JSON.stringify(stored)).not.toContain(secret);
    expect(stored.secretHash).toBe(createHash('sha256').update(secret).digest('hex'));
    expect(renderUuid(stored.id)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('names each scope once', () => {
    expect(new Set(SCOPES).size).toBe(SCOPES.length);
    for (const scope of SCOPES) expect(scope).toMatch(/^[a-z]+:[a-z]+$/);
  });
});
