import { describe, expect, it } from 'vitest';
import { presetPreview } from './preset-texts.js';
import { TEMPLATE_LANGUAGES } from './template-languages.js';

const FULL = { addSecurityRecommendation: true, codeExpirationMinutes: 10 };

describe('a preview from the table of preset texts', () => {
  it('reads as Meta’s own sample answer in the two languages that it shows', () => {
    expect(presetPreview('en_US', FULL)).toEqual({
      language: 'en_US',
      body: '*{{1}}* is your verification code. For your security, do not share this code.',
      footer: 'This code expires in 10 minutes.',
      buttons: ['Copy code'],
    });
    expect(presetPreview('es_ES', { ...FULL, otpType: 'ONE_TAP' })).toEqual({
      language: 'es_ES',
      body: 'Tu código de verificación es *{{1}}*. Por tu seguridad, no lo compartas.',
      footer: 'Este código caduca en 10 minutos.',
      buttons: ['Autocompletar', 'Copiar código'],
    });
  });

  it('leaves out what is switched off, and takes own words for the buttons', () => {
    const content = {
      addSecurityRecommendation: false,
      copyCodeButtonText: 'Copia',
      autofillButtonText: 'Llena',
    };
    expect(presetPreview('es_MX', content)).toEqual({
      language: 'es_MX',
      body: 'Tu código de verificación es *{{1}}*.',
      buttons: ['Copia'],
    });
    expect(presetPreview('es_MX', { ...content, otpType: 'ZERO_TAP' }).buttons).toEqual(['Llena', 'Copia']);
  });

  it('tells when its text is in another language, but for those that WhatsApp has English texts for', () => {
    expect(presetPreview('sv', FULL)).toMatchObject({
      textLanguage: 'en',
      body: expect.stringContaining('verification code'),
    });
    for (const language of ['az', 'ky_KG', 'zu', 'en_GB', 'de_AT', 'pt_PT'])
      expect(presetPreview(language, FULL)).not.toHaveProperty('textLanguage');
  });

  it('has the code, the minutes and a button in every language', () => {
    for (const language of TEMPLATE_LANGUAGES) {
      const { body, footer, buttons } = presetPreview(language, { ...FULL, codeExpirationMinutes: 42 });
      expect([language, body.includes('*{{1}}*'), footer?.includes('42'), buttons.length]).toEqual([
        language,
        true,
        true,
        1,
      ]);
    }
  });
});
