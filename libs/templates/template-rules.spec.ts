import { describe, expect, it } from 'vitest';
import type { ButtonInput, LanguageInput, TemplateInput } from './template-input.js';
import { checkTemplate, toBody, warningsOf } from './template-rules.js';

type Row = [what: string, change: object, pointer: string, code: string];

const APP = { packageName: 'com.example.app', signatureHash: 'K8a/AINcGX7' };
const ONE_TAP = { otpType: 'ONE_TAP', supportedApps: [APP] } as const;
const ZERO_TAP = { otpType: 'ZERO_TAP', supportedApps: [APP], zeroTapTermsAccepted: true } as const;
const CALL: ButtonInput = { type: 'PHONE_NUMBER', text: 'Contact Us', phoneNumber: '+441123456789' };
const REPLY: ButtonInput = { type: 'QUICK_REPLY', text: 'Stop' };
const SITE: ButtonInput = { type: 'URL', text: 'Open', url: 'https://shop.example/help' };
const ORDER: ButtonInput = {
  type: 'URL',
  text: 'Open',
  url: 'https://shop.example/orders/{{1}}',
  example: 'https://shop.example/orders/A-17',
};
const BODY = 'Hi {{1}}, your card {{2}} has been sent to your address today.';
const WORDS = { body: BODY, samples: ['Nick', '4711'] };

const code = (change: object = {}): TemplateInput => ({
  name: 'login_code',
  category: 'AUTHENTICATION',
  languages: [{ language: 'en', ...change }],
});
const words = (change: object = {}): TemplateInput => ({
  name: 'card_activation',
  category: 'UTILITY',
  languages: [{ language: 'en', ...WORDS, ...change }],
});
const told = (input: TemplateInput): [string, string][] =>
  checkTemplate(input).map(({ pointer, code: rule }) => [pointer, rule]);
const at = (pointer: string): string => `#/languages/0/${pointer}`;

describe('every template', () => {
  it.each([
    ['one letter', 'a'],
    ['512 characters', 'a'.repeat(512)],
    ['digits and underscores', '2_fa'],
  ])('may be called by %s', (_what, name) => expect(told({ ...code(), name })).toEqual([]));

  it.each([
    ['nothing', ''],
    ['513 characters', 'a'.repeat(513)],
    ['a dash', 'login-code'],
    ['a space', 'login code'],
    ['another script', 'код'],
  ])('may not be called by %s', (_what, name) =>
    expect(told({ ...code(), name })).toEqual([['#/name', 'format']]),
  );

  it('is told that its name would do in lower case, without a repetition of it', () => {
    const [error] = checkTemplate({ ...words(), name: 'Card_activation' });
    expect(error).toMatchObject({ pointer: '#/name', code: 'format' });
    expect(error!.detail).toMatch(/lower case would be one$/);
    expect(JSON.stringify(error)).not.toContain('Card');
    expect(checkTemplate({ ...words(), name: 'Card activation' })[0]!.detail).not.toMatch(/would be/);
  });

  it.each(['en', 'en_US', 'es_MX', 'pt_BR', 'zh_CN', 'fil', 'ky_KG'])('may be in %s', (language) =>
    expect(told(code({ language }))).toEqual([]),
  );

  it.each(['pt', 'EN', 'en-US', 'GB', 'english', ''])('may not be in %j', (language) =>
    expect(told(code({ language }))).toEqual([[at('language'), 'not_allowed']]),
  );

  it('has a language, and each once', () => {
    expect(told({ ...code(), languages: [] })).toEqual([['#/languages', 'too_few']]);
    const twice = { ...code(), languages: [{ language: 'en' }, { language: 'es' }, { language: 'en' }] };
    expect(told(twice)).toEqual([['#/languages/2/language', 'not_unique']]);
  });

  it.each([-1, 30, 600, 900])('of a code may be tried for %i seconds', (ttlSeconds) =>
    expect(told(code({ ttlSeconds }))).toEqual([]),
  );
  it.each([-2, 0, 29, 901, 43_200, 30.5, NaN])('of a code may not be tried for %d seconds', (ttlSeconds) =>
    expect(told(code({ ttlSeconds }))).toEqual([[at('ttlSeconds'), 'range']]),
  );
  it.each([-1, 30, 43_200])('of words may be tried for %i seconds', (ttlSeconds) =>
    expect(told(words({ ttlSeconds }))).toEqual([]),
  );
  it.each([29, 43_201])('of words may not be tried for %i seconds', (ttlSeconds) =>
    expect(told(words({ ttlSeconds }))).toEqual([[at('ttlSeconds'), 'range']]),
  );

  it('is complained of where the caller wrote it', () => {
    const errors = checkTemplate(
      code({ codeExpirationMinutes: 0 }),
      (index, member) => `#/x/${index}:${member}`,
    );
    expect(errors).toEqual([
      { pointer: '#/x/0:codeExpirationMinutes', code: 'range', detail: expect.any(String) },
    ]);
  });
});

describe('an authentication template', () => {
  it.each([
    ['nothing but its language', {}],
    [
      'every switch of a copy button',
      { addSecurityRecommendation: true, copyCodeButtonText: 'x'.repeat(25) },
    ],
    ['a minute', { codeExpirationMinutes: 1 }],
    ['ninety', { codeExpirationMinutes: 90 }],
    ['COPY_CODE, said', { otpType: 'COPY_CODE' }],
    ['one tap', { ...ONE_TAP, autofillButtonText: 'Autofill', copyCodeButtonText: 'Copy' }],
    ['no tap', ZERO_TAP],
    ['five apps', { ...ONE_TAP, supportedApps: Array(5).fill(APP) }],
    ['the shortest package name', { ...ONE_TAP, supportedApps: [{ ...APP, packageName: 'a.b' }] }],
    [
      'the longest package name',
      { ...ONE_TAP, supportedApps: [{ ...APP, packageName: `a.${'b'.repeat(222)}` }] },
    ],
    ['every character of a hash', { ...ONE_TAP, supportedApps: [{ ...APP, signatureHash: 'aZ09+/=+/=a' }] }],
  ])('may have %s', (_what, change) => expect(told(code(change))).toEqual([]));

  const app = (change: object): object => ({ ...ONE_TAP, supportedApps: [APP, { ...APP, ...change }] });
  const NAME = 'supportedApps/1/packageName';
  const HASH = 'supportedApps/1/signatureHash';
  const REFUSED: Row[] = [
    ['no minute', { codeExpirationMinutes: 0 }, 'codeExpirationMinutes', 'range'],
    ['91 minutes', { codeExpirationMinutes: 91 }, 'codeExpirationMinutes', 'range'],
    ['half a minute', { codeExpirationMinutes: 0.5 }, 'codeExpirationMinutes', 'range'],
    ['an empty copy button', { copyCodeButtonText: '' }, 'copyCodeButtonText', 'length'],
    ['26 characters on it', { copyCodeButtonText: 'x'.repeat(26) }, 'copyCodeButtonText', 'length'],
    ['a link on it', { copyCodeButtonText: 'www.e.example' }, 'copyCodeButtonText', 'format'],
    ['an emoji on it', { copyCodeButtonText: 'Copy 📋' }, 'copyCodeButtonText', 'format'],
    ['a flag on it', { copyCodeButtonText: 'Copy 🇲🇽' }, 'copyCodeButtonText', 'format'],
    ['a variable on it', { copyCodeButtonText: 'Copy {{1}}' }, 'copyCodeButtonText', 'format'],
    [
      'a long autofill button',
      { ...ONE_TAP, autofillButtonText: 'x'.repeat(26) },
      'autofillButtonText',
      'length',
    ],
    ['a link on it', { ...ONE_TAP, autofillButtonText: 'http://e' }, 'autofillButtonText', 'format'],
    ['an autofill text without a tap', { autofillButtonText: 'Fill' }, 'autofillButtonText', 'not_allowed'],
    ['apps without a tap', { supportedApps: [APP] }, 'supportedApps', 'not_allowed'],
    ['terms without a tap', { zeroTapTermsAccepted: true }, 'zeroTapTermsAccepted', 'not_allowed'],
    ['terms for one tap', { ...ONE_TAP, zeroTapTermsAccepted: true }, 'zeroTapTermsAccepted', 'not_allowed'],
    ['one tap for no app', { otpType: 'ONE_TAP' }, 'supportedApps', 'required'],
    ['one tap for an empty list', { otpType: 'ONE_TAP', supportedApps: [] }, 'supportedApps', 'required'],
    ['no tap for no app', { otpType: 'ZERO_TAP', zeroTapTermsAccepted: true }, 'supportedApps', 'required'],
    ['six apps', { ...ONE_TAP, supportedApps: Array(6).fill(APP) }, 'supportedApps', 'too_many'],
    [
      'no tap without terms',
      { otpType: 'ZERO_TAP', supportedApps: [APP] },
      'zeroTapTermsAccepted',
      'required',
    ],
    ['terms refused', { ...ZERO_TAP, zeroTapTermsAccepted: false }, 'zeroTapTermsAccepted', 'required'],
    ['a package of one part', app({ packageName: 'example' }), NAME, 'format'],
    ['a part that begins with a digit', app({ packageName: 'com.2example' }), NAME, 'format'],
    ['a dash in a part', app({ packageName: 'com.ex-ample' }), NAME, 'format'],
    ['an empty part', app({ packageName: 'com..example' }), NAME, 'format'],
    ['225 characters', app({ packageName: `a.${'b'.repeat(223)}` }), NAME, 'format'],
    ['a hash of ten', app({ signatureHash: 'K8a/AINcGX' }), HASH, 'format'],
    ['a hash of twelve', app({ signatureHash: 'K8a/AINcGX77' }), HASH, 'format'],
    ['a hash with a dash', app({ signatureHash: 'K8a-AINcGX7' }), HASH, 'format'],
    ['a header', { header: 'Hello' }, 'header', 'not_allowed'],
    ['words of its own', { body: 'Your code is here.' }, 'body', 'not_allowed'],
    ['samples', { samples: ['1'] }, 'samples', 'not_allowed'],
    ['a footer of its own', { footer: 'Bye' }, 'footer', 'not_allowed'],
    ['buttons of its own', { buttons: [REPLY] }, 'buttons', 'not_allowed'],
  ];
  it.each(REFUSED)('may not have %s', (_what, change, member, rule) =>
    expect(told(code(change))).toEqual([[at(member), rule]]),
  );

  it('is told that a hash is URL-encoded and what it would look like, and the hash is not repeated', () => {
    const [error, ...others] = checkTemplate(code(app({ signatureHash: 'K8a%2FAINcGX7' })));
    expect(others).toEqual([]);
    expect(error).toMatchObject({ pointer: at(HASH), code: 'url_encoded' });
    expect(error!.detail).toMatch(/URL-encoded.*\/ for %2F.*11 characters/);
    expect(error!.detail).not.toContain('K8a');
  });
});

describe('a utility template', () => {
  it.each([
    ['values and samples', {}],
    ['no value at all', { body: 'Your card has been sent.', samples: undefined }],
    ['emoji and line breaks', { body: 'Hi {{1}} 👩‍👧,\nyour card {{2}} is *on its way*. 🎉' }],
    ['1024 characters', { body: 'x'.repeat(1_024), samples: [] }],
    ['header and footer', { header: 'Your card', footer: 'x'.repeat(60) }],
    ['a number to call', { buttons: [CALL] }],
    ['ten replies', { buttons: Array(10).fill(REPLY) }],
    ['links, a number and replies after them', { buttons: [ORDER, SITE, CALL, REPLY, REPLY] }],
    ['replies before a number', { buttons: [REPLY, REPLY, CALL] }],
  ])('may have %s', (_what, change) => expect(told(words(change))).toEqual([]));

  const buttons = (...list: object[]): object => ({ buttons: list });
  const samples = (...list: string[]): object => ({ samples: list });
  const REFUSED: Row[] = [
    ['no words', { body: undefined }, 'body', 'required'],
    ['empty words', { body: ' ' }, 'body', 'length'],
    ['1025 characters', { body: 'x'.repeat(1_025), samples: [] }, 'body', 'length'],
    ['a change of direction', { body: `${BODY} \u202ex` }, 'body', 'format'],
    ['a space without width', { body: `${BODY} \u200bx` }, 'body', 'format'],
    ['a tab', { body: `${BODY}\tx` }, 'body', 'format'],
    ['a gap in the numbers', { body: 'Hi {{1}}, card {{3}} is sent.' }, 'body', 'placeholder'],
    ['numbers from zero', { body: 'Hi {{0}}, card {{1}} is sent.' }, 'body', 'placeholder'],
    ['numbers out of order', { body: 'Hi {{2}}, card {{1}} is sent.' }, 'body', 'placeholder'],
    ['one twice', { body: 'Hi {{1}}, card {{1}} is sent.' }, 'body', 'placeholder'],
    ['a name', { body: `${BODY} {{name}} x` }, 'body', 'placeholder'],
    ['one that is not closed', { body: `${BODY} {{3 x` }, 'body', 'placeholder'],
    ['one at the beginning', { body: '{{1}}, card {{2}} is sent.' }, 'body', 'placeholder'],
    ['one at the end', { body: 'Hi {{1}}, sent to you: {{2}}' }, 'body', 'placeholder'],
    ['a sample too few', samples('Nick'), 'samples', 'count'],
    ['a sample too many', samples('Nick', '4711', 'x'), 'samples', 'count'],
    ['an empty sample', samples('Nick', ''), 'samples/1', 'format'],
    ['a sample with a line break', samples('Ni\nck', '4711'), 'samples/0', 'format'],
    ['a sample with five spaces', samples('Ni     ck', '4711'), 'samples/0', 'format'],
    ['a sample of 1025', samples('x'.repeat(1_025), '4711'), 'samples/0', 'format'],
    ['an empty header', { header: '' }, 'header', 'length'],
    ['a header of 61', { header: 'x'.repeat(61) }, 'header', 'length'],
    ['a header of two lines', { header: 'a\nb' }, 'header', 'format'],
    ['a value in the header', { header: 'Hi {{1}}' }, 'header', 'format'],
    ['a bold header', { header: '*Hi*' }, 'header', 'format'],
    ['a footer of 61', { footer: 'x'.repeat(61) }, 'footer', 'length'],
    ['a footer of two lines', { footer: 'a\nb' }, 'footer', 'format'],
    ['a value in the footer', { footer: 'Hi {{1}}' }, 'footer', 'format'],
    ['eleven buttons', buttons(...Array(11).fill(REPLY)), 'buttons', 'too_many'],
    ['two numbers', buttons(CALL, CALL), 'buttons', 'too_many'],
    ['three links', buttons(SITE, SITE, SITE), 'buttons', 'too_many'],
    ['replies on both sides', buttons(REPLY, CALL, REPLY), 'buttons', 'order'],
    ['a button without words', buttons({ ...CALL, text: '' }), 'buttons/0/text', 'length'],
    ['a long button', buttons({ ...CALL, text: 'x'.repeat(26) }), 'buttons/0/text', 'length'],
    ['an emoji on one', buttons(REPLY, { ...REPLY, text: '👍' }), 'buttons/1/text', 'format'],
    [
      'a number without +',
      buttons({ ...CALL, phoneNumber: '441123456789' }),
      'buttons/0/phoneNumber',
      'format',
    ],
    ['no number', buttons({ ...CALL, phoneNumber: undefined }), 'buttons/0/phoneNumber', 'format'],
    [
      'a number of 16',
      buttons({ ...CALL, phoneNumber: '+4411234567890123' }),
      'buttons/0/phoneNumber',
      'format',
    ],
    [
      'a number on a reply',
      buttons({ ...REPLY, phoneNumber: '+441123456789' }),
      'buttons/0/phoneNumber',
      'not_allowed',
    ],
    ['a link on a reply', buttons({ ...REPLY, url: 'https://e.example' }), 'buttons/0/url', 'not_allowed'],
    ['an example on a number', buttons({ ...CALL, example: 'x' }), 'buttons/0/example', 'not_allowed'],
    ['no address', buttons({ ...SITE, url: undefined }), 'buttons/0/url', 'url_required'],
    ['another scheme', buttons({ ...SITE, url: 'ftp://e.example' }), 'buttons/0/url', 'url_required'],
    ['a space in it', buttons({ ...SITE, url: 'https://e.example/a b' }), 'buttons/0/url', 'url_required'],
    [
      '2001 characters',
      buttons({ ...SITE, url: `https://e/${'x'.repeat(1_991)}` }),
      'buttons/0/url',
      'url_required',
    ],
    [
      'a value in the middle',
      buttons({ ...SITE, url: 'https://e.example/{{1}}/x' }),
      'buttons/0/url',
      'url_required',
    ],
    [
      'two values',
      buttons({ ...SITE, url: 'https://e.example/{{1}}{{2}}' }),
      'buttons/0/url',
      'url_required',
    ],
    [
      'a value without an example',
      buttons({ ...ORDER, example: undefined }),
      'buttons/0/example',
      'required',
    ],
    [
      'an example of elsewhere',
      buttons({ ...ORDER, example: 'https://e.example/A-17' }),
      'buttons/0/example',
      'required',
    ],
    [
      'an example without a value',
      buttons({ ...ORDER, example: 'https://shop.example/orders/' }),
      'buttons/0/example',
      'required',
    ],
    [
      'an example of nothing that varies',
      buttons({ ...SITE, example: SITE.url }),
      'buttons/0/example',
      'not_allowed',
    ],
    ['a value in a later button', buttons(SITE, ORDER), 'buttons/1', 'order'],
    ['the security line', { addSecurityRecommendation: true }, 'addSecurityRecommendation', 'not_allowed'],
    ['minutes', { codeExpirationMinutes: 5 }, 'codeExpirationMinutes', 'not_allowed'],
    ['a kind of code button', { otpType: 'COPY_CODE' }, 'otpType', 'not_allowed'],
    ['a copy button', { copyCodeButtonText: 'x' }, 'copyCodeButtonText', 'not_allowed'],
    ['an autofill button', { autofillButtonText: 'x' }, 'autofillButtonText', 'not_allowed'],
    ['apps', { supportedApps: [APP] }, 'supportedApps', 'not_allowed'],
    ['terms', { zeroTapTermsAccepted: true }, 'zeroTapTermsAccepted', 'not_allowed'],
  ];
  it.each(REFUSED)('may not have %s', (_what, change, member, rule) =>
    expect(told(words(change))).toEqual([[at(member), rule]]),
  );

  it('BI-83 no complaint repeats what was written', () => {
    const secret = 'Zq7xSecretWord';
    const input = words({
      body: `{{1}} ${secret} {{x}}`,
      header: `${secret}\n`,
      buttons: [{ ...SITE, url: `ftp://${secret}` }],
    });
    expect(checkTemplate(input).length).toBeGreaterThan(2);
    expect(JSON.stringify(checkTemplate(input))).not.toContain(secret);
  });
});

describe('what is made of it', () => {
  const body = (entry: Omit<LanguageInput, 'language'>): unknown =>
    toBody('AUTHENTICATION', { language: 'en', ...entry });

  it.each([
    ['a minute', 1, 60],
    ['five', 5, 300],
    ['fifteen', 15, 900],
    ['ninety: the provider takes no more than 900 seconds', 90, 900],
  ])('is tried as long as its footer says: %s', (_what, codeExpirationMinutes, ttlSeconds) =>
    expect(body({ codeExpirationMinutes })).toMatchObject({ ttlSeconds }),
  );

  it('keeps a lifetime that was given, and has none without a footer', () => {
    expect(body({ codeExpirationMinutes: 5, ttlSeconds: 60 })).toMatchObject({ ttlSeconds: 60 });
    expect(body({})).toEqual({ category: 'AUTHENTICATION', addSecurityRecommendation: false });
  });

  it('has words only of a utility template, and no member that was left out', () => {
    expect(toBody('UTILITY', { language: 'en', ...WORDS, buttons: [CALL, { ...REPLY }] })).toEqual({
      category: 'UTILITY',
      ...WORDS,
      buttons: [CALL, REPLY],
    });
  });

  it.each([
    ['longer than the footer', 301, true],
    ['as long as the provider can', -1, true],
    ['as long as the footer', 300, false],
    ['shorter', 30, false],
  ])('warns of a lifetime %s: %i', (_what, ttlSeconds, warned) => {
    const content = toBody('AUTHENTICATION', { language: 'en', codeExpirationMinutes: 5, ttlSeconds });
    expect(warningsOf([{ language: 'es_MX', content }])).toEqual(
      warned ? [expect.stringMatching(/^es_MX: ttlSeconds/)] : [],
    );
  });
});
