import { describe, expect, it } from 'vitest';
import { readReply } from './reply-words.js';

describe('a reply to a question', () => {
  it.each([
    ['en', 'Y', 'yes'],
    ['en', 'yes', 'yes'],
    ['en', '  YES!! ', 'yes'],
    ['en', '👍🏽', 'yes'],
    ['en', '👎️', 'no'],
    ['en', 'N.', 'no'],
    ['en', '“No”', 'no'],
    ['es_MX', 'Sí', 'yes'],
    ['es', 'SI.', 'yes'],
    ['es', 'Y', 'yes'],
    ['es', 'no', 'no'],
    ['pt_BR', 'Sim', 'yes'],
    ['pt', 'NÃO', 'no'],
    ['pt', 'na\u0303o', 'no'],
    ['fr', 'Oui !', 'yes'],
    ['fr', 'NON', 'no'],
    ['de', 'Ja', 'yes'],
    ['de', 'nein', 'no'],
    ['it', 'sì', 'yes'],
    ['xx', 'yes', 'yes'],
  ])('in %s "%s" is %s', (language, text, answer) => {
    expect(readReply(text, language)).toEqual({ answer });
  });

  it.each([
    ['y no fui yo', 'es'],
    ['Y no fui yo', 'en'],
    ['si fuera yo', 'es'],
    ['sim', 'en'],
    ['oui', 'es'],
    ['ja', 'pt'],
    ['no problem', 'en'],
    ['yes no', 'en'],
    ['YES?', 'en'],
    ['¿sí?', 'es'],
    ['👍👎', 'en'],
    ['', 'en'],
    ['47', 'en'],
    ['Y 4', 'en'],
    ['Y 471', 'en'],
    ['47 Y 48', 'en'],
    [`y${' '.repeat(80)}`, 'en'],
  ])('"%s" in %s is neither yes nor no', (text, language) => {
    expect(readReply(text, language)).toBeUndefined();
  });

  it.each(['Y 47', 'y47', '47 y', 'Y-47', 'Y  47.', 'Ｙ ４７', '👍 47'])(
    '"%s" names the question',
    (text) => {
      expect(readReply(text, 'en')).toEqual({ answer: 'yes', reference: '47' });
    },
  );
});
