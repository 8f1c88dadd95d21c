import { describe, expect, it } from 'vitest';
import { parseEmail } from './email.js';

const canonical = (text: string): string => {
  const parsed = parseEmail(text);
  if (typeof parsed === 'string') throw new Error(`refused: ${text}`);
  return parsed.canonical;
};

describe('e-mail addresses', () => {
  it.each([
    'a@example.com',
    'first.last@mail.example.co.uk',
    "o'neil+tag@example.com",
    'x@bücher.example',
    'x@xn--bcher-kva.example',
    '用户@例子.中国',
    `${'l'.repeat(64)}@example.com`,
  ])('that are one addr-spec are taken as written: %s (BI-21)', (text) => {
    expect(parseEmail(text)).toMatchObject({ address: text });
  });

  it.each([
    ['no domain with a dot', 'a@b'],
    ['a space', 'a b@c.de'],
    ['a line break and a header', 'a@x.de\r\nBcc:b@y.de'],
    ['a line break at the end', 'a@x.de\n'],
    ['a quoted local part', '"a@evil.example x"@ok.example'],
    ['a comment', 'a(x)@ok.example'],
    ['a comment after it', 'a@ok.example(x)'],
    ['a group', 'team:a@x.de,b@y.de;'],
    ['two addresses', 'a@x.de,b@y.de'],
    ['two at signs', 'a@b@c.de'],
    ['a display name', 'A <a@x.de>'],
    ['an address literal', 'a@[127.0.0.1]'],
    ['an IP address', 'a@127.0.0.1'],
    ['an IP address in full-width digits', 'a@１２７.0.0.1'],
    ['a route', '@x.de:a@y.de'],
    ['a percent-encoded domain', 'a@x%2ede.example'],
    ['a leading dot', '.a@x.de'],
    ['two dots in a row', 'a..b@x.de'],
    ['an empty label', 'a@x..de'],
    ['a label that begins with a dash', 'a@-x.de'],
    ['a trailing dot', 'a@x.de.'],
    ['a NUL', 'a\u0000@x.de'],
    ['a zero-width space', 'a\u200b@x.de'],
    ['a right-to-left override', 'a\u202e@x.de'],
    ['a full-width at sign', 'a＠y.de@x.de'],
    ['nothing before the at sign', '@x.de'],
    ['nothing', ''],
    ['a local part of 65', `${'l'.repeat(65)}@x.de`],
    [
      '255 characters',
      `a@${'d'.repeat(60)}.${'d'.repeat(60)}.${'d'.repeat(60)}.${'d'.repeat(60)}.${'d'.repeat(9)}`,
    ],
    ['a label of 64', `a@${'d'.repeat(64)}.de`],
    ['a phone number', '+525512345678'],
  ])('are refused with %s (ATK-23, BI-21, BI-22)', (_what, text) => {
    expect(parseEmail(text)).toBe('invalid_email');
  });

  it('share one counter however they are spelled (ATK-26)', () => {
    for (const text of [
      'a+1@example.com',
      'A@example.com',
      'a@EXAMPLE.com',
      '𝐚@example.com',
      'ａ+x+y@Example.Com',
    ])
      expect(canonical(text), text).toBe('a@example.com');
    expect(canonical('x@BÜCHER.example')).toBe(canonical('x@xn--bcher-kva.example'));
  });

  it('are other people where only their provider could tell that they are not', () => {
    expect(canonical('f.irst@example.com')).not.toBe(canonical('first@example.com'));
    expect(canonical('f.ir.st+a@googlemail.com')).toBe(canonical('First@gmail.com'));
    expect(canonical('+tag@example.com')).toBe('+tag@example.com');
  });

  it('of 64 KB are refused without being read (ATK-23)', () => {
    const normalize = String.prototype.normalize;
    let normalized = 0;
    String.prototype.normalize = function (form) {
      normalized++;
      return normalize.call(this, form);
    };
    try {
      for (const text of ['('.repeat(65_536), `${'a.'.repeat(32_768)}@x.de`, `a@${'x.'.repeat(32_768)}de`])
        expect(parseEmail(text)).toBe('invalid_email');
    } finally {
      String.prototype.normalize = normalize;
    }
    expect(normalized).toBe(0);
  });
});
