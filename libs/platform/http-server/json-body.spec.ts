import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '#platform/errors';
import { parseJsonBody } from './json-body.js';

function read(text: string): unknown {
  return parseJsonBody(Buffer.from(text));
}

/** The code of the refusal, or 'accepted'. Anything thrown that is no Problem fails the test. */
function refusal(body: string | Buffer): string {
  try {
    parseJsonBody(Buffer.from(body));
    return 'accepted';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

function duplicated(text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    return (error as Problem).options.errors;
  }
}

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];
const key = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((text) => !FORBIDDEN.includes(text) && !text.includes('\0'));
const ordinary = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

describe('an ordinary body', () => {
  it('is read as JSON.parse reads it, however it is spaced', () => {
    fc.assert(
      fc.property(ordinary, fc.constantFrom(undefined, 1, '\t', ' \n'), (value, spacing) => {
        expect(read(JSON.stringify(value, undefined, spacing))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it('may hold braces, colons, quotes and backslashes in its strings', () => {
    const value = { 'a:{"b': '}}]]::\\"\\\\', 'c\\': '\\', 'd"e': '":"' };
    expect(read(JSON.stringify(value))).toEqual(value);
  });

  it('may be no object at all, and may be nothing', () => {
    for (const text of ['1', '"a"', 'null', 'true', '[]']) expect(read(text)).toEqual(JSON.parse(text));
    expect(parseJsonBody(Buffer.alloc(0))).toBeUndefined();
  });

  it('may have characters beyond the basic plane, in clear and as a pair of escapes', () => {
    expect(read('{"a":"😀","b":"\\ud83d\\ude00"}')).toEqual({ a: '😀', b: '😀' });
  });
});

describe('a repeated key', () => {
  it.each([
    ['at the top', '{"code":"1","code":"2"}', ['#/code']],
    ['with the same value', '{"a":1,"a":1}', ['#/a']],
    ['three times', '{"a":1,"a":1,"a":1}', ['#/a']],
    ['two of them', '{"a":1,"b":1,"a":2,"b":2}', ['#/a', '#/b']],
    ['written in escapes', '{"code":1,"\\u0063ode":2}', ['#/code']],
    ['spaced', '{"a" : 1 ,\n"a"\t:\t2}', ['#/a']],
    ['that is empty', '{"":1,"":2}', ['#/']],
    ['that needs escaping in a pointer', '{"a/b~c":1,"a/b~c":2}', ['#/a~1b~0c']],
    ['behind the same name as a value', '{"a":"a","b":"a","a":2}', ['#/a']],
    ['inside', '{"context":{"amount":"1","amount":"2"}}', []],
    ['inside a list', '[{"a":1,"a":2}]', []],
    ['deep inside', '{"a":{"b":[{"c":{"d":1,"d":2}}]}}', []],
    ['that hides an object', '{"a":{"x":1,"y":{"z":2}},"a":3}', ['#/a']],
  ])('%s', (_where, text, pointers) => {
    expect(refusal(text)).toBe('request.duplicate_key');
    expect(duplicated(text)).toEqual(pointers.map((pointer) => ({ pointer, code: 'duplicate_key' })));
  });

  it('is found wherever it is planted', () => {
    const object = fc.dictionary(key, ordinary, { minKeys: 1, maxKeys: 5, noNullPrototype: true });
    fc.assert(
      fc.property(object, fc.nat(), fc.integer({ min: 0, max: 4 }), (value, which, depth) => {
        const names = Object.keys(value);
        const twice = JSON.stringify(names[which % names.length]);
        let text = `${JSON.stringify(value).slice(0, -1)},${twice}:0}`;
        for (let level = 0; level < depth; level++) text = level % 2 ? `{"k":${text}}` : `[${text}]`;
        expect(refusal(text)).toBe('request.duplicate_key');
      }),
      { numRuns: 500 },
    );
  });

  it('in two different objects is no repetition', () => {
    expect(refusal('{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]}')).toBe('accepted');
  });
});

describe('a key that reaches a prototype (ATK-27)', () => {
  it.each(
    FORBIDDEN.flatMap((name) => {
      const escapes = [...name].map(
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      return [
        name,
        escapes.join(''),
        escapes[0] + name.slice(1),
        name.slice(0, -1) + escapes.at(-1)!,
        name.slice(0, 3) + escapes[3]!.toUpperCase().replace('\\U', '\\u') + name.slice(4),
      ];
    }),
  )('is refused as %s, at the top, inside, and in a list', (name) => {
    for (const text of [`{"${name}":1}`, `{"a":{"${name}":{"admin":true}}}`, `[{"a":[{"${name}":1}]}]`]) {
      expect(refusal(text), text).toBe('request.forbidden_key');
    }
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('is a value like any other', () => {
    for (const name of FORBIDDEN) expect(refusal(JSON.stringify({ a: name, b: [name] }))).toBe('accepted');
  });

  it.each(['_proto_', '__proto', 'Constructor', 'toString', 'hasOwnProperty', '__PROTO__'])(
    'is not %s, which the rules of the DTO refuse if need be',
    (name) => expect(refusal(`{"${name}":1}`)).toBe('accepted'),
  );
});

describe('characters that nothing behind can keep', () => {
  it.each([
    ['NUL in a value', '{"a":"x\\u0000y"}'],
    ['NUL in a key', '{"a\\u0000":1}'],
    ['NUL in a list', '["\\u0000"]'],
    ['the first half of a pair', '{"a":"\\ud83d"}'],
    ['the second half of a pair', '{"a":"\\ude00"}'],
    ['the halves in the wrong order', '{"a":"\\ude00\\ud83d"}'],
    ['half a pair in a key', '{"\\ud83d":1}'],
  ])('are refused: %s', (_what, text) => expect(refusal(text)).toBe('request.forbidden_character'));

  it.each([
    ['a NUL that is not escaped', Buffer.from('{"a":"\0"}'), 'request.invalid_json'],
    ['a new line in a string', Buffer.from('{"a":"\n"}'), 'request.invalid_json'],
    ['Latin-1', Buffer.from('{"a":"é"}', 'latin1'), 'request.invalid_encoding'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), 'request.invalid_json'],
    [
      'half a surrogate pair in bytes',
      Buffer.from([0x22, 0xed, 0xa0, 0xbd, 0x22]),
      'request.invalid_encoding',
    ],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'request.invalid_encoding'],
    ['a cut character', Buffer.from('{"a":"é"}').subarray(0, 7), 'request.invalid_encoding'],
    ['a byte order mark', Buffer.from('\ufeff{"a":1}'), 'request.invalid_json'],
  ])('or cannot be read: %s', (_what, body, code) => expect(refusal(body)).toBe(code));

  it.each([
    '{',
    '{"a":}',
    '{"a":1,}',
    "{'a':1}",
    '{a:1}',
    'NaN',
    '01',
    '"a',
    '{"a":1}}',
    '{"a":1} {"b":2}',
    ' ',
    '[1,]',
    '//x\n1',
  ])('nor is %j JSON', (text) => expect(refusal(text)).toBe('request.invalid_json'));
});

describe('size', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const keys = (count: number): string =>
    `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(',')}}`;

  it('ten levels and five hundred keys are enough, one more is too much', () => {
    expect(refusal(nested(10))).toBe('accepted');
    expect(refusal(nested(11))).toBe('request.too_complex');
    expect(refusal('{"a":'.repeat(10) + '1' + '}'.repeat(10))).toBe('accepted');
    expect(refusal('{"a":'.repeat(11) + '1' + '}'.repeat(11))).toBe('request.too_complex');
    expect(refusal(keys(500))).toBe('accepted');
    expect(refusal(keys(501))).toBe('request.too_complex');
    expect(refusal(`[${Array.from({ length: 501 }, () => '{"a":1}').join(',')}]`)).toBe(
      'request.too_complex',
    );
  });

  it('braces in strings do not count', () => {
    expect(refusal(JSON.stringify({ a: nested(50), b: '"a":'.repeat(600) }))).toBe('accepted');
  });

  const MANY = 2_000_000;
  it.each([
    ['nesting that never ends', '['.repeat(MANY)],
    ['nesting that does', nested(MANY / 2)],
    ['one long string', `"${'a'.repeat(MANY)}"`],
    ['backslashes', `"${'\\\\'.repeat(MANY / 2)}"`],
    ['a string without an end', `"${'\\"'.repeat(MANY / 2)}`],
    ['empty strings', `[${'"",'.repeat(MANY / 3)}""]`],
    ['escapes', `"${'\\u0061'.repeat(MANY / 6)}"`],
    ['one key, over and over', `{${'"a":1,'.repeat(499)}"a":"${'b'.repeat(MANY)}"}`],
    ['long keys, twice', `{"${'k'.repeat(MANY / 2)}":1,"${'k'.repeat(MANY / 2)}":1}`],
    ['spaces', `{"a"${' '.repeat(MANY)}:1,"a":2}`],
    ['digits', '9'.repeat(MANY)],
    ['commas', `[${','.repeat(MANY)}]`],
    ['colons', ':'.repeat(MANY)],
  ])('takes time in proportion: two megabytes of %s', (_what, text) => {
    const body = Buffer.from(text);
    const from = performance.now();
    refusal(body);
    // Tens of milliseconds when linear; minutes when not.
    expect(performance.now() - from).toBeLessThan(1_500);
  });
});
