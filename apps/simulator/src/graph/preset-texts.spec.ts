import { expect, it } from 'vitest';
import { presetBody, presetFooter, presetTexts } from './preset-texts.js';

it.each([
  [
    'en_GB',
    '*{{1}}* is your verification code. For your security, do not share this code.',
    'This code expires in 7 minutes.',
    'Copy code',
  ],
  [
    'es_AR',
    'Tu código de verificación es *{{1}}*. Por tu seguridad, no lo compartas.',
    'Este código caduca en 7 minutos.',
    'Copiar código',
  ],
  [
    'pt_BR',
    'Seu código de verificação é *{{1}}*. Para sua segurança, não o compartilhe.',
    'Este código expira em 7 minutos.',
    'Copiar código',
  ],
  [
    'pt_PT',
    '*{{1}}* é o teu código de verificação. Para tua segurança, não partilhes este código.',
    'Este código expira dentro de 7 minutos.',
    'Copiar código',
  ],
  [
    'zu',
    '*{{1}}* is your verification code. For your security, do not share this code.',
    'This code expires in 7 minutes.',
    'Copy code',
  ],
])('the preset texts of %s', (language, body, footer, copy) => {
  expect([presetBody(language, true), presetFooter(language, 7), presetTexts(language).copy]).toEqual([
    body,
    footer,
    copy,
  ]);
});
