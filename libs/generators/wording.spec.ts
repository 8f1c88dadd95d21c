import { describe, expect, it } from 'vitest';
import { PURPOSES } from './purposes.js';
import { builtInWording, judgeWording, renderWording } from './wording.js';

const VALUES = { code: '012345', minutes: '10' };
const TRANSACTION = { amount: '120.00', currency: 'MXN', payee: 'ACME' };

describe('a wording that is refused (BI-83)', () => {
  it.each([
    ['an unclosed placeholder', 'your code is {{code', 'placeholder_unclosed'],
    ['one unclosed beside a whole one', '{{code}} and {{minutes', 'placeholder_unclosed'],
    ['braces that close nothing', '{{code}} }}', 'placeholder_unclosed'],
    ['no code', 'your code', 'code_once'],
    ['two codes', '{{code}} {{code}}', 'code_once'],
    ['a name nobody knows', '{{code}} {{name}}', 'placeholder_unknown'],
    ['a name with spaces', '{{ code }}', 'placeholder_unknown'],
    ['a name of an object', '{{code}} {{constructor}}', 'placeholder_unknown'],
    ['the name of a prototype', '{{code}} {{__proto__}}', 'placeholder_unknown'],
    ['logic', '{{#if code}}{{code}}{{/if}}', 'placeholder_unknown'],
    ['three braces', '{{{code}}}', 'placeholder_unknown'],
    ['a tag', '<b>{{code}}</b>', 'markup'],
    ['a script', '{{code}}<script>alert(1)</script>', 'markup'],
    ['a comment', '{{code}}<!-- -->', 'markup'],
    ['NUL', '{{code}}\u0000', 'format'],
    ['text turned round', '{{code}}\u202e', 'format'],
    ['a character without width', '{{co\u200bde}}', 'format'],
    ['too much', `{{code}}${'x'.repeat(1_000)}`, 'too_long'],
  ])('%s', (_what, text, code) => {
    expect(judgeWording({ text }, 'forbidden')).toEqual([expect.objectContaining({ field: 'text', code })]);
  });

  it.each([
    ['the code, which a locked screen would show', '{{code}}', 'placeholder_not_allowed'],
    ['two lines, which would make a header of the second', 'a\nBcc: b@example.com', 'format'],
    ['an unclosed placeholder', '{{minutes', 'placeholder_unclosed'],
    ['a tag', '<i>x</i>', 'markup'],
  ])('a subject with %s', (_what, subject, code) => {
    expect(judgeWording({ subject, text: '{{code}}' }, 'forbidden')).toEqual([
      expect.objectContaining({ field: 'subject', code }),
    ]);
  });
});

describe('a wording that is taken', () => {
  it.each([
    ['an expression of another language (ATK-41)', '{{code}} ${7*7} #{7*7} <%= 7*7 %>'],
    ['SQL, which means nothing to anybody here', "{{code}}'; DROP TABLE challenges; --"],
    ['single braces and an arrow', '{code} {{code}} a < b, a <3'],
  ])('%s stays as it is written', (_what, text) => {
    expect(judgeWording({ text }, 'forbidden')).toEqual([]);
    expect(renderWording({ text }, VALUES).text).toBe(text.replace('{{code}}', '012345'));
  });

  it('takes values once: what looks like a placeholder in a payee stays as it is (ATK-41)', () => {
    const wording = { subject: '{{payee}}', text: '{{code}} {{amount}} {{currency}} {{payee}}' };
    const payee = '{{code}} {{constructor}} $& $1';
    expect(renderWording(wording, { ...VALUES, ...TRANSACTION, payee })).toEqual({
      subject: payee,
      text: `012345 120.00 MXN ${payee}`,
    });
  });
});

describe('the built-in wording', () => {
  it.each(['en', 'es', 'es_MX', 'pt_BR', 'xx'])(
    '%s says what each code is for, differently (STD-35)',
    (language) => {
      const texts = PURPOSES.map((purpose) => builtInWording(language, purpose, false));
      for (const wording of texts) expect(judgeWording(wording, 'forbidden')).toEqual([]);
      expect(new Set(texts.map(({ text }) => text)).size).toBe(PURPOSES.length);
      expect(new Set(texts.map(({ subject }) => subject)).size).toBe(PURPOSES.length);
      const about = builtInWording(language, 'transaction', true);
      expect(judgeWording(about, 'required')).toEqual([]);
      const { text } = renderWording(about, { ...VALUES, ...TRANSACTION });
      for (const value of [...Object.values(TRANSACTION), VALUES.code, VALUES.minutes])
        expect(text).toContain(value);
      expect(text).not.toMatch(/[{}]/);
    },
  );
});
