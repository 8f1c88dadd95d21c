import { describe, expect, it } from 'vitest';
import { readReply, stopLanguage } from './reply-words.js';

describe('a reply is the whole message, in the language that was asked in', () => {
  it.each([
    ['en', 'yes', 'yes'],
    ['en', 'Y', 'yes'],
    ['en', ' Yes! ', 'yes'],
    ['es_MX', 'sí', 'yes'],
    ['es', 'SI.', 'yes'],
    ['es', 'YES', 'yes'],
    ['pt_BR', 'Sim', 'yes'],
    ['pt', 'não', 'no'],
    ['es', 'No', 'no'],
    ['en', 'n', 'no'],
    ['fr', 'yes', 'yes'],
    ['en', '👍🏽', 'yes'],
    ['es', '👎', 'no'],
    ['es', 'y', undefined],
    ['es', 'y no fui yo', undefined],
    ['pt', 'y', undefined],
    ['es', 'sí pero no', undefined],
    ['en', 'yes please', undefined],
    ['en', 'no problem, yes', undefined],
    ['en', 'ye s', undefined],
    ['en', '', undefined],
    ['en', '...', undefined],
    ['en', 'y'.repeat(500), undefined],
  ] as const)('%s: "%s" is %s', (language, text, expected) => {
    expect(readReply(text, language)).toBe(expected);
  });
});

describe('STOP words', () => {
  it.each([
    ['STOP', 'en'],
    [' stop. ', 'en'],
    ['Unsubscribe', 'en'],
    ['ARRÊT', 'en'],
    ['Baja', 'es'],
    ['dar de baja', 'es'],
    ['PARAR', 'pt'],
    ['¡Alto!', 'es'],
    ['stop it', undefined],
    ['do not stop', undefined],
    ['no', undefined],
    ['non-stop', undefined],
    ['', undefined],
  ] as const)('"%s" is one of %s', (text, language) => {
    expect(stopLanguage(text)).toBe(language);
  });
});
