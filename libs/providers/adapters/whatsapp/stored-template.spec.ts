import { describe, expect, it } from 'vitest';
import { readStoredTemplate } from './stored-template.js';

const STORED_URL = 'https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE';
const BODY = {
  type: 'BODY',
  text: '*{{1}}* is your verification code. For your security, do not share this code.',
  add_security_recommendation: true,
  example: { body_text: [['123456']] },
};
const FOOTER = { type: 'FOOTER', text: 'This code expires in 10 minutes.', code_expiration_minutes: 10 };
const buttons = (...list: object[]): object => ({ type: 'BUTTONS', buttons: list });
const COPY = {
  type: 'URL',
  text: 'Copy code',
  url: `${STORED_URL}&code_expiration_minutes=10&code=otp{{1}}`,
  example: [`${STORED_URL}&code_expiration_minutes=10&code=otp123456`],
};

describe('a stored template', () => {
  it('of a code reads back as its switches, as a real list shows it', () => {
    expect(readStoredTemplate('AUTHENTICATION', [BODY, FOOTER, buttons(COPY)], 600)).toEqual({
      category: 'AUTHENTICATION',
      addSecurityRecommendation: true,
      codeExpirationMinutes: 10,
      otpType: 'COPY_CODE',
      copyCodeButtonText: 'Copy code',
      ttlSeconds: 600,
    });
  });

  it('of a code may still have its OTP button, in lower case, and no footer', () => {
    const app = { package_name: 'com.example.app', signature_hash: 'K8a/AINcGX7' };
    const button = { type: 'otp', otp_type: 'one_tap', autofill_text: 'Fill', supported_apps: [app] };
    expect(
      readStoredTemplate('AUTHENTICATION', [{ type: 'body' }, buttons(button)].map(lower), undefined),
    ).toEqual({
      category: 'AUTHENTICATION',
      addSecurityRecommendation: false,
      otpType: 'ONE_TAP',
      autofillButtonText: 'Fill',
      supportedApps: [{ packageName: 'com.example.app', signatureHash: 'K8a/AINcGX7' }],
    });
  });

  it('of one tap names its app in the address of its button', () => {
    const query =
      'otp_type=ONE_TAP&cta_display_name=Fill%20it&package_name=com.e.app&signature_hash=K8a%2FAINcGX7';
    const url = `https://www.whatsapp.com/otp/code/?${query}&code=otp{{1}}`;
    expect(
      readStoredTemplate('AUTHENTICATION', [BODY, buttons({ type: 'URL', text: 'Copy', url })], null),
    ).toMatchObject({
      otpType: 'ONE_TAP',
      autofillButtonText: 'Fill it',
      supportedApps: [{ packageName: 'com.e.app', signatureHash: 'K8a/AINcGX7' }],
    });
  });

  it.each([
    ['no components', 'AUTHENTICATION', undefined],
    ['something else in their place', 'AUTHENTICATION', 'x'],
    ['a component that is none', 'AUTHENTICATION', [BODY, null, buttons(COPY)]],
    ['two bodies', 'AUTHENTICATION', [BODY, BODY, buttons(COPY)]],
    ['a code without a button', 'AUTHENTICATION', [BODY, FOOTER]],
    [
      'a code under a header',
      'AUTHENTICATION',
      [{ type: 'HEADER', format: 'TEXT', text: 'x' }, BODY, buttons(COPY)],
    ],
    ['a code with two buttons', 'AUTHENTICATION', [BODY, buttons(COPY, COPY)]],
    [
      'a code with a button of another kind',
      'AUTHENTICATION',
      [BODY, buttons({ ...COPY, url: 'https://e.example' })],
    ],
    [
      'a code with a kind of next year',
      'AUTHENTICATION',
      [BODY, buttons({ type: 'OTP', otp_type: 'TWO_TAP' })],
    ],
    ['another category', 'MARKETING', [{ type: 'BODY', text: 'Sale' }]],
    ['a carousel', 'UTILITY', [{ type: 'BODY', text: 'x' }, { type: 'CAROUSEL' }]],
    [
      'a picture',
      'UTILITY',
      [
        { type: 'HEADER', format: 'IMAGE' },
        { type: 'BODY', text: 'x' },
      ],
    ],
    [
      'a value in the header',
      'UTILITY',
      [
        { type: 'HEADER', format: 'TEXT', text: 'Hi {{1}}' },
        { type: 'BODY', text: 'x' },
      ],
    ],
    ['named values', 'UTILITY', [{ type: 'BODY', text: 'Hi {{name}}, x', example: { body_text: [['N']] } }]],
    ['a value without a sample', 'UTILITY', [{ type: 'BODY', text: 'Hi {{1}}, x' }]],
    ['no words', 'UTILITY', [buttons({ type: 'QUICK_REPLY', text: 'x' })]],
    ['a coupon', 'UTILITY', [{ type: 'BODY', text: 'x' }, buttons({ type: 'COPY_CODE', example: '20OFF' })]],
    [
      'a varying link behind another button',
      'UTILITY',
      [
        { type: 'BODY', text: 'x' },
        buttons({ type: 'QUICK_REPLY', text: 'x' }, { type: 'URL', text: 'x', url: 'https://e/{{1}}' }),
      ],
    ],
  ])('with %s is none that we could have made', (_what, category, components) =>
    expect(readStoredTemplate(category, components, 600)).toBeUndefined(),
  );
});

function lower(component: object): object {
  return { ...component, type: (component as { type: string }).type.toLowerCase() };
}
