import { describe, expect, it } from 'vitest';
import type { TemplateDraft } from '../../message-provider.js';
import { templateComponents } from './template-components.js';

const NAMED = { name: 'n', language: 'en' };
const APP = { packageName: 'com.example.app', signatureHash: 'K8a/AINcGX7' };
const WIRE_APP = { package_name: 'com.example.app', signature_hash: 'K8a/AINcGX7' };

/** Components as Meta documents them for each kind. */
const KINDS: [what: string, draft: TemplateDraft, components: object[]][] = [
  [
    'a copy button, with everything',
    {
      ...NAMED,
      category: 'AUTHENTICATION',
      addSecurityRecommendation: true,
      codeExpirationMinutes: 5,
      copyCodeButtonText: 'Copy Code',
    },
    [
      { type: 'BODY', add_security_recommendation: true },
      { type: 'FOOTER', code_expiration_minutes: 5 },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy Code' }] },
    ],
  ],
  [
    'a copy button, with nothing',
    { ...NAMED, category: 'AUTHENTICATION', addSecurityRecommendation: false },
    [
      { type: 'BODY', add_security_recommendation: false },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
    ],
  ],
  [
    'one tap',
    {
      ...NAMED,
      category: 'AUTHENTICATION',
      addSecurityRecommendation: true,
      otpType: 'ONE_TAP',
      copyCodeButtonText: 'Copy Code',
      autofillButtonText: 'Autofill',
      supportedApps: [APP],
    },
    [
      { type: 'BODY', add_security_recommendation: true },
      {
        type: 'BUTTONS',
        buttons: [
          {
            type: 'OTP',
            otp_type: 'ONE_TAP',
            text: 'Copy Code',
            autofill_text: 'Autofill',
            supported_apps: [WIRE_APP],
          },
        ],
      },
    ],
  ],
  [
    'zero tap',
    {
      ...NAMED,
      category: 'AUTHENTICATION',
      addSecurityRecommendation: false,
      otpType: 'ZERO_TAP',
      zeroTapTermsAccepted: true,
      supportedApps: [APP],
    },
    [
      { type: 'BODY', add_security_recommendation: false },
      {
        type: 'BUTTONS',
        buttons: [
          {
            type: 'OTP',
            otp_type: 'ZERO_TAP',
            zero_tap_terms_accepted: true,
            supported_apps: [WIRE_APP],
          },
        ],
      },
    ],
  ],
  [
    'words of our own, with every part',
    {
      ...NAMED,
      category: 'UTILITY',
      header: 'Sign-in',
      body: 'From {{1}} at {{2}}',
      samples: ['Lima', '10:00'],
      footer: 'Example',
      buttons: [
        { type: 'QUICK_REPLY', text: 'It was me' },
        { type: 'PHONE_NUMBER', text: 'Call', phoneNumber: '+15550001111' },
        {
          type: 'URL',
          text: 'Look',
          url: 'https://example.com/{{1}}',
          example: 'https://example.com/a',
        },
      ],
    },
    [
      { type: 'HEADER', format: 'TEXT', text: 'Sign-in' },
      { type: 'BODY', text: 'From {{1}} at {{2}}', example: { body_text: [['Lima', '10:00']] } },
      { type: 'FOOTER', text: 'Example' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'It was me' },
          { type: 'PHONE_NUMBER', text: 'Call', phone_number: '+15550001111' },
          {
            type: 'URL',
            text: 'Look',
            url: 'https://example.com/{{1}}',
            example: ['https://example.com/a'],
          },
        ],
      },
    ],
  ],
  [
    'words of our own, and nothing else',
    { ...NAMED, category: 'UTILITY', body: 'Done.', samples: [], buttons: [] },
    [{ type: 'BODY', text: 'Done.' }],
  ],
];

describe('the components of a template', () => {
  it.each(KINDS)('%s', (_what, draft, components) => {
    expect(templateComponents(draft)).toEqual(components);
  });
});
