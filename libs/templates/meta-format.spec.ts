import { describe, expect, it } from 'vitest';
import { Problem } from '#platform/errors';
import { type MetaTemplate, readMetaTemplate } from './meta-format.js';
import { checkTemplate } from './template-rules.js';

const SECURITY = { type: 'BODY', add_security_recommendation: true };
const MINUTES = { type: 'FOOTER', code_expiration_minutes: 5 };
const buttons = (...list: object[]): object => ({ type: 'BUTTONS', buttons: list });
const COPY = { type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy Code' };
const APP = { package_name: 'com.example.myapplication', signature_hash: 'K8a/AINcGX7' };
const TAP = { type: 'OTP', otp_type: 'ONE_TAP', text: 'Copy Code', autofill_text: 'Autofill' };

const template = (components: unknown[], more: Partial<MetaTemplate> = {}): MetaTemplate => ({
  name: 'sample',
  language: 'es_ES',
  category: 'AUTHENTICATION',
  components,
  ...more,
});

/** What the reading, or else the rules, complain of. */
function complaints(written: MetaTemplate): [pointer: string, code: string][] {
  const pairs = (errors: { pointer: string; code: string }[]): [string, string][] =>
    errors.map(({ pointer, code }) => [pointer, code]);
  try {
    const { input, place } = readMetaTemplate(written);
    return pairs(checkTemplate(input, place));
  } catch (error) {
    if (error instanceof Problem) return pairs(error.options.errors ?? []);
    throw error;
  }
}

describe('a template in Meta’s own format', () => {
  it('with a copy button is ours: 360dialog’s documented sample', () => {
    expect(readMetaTemplate(template([SECURITY, MINUTES, buttons(COPY)])).input).toEqual({
      name: 'sample',
      category: 'AUTHENTICATION',
      languages: [
        {
          language: 'es_ES',
          addSecurityRecommendation: true,
          codeExpirationMinutes: 5,
          otpType: 'COPY_CODE',
          copyCodeButtonText: 'Copy Code',
        },
      ],
    });
  });

  it('may have the app on the button itself, as older versions of Graph had it', () => {
    const { input } = readMetaTemplate(template([SECURITY, MINUTES, buttons({ ...TAP, ...APP })]));
    expect(input.languages[0]).toMatchObject({
      otpType: 'ONE_TAP',
      autofillButtonText: 'Autofill',
      supportedApps: [{ packageName: APP.package_name, signatureHash: APP.signature_hash }],
    });
    expect(checkTemplate(input)).toEqual([]);
  });

  it('with the documented hash, which is URL-encoded, is told where it stands', () => {
    const onButton = template([
      SECURITY,
      MINUTES,
      buttons({ ...TAP, ...APP, signature_hash: 'K8a%2FAINcGX7' }),
    ]);
    expect(complaints(onButton)).toEqual([['#/components/2/buttons/0/signature_hash', 'url_encoded']]);
    const inList = template([
      buttons({ ...TAP, supported_apps: [APP, { ...APP, signature_hash: 'K8a%2FAINcGX7' }] }),
      { type: 'BODY' },
    ]);
    expect(complaints(inList)).toEqual([
      ['#/components/0/buttons/0/supported_apps/1/signature_hash', 'url_encoded'],
    ]);
  });

  it('takes its words in either case, and a lifetime', () => {
    const { input } = readMetaTemplate(
      template([{ type: 'body' }, buttons({ type: 'otp', otp_type: 'copy_code' })], {
        category: 'authentication',
        message_send_ttl_seconds: 60,
      }),
    );
    expect(input).toMatchObject({
      category: 'AUTHENTICATION',
      languages: [{ otpType: 'COPY_CODE', ttlSeconds: 60 }],
    });
  });

  it('of the category UTILITY has words, samples and buttons', () => {
    const call = { type: 'PHONE_NUMBER', text: 'Contact Us', phone_number: '+441123456789' };
    const order = {
      type: 'URL',
      text: 'Open',
      url: 'https://e.example/{{1}}',
      example: ['https://e.example/7'],
    };
    const written = template(
      [
        { type: 'HEADER', format: 'TEXT', text: 'Your card' },
        { type: 'BODY', text: 'Hi {{1}}, call us.', example: { body_text: [['Nick']] } },
        { type: 'FOOTER', text: 'Bye' },
        buttons(order, call, { type: 'QUICK_REPLY', text: 'Stop' }),
      ],
      { category: 'UTILITY' },
    );
    expect(readMetaTemplate(written).input.languages).toEqual([
      {
        language: 'es_ES',
        header: 'Your card',
        body: 'Hi {{1}}, call us.',
        samples: ['Nick'],
        footer: 'Bye',
        buttons: [
          { type: 'URL', text: 'Open', url: order.url, example: 'https://e.example/7' },
          { type: 'PHONE_NUMBER', text: 'Contact Us', phoneNumber: '+441123456789' },
          { type: 'QUICK_REPLY', text: 'Stop' },
        ],
      },
    ]);
    expect(complaints(written)).toEqual([]);
  });

  const REFUSED: [what: string, written: MetaTemplate, pointer: string, code: string][] = [
    [
      'another category',
      template([SECURITY, buttons(COPY)], { category: 'MARKETING' }),
      '#/category',
      'not_allowed',
    ],
    ['no body', template([buttons(COPY)]), '#/components', 'required'],
    ['no button', template([SECURITY]), '#/components', 'required'],
    ['an empty list of buttons', template([SECURITY, buttons()]), '#/components/1/buttons', 'too_few'],
    [
      'two OTP buttons',
      template([SECURITY, buttons(COPY, COPY)]),
      '#/components/1/buttons/1/type',
      'too_many',
    ],
    ['two bodies', template([SECURITY, SECURITY, buttons(COPY)]), '#/components/1/type', 'not_unique'],
    [
      'a component that is no object',
      template(['BODY', SECURITY, buttons(COPY)]),
      '#/components/0',
      'object_required',
    ],
    ['a component of no type', template([{}, SECURITY, buttons(COPY)]), '#/components/0/type', 'required'],
    [
      'a component of another type',
      template([{ type: 'CAROUSEL' }, SECURITY, buttons(COPY)]),
      '#/components/0/type',
      'not_allowed',
    ],
    [
      'a flag that is text',
      template([{ type: 'BODY', add_security_recommendation: 'true' }, buttons(COPY)]),
      '#/components/0/add_security_recommendation',
      'boolean_required',
    ],
    [
      'minutes that are text',
      template([SECURITY, { type: 'FOOTER', code_expiration_minutes: '5' }, buttons(COPY)]),
      '#/components/1/code_expiration_minutes',
      'integer_required',
    ],
    [
      'too many minutes',
      template([SECURITY, { type: 'FOOTER', code_expiration_minutes: 91 }, buttons(COPY)]),
      '#/components/1/code_expiration_minutes',
      'range',
    ],
    [
      'a member that nobody knows',
      template([{ ...SECURITY, addSecurity: true }, buttons(COPY)]),
      '#/components/0/addSecurity',
      'unknown_field',
    ],
    [
      'one on a button',
      template([SECURITY, buttons({ ...COPY, color: 'red' })]),
      '#/components/1/buttons/0/color',
      'unknown_field',
    ],
    [
      'words in the body',
      template([{ ...SECURITY, text: 'x' }, buttons(COPY)]),
      '#/components/0/text',
      'not_allowed',
    ],
    [
      'a button of another kind',
      template([SECURITY, buttons({ type: 'URL', text: 'x', url: 'https://e.example' })]),
      '#/components/1/buttons',
      'not_allowed',
    ],
    [
      'an unknown kind of code',
      template([SECURITY, buttons({ ...COPY, otp_type: 'TWO_TAP' })]),
      '#/components/1/buttons/0/otp_type',
      'not_allowed',
    ],
    [
      'a long text',
      template([SECURITY, buttons({ ...COPY, text: 'x'.repeat(26) })]),
      '#/components/1/buttons/0/text',
      'length',
    ],
    [
      'the terms left open',
      template([SECURITY, buttons({ ...TAP, otp_type: 'ZERO_TAP', supported_apps: [APP] })]),
      '#/components/1/buttons/0/zero_tap_terms_accepted',
      'required',
    ],
    [
      'no app for a tap',
      template([SECURITY, buttons(TAP)]),
      '#/components/1/buttons/0/supported_apps',
      'required',
    ],
    [
      'an app in both places',
      template([SECURITY, buttons({ ...TAP, ...APP, supported_apps: [APP] })]),
      '#/components/1/buttons/0/package_name',
      'not_allowed',
    ],
    [
      'a lifetime out of range',
      template([SECURITY, buttons(COPY)], { message_send_ttl_seconds: 5 }),
      '#/message_send_ttl_seconds',
      'range',
    ],
    [
      'a language that is none',
      template([SECURITY, buttons(COPY)], { language: 'pt' }),
      '#/language',
      'not_allowed',
    ],
    [
      'a missing sample',
      template([{ type: 'BODY', text: 'Hi {{1}}, x' }], { category: 'UTILITY' }),
      '#/components/0',
      'count',
    ],
    [
      'a sample that is a number',
      template([{ type: 'BODY', text: 'Hi {{1}}, x', example: { body_text: [[1]] } }], {
        category: 'UTILITY',
      }),
      '#/components/0/example/body_text',
      'string_required',
    ],
    [
      'a picture for a header',
      template(
        [
          { type: 'HEADER', format: 'IMAGE' },
          { type: 'BODY', text: 'x' },
        ],
        { category: 'UTILITY' },
      ),
      '#/components/0/format',
      'not_allowed',
    ],
  ];
  it.each(REFUSED)('is refused with %s', (_what, written, pointer, code) =>
    expect(complaints(written)).toContainEqual([pointer, code]),
  );

  it('ATK-41 no complaint repeats a value', () => {
    const secret = 'Zq7xSecretWord';
    const written = template(
      [
        { type: secret },
        { ...SECURITY, add_security_recommendation: secret },
        buttons({ ...COPY, otp_type: secret }),
      ],
      { category: secret },
    );
    try {
      readMetaTemplate(written);
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify((error as Problem).options)).not.toContain(secret);
    }
  });
});
