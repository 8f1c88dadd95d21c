import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANNELS } from '../providers/message-provider.js';
import { fromRecord } from './challenge.js';
import {
  CHALLENGE_STATES,
  MESSAGE_STATE_OF_LETTER,
  MESSAGE_STATES,
  messageStateAfter,
  STATE_AFTER_EVENT,
  STATE_OF_LETTER,
} from './challenge-state.js';
import { channelOfLetter, LETTER_OF_CHANNEL } from './channel-letters.js';
import { normaliseCode } from './code-text.js';

const RECORD_LUA = readFileSync(new URL('./hot-store/record.lua', import.meta.url), 'utf8');

/** A table of record.lua: `NAME = { a = 'text', b = 3 }`. */
function luaTable(name: string): Record<string, string> {
  const body = new RegExp(`local ${name} = \\{([^}]*)\\}`).exec(RECORD_LUA)![1]!;
  return Object.fromEntries(
    [...body.matchAll(/(\w+) = '?([\w.]+)'?/g)].map(([, key, value]) => [key!, value!]),
  );
}

describe('the states here are those of the scripts', () => {
  it('each letter of a message tells the state that its event names', () => {
    const events = luaTable('EVENT_OF_MESSAGE');
    expect(Object.keys(events).sort()).toEqual(Object.keys(MESSAGE_STATE_OF_LETTER).sort());
    for (const [letter, event] of Object.entries(events)) {
      expect(messageStateAfter(event)).toBe(MESSAGE_STATE_OF_LETTER[letter]);
    }
    expect(Object.values(MESSAGE_STATE_OF_LETTER).sort()).toEqual([...MESSAGE_STATES].sort());
  });

  it('each letter of a challenge tells the state that its event leads to', () => {
    const events = luaTable('EVENT_OF_STATE');
    expect(Object.keys(events).length).toBeGreaterThanOrEqual(5);
    for (const [letter, event] of Object.entries(events)) {
      expect(STATE_AFTER_EVENT[event], event).toBe(STATE_OF_LETTER[letter]);
    }
    const letters = /local PENDING, .* = (.*)/.exec(RECORD_LUA)![1]!.match(/\w/g)!;
    expect(letters.map((letter) => STATE_OF_LETTER[letter])).toEqual([
      'pending',
      'approving',
      'approved',
      'expired',
      'locked',
      'canceled',
      'denied',
      'undeliverable',
    ]);
    // What was refused never was in Redis.
    expect([...Object.values(STATE_OF_LETTER), 'refused'].sort()).toEqual([...CHALLENGE_STATES].sort());
  });

  it('a delivery never goes back: sent, dropped, delivered, read rise, and what is not accepted yet is below', () => {
    const rank = luaTable('RANK');
    const rising = ['q', 'a', 't', 'x', 'd', 'r'].map((letter) => Number(rank[letter]));
    expect(rising).toEqual([...rising].sort((left, right) => left - right));
    expect(new Set(rising).size).toBe(rising.length);
    expect(Object.keys(rank).sort()).toEqual(Object.keys(MESSAGE_STATE_OF_LETTER).sort());
  });

  it.each([
    'challenge.approved',
    'message.',
    'message.constructor',
    'message.sent.twice',
    'sent',
    '',
    'constructor',
  ])('%j is no event of a message', (event) => expect(messageStateAfter(event)).toBeUndefined());
});

it('each channel has a letter of its own', () => {
  for (const channel of CHANNELS) {
    expect(LETTER_OF_CHANNEL[channel]).toMatch(/^[a-z]$/);
    expect(channelOfLetter(LETTER_OF_CHANNEL[channel])).toBe(channel);
  }
});

describe('a record as the scripts keep it', () => {
  const RECORD = {
    s: 'P',
    k: 'c',
    t: 'ten',
    g: 'gen:7',
    o: '1000',
    e: '601000',
    f: '2',
    fm: '5',
    n: '3',
    ra: '31000',
    y: 'test',
    p: 'transaction',
    lg: 'es_MX',
    md: '{"order":"A-17"}',
    c: 'k1.sealed',
    sr: 'first-',
    sr2: 'second-',
    sr3: 'third',
    m1: 'd:w:2:0:tok:acc1:d:0',
    m3: 'f:s:1:0:tok:acc2::1',
    r3: 'meta_131026',
  };
  const read = (changes: Record<string, string | undefined> = {}): ReturnType<typeof fromRecord> =>
    fromRecord(
      'id',
      new Map(
        Object.entries({ ...RECORD, ...changes }).filter(([, value]) => value !== undefined) as [
          string,
          string,
        ][],
      ),
    );

  it('is read with all its parts, and without a message of which only the place is kept', () => {
    expect(read()).toEqual({
      id: 'id',
      tenantId: 'ten',
      generatorId: 'gen',
      generatorVersion: 7,
      kind: 'code',
      state: 'pending',
      reason: undefined,
      mode: 'test',
      purpose: 'transaction',
      openedAt: 1_000,
      expiresAt: 601_000,
      resendFrom: 31_000,
      endedAt: undefined,
      failures: 2,
      allowed: 5,
      sends: 3,
      language: 'es_MX',
      metadata: { order: 'A-17' },
      testNumber: false,
      sealedReceiver: 'first-second-third',
      messages: [
        {
          number: 1,
          channel: 'whatsapp',
          state: 'delivered',
          attempts: 2,
          duplicatePossible: true,
          reason: undefined,
        },
        {
          number: 3,
          channel: 'sms',
          state: 'failed',
          attempts: 1,
          duplicatePossible: false,
          reason: 'meta_131026',
        },
      ],
      sealedCode: 'k1.sealed',
    });
  });

  it('is a live one unless it says test, and has no code once it has ended', () => {
    expect(read({ y: 'live' }).mode).toBe('live');
    expect(read({ y: undefined }).mode).toBe('live');
    expect(read({ s: 'A', c: undefined, a: '5000', w: '' })).toMatchObject({
      state: 'approved',
      endedAt: 5_000,
      sealedCode: undefined,
      reason: undefined,
    });
    expect(read({ s: 'C', w: 'superseded' })).toMatchObject({ state: 'canceled', reason: 'superseded' });
  });
});

describe('what a person types (ATK-07, ATK-24)', () => {
  it.each([
    ['123456', '123456'],
    ['012345', '012345'],
    ['123 456', '123456'],
    ['123-456', '123456'],
    [' 123456\n', '123456'],
    ['1 2 3 4 5 6', '123456'],
    ['abc4', 'ABC4'],
    ['A1b2C3d4E5f6G7h', 'A1B2C3D4E5F6G7H'],
  ])('%j is the code %s', (typed, code) => expect(normaliseCode(typed)).toBe(code));

  it.each([
    '',
    ' ',
    '123',
    '1234567890123456',
    '१२३४५६',
    '１２３４５６',
    '١٢٣٤٥٦',
    '12345\u200b6',
    '123\u00a0456',
    '123\u0000456',
    '123.456',
    '123_456',
    '+123456',
    '123456;',
    'ß1234',
    'ı1234',
    `123456${' '.repeat(60)}`,
    'true!',
  ])('%j is none', (typed) => expect(normaliseCode(typed)).toBeUndefined());

  it('is never more than fifteen ASCII letters and digits, and settles at the first reading', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 70 }), (typed) => {
        const code = normaliseCode(typed);
        if (code === undefined) return;
        expect(code).toMatch(/^[A-Z0-9]{4,15}$/);
        expect(normaliseCode(code)).toBe(code);
      }),
    );
  });
});
