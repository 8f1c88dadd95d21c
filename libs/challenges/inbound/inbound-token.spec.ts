import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyRingOf, newRingEntry } from '../../../test/support/configuration.js';
import { newChallengeId, newId } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { checkCharacters, findTokens, groupToken, looksLikeToken, makeToken } from './inbound-token.js';
import { TokenVault } from './token-vault.js';

const checkOf = (secret: string): string => checkCharacters(createHash('sha256').update(secret).digest());
const bytes = fc.uint8Array({ minLength: 5, maxLength: 5 });
const token = bytes.map((five) => makeToken(five, checkOf));

describe('a code that people send to us', () => {
  it('holds 40 bits in characters that are told apart by eye: no 0, O, 1 or I', () => {
    const made = new Set<string>();
    fc.assert(
      fc.property(bytes, (five) => {
        const text = makeToken(five, checkOf);
        made.add(`${Buffer.from(five).toString('hex')} ${text.slice(0, 8)}`);
        expect(text).toMatch(/^[A-HJ-NP-Z2-9]{10}$/);
      }),
    );
    const [left, right] = [0, 1].map((at) => new Set([...made].map((pair) => pair.split(' ')[at])));
    expect(left!.size).toBe(right!.size);
  });

  it('is found in either case, however it is broken up, whatever stands around it', () => {
    const around = fc.stringMatching(/^[ .,:;!?()\n¡¿ñ-]{0,8}$/);
    const breaks = fc.array(fc.constantFrom('', '', '', ' ', '-', '\n', ' - ', '.'), {
      minLength: 9,
      maxLength: 9,
    });
    fc.assert(
      fc.property(token, around, around, breaks, fc.boolean(), (made, before, after, gaps, lower) => {
        const spread = [...made].map((character, at) => character + (gaps[at] ?? '')).join('');
        const text = `hola ${before}${lower ? spread.toLowerCase() : spread}${after} gracias`;
        expect(findTokens(text, checkOf)).toContain(made);
      }),
    );
  });

  it('is not found when one character is another: ten check bits let one in a thousand through', () => {
    let through = 0;
    for (let at = 0; at < 5_000; at++) {
      const made = makeToken(createHash('sha256').update(String(at)).digest(), checkOf);
      const wrong = (made.startsWith('A') ? 'B' : 'A') + made.slice(1);
      if (findTokens(wrong, checkOf).length > 0) through++;
    }
    expect(through).toBeLessThan(25);
  });

  it('costs little to look for in the longest message, and three are enough', () => {
    expect(findTokens('ABCDE '.repeat(5_000), checkOf).length).toBeLessThanOrEqual(3);
    const many = Array.from({ length: 9 }, (_, at) => makeToken(Buffer.from([at, 1, 2, 3, 4]), checkOf));
    expect(findTokens(many.map(groupToken).join(', '), checkOf)).toHaveLength(3);
  });

  it.each([
    ['ABCD2-EFGH3', true],
    [' abcd2 efgh3. ', true],
    ['hello world', false],
    ['order AB123 CD456 please', false],
    ['ABCD2EFGH3', false],
    ['12345-67890', false],
  ])('%s looks mistyped: %s', (text, expected) => {
    expect(looksLikeToken(text)).toBe(expected);
  });
});

describe('what is keyed about it', () => {
  const ring = keyRingOf(newRingEntry('one'));
  const vault = new TokenVault(ring, new Partitions({ partitions: 64 } as never, ring));

  it('the same operation makes the same code, and no other one does', () => {
    const operation = Buffer.alloc(16, 3);
    expect(vault.make(operation)).toBe(vault.make(operation));
    const others = Array.from({ length: 200 }, () => vault.make());
    expect(new Set([vault.make(operation), ...others]).size).toBe(201);
  });

  it('a code is at one place for its tenant and at another one for every other', () => {
    const made = vault.make();
    const [mine, theirs] = [newId(), newId()];
    expect(vault.place(mine, made)).toEqual(vault.place(mine, made));
    expect(vault.place(mine, made).ref).not.toBe(vault.place(theirs, made).ref);
    expect(vault.place(mine, made).partition).toBeLessThan(64);
  });

  it('three numbers are offered, the right one among them, and each is as often right', () => {
    const places = [0, 0, 0];
    for (let at = 0; at < 3_000; at++) {
      const { right, offered } = vault.numbers(newChallengeId(1));
      expect(new Set(offered).size).toBe(3);
      expect(offered).toEqual([...offered].sort());
      for (const number of offered) expect(number).toMatch(/^[1-9]\d$/);
      places[offered.indexOf(right)]!++;
    }
    // Where it stands says nothing about which it is.
    for (const count of places) expect(count).toBeGreaterThan(850);
  });

  it('a page has an address that cannot be made from the id of its challenge', () => {
    const id = newChallengeId(1);
    const key = vault.pageKey(id);
    expect(vault.readPageKey(key)).toBe(id);
    for (const wrong of [
      '',
      `chl_${id}`,
      `chl_${id}.`,
      `chl_${newChallengeId(1)}.${key.split('.')[1]}`,
      `${key}.x`,
    ])
      expect([wrong, vault.readPageKey(wrong)]).toEqual([wrong, undefined]);
  });
});
