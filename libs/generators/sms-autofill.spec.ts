import { describe, expect, it } from 'vitest';
import { judgeAutofill, withLastLine } from './sms-autofill.js';
import { builtInWording, renderWording } from './wording.js';
import { PURPOSES } from './purposes.js';

const HASH = 'K8a/AINcGX7';
const faults = (step: object, rules: object = {}): string[] =>
  judgeAutofill({ codeLength: 6, plan: [{ channel: 'sms', ...step }], ...rules }).map(
    ({ pointer, code }) => `${pointer.slice(13)} ${code}`,
  );

describe('the last line of an SMS', () => {
  it('names the site whose page may take the code, and the code (WebOTP)', () => {
    expect(withLastLine('Your code is 012345.', '012345', { webOtpDomain: 'shop.example' })).toBe(
      'Your code is 012345.\n\n@shop.example #012345',
    );
  });

  it('is the hash of the Android app that may take it (SMS Retriever)', () => {
    expect(withLastLine('Your code is 012345.', '012345', { androidAppHash: HASH })).toBe(
      `Your code is 012345.\n\n${HASH}`,
    );
  });

  it('is the text’s own otherwise', () => {
    expect(withLastLine('Your code is 012345.', '012345', {})).toBe('Your code is 012345.');
  });

  it('leaves every built-in text without a payee short enough for Android', () => {
    for (const language of ['en', 'es', 'pt'])
      for (const purpose of PURPOSES) {
        const { text } = renderWording(builtInWording(language, purpose, false), {
          code: '0'.repeat(8),
          minutes: '1440',
        });
        expect(Buffer.byteLength(withLastLine(text, '', { androidAppHash: HASH }))).toBeLessThanOrEqual(140);
      }
  });
});

describe('a step of a plan', () => {
  it.each(['shop.example', 'login.shop.example', 'xn--bcher-kva.example'])(
    'takes the host %s',
    (webOtpDomain) => expect(faults({ webOtpDomain })).toEqual([]),
  );

  it.each([
    'https://shop.example',
    'shop.example/login',
    'shop.example:443',
    'Shop.example',
    'shop',
    '@shop.example',
    'shop .example',
    'bücher.example',
    '192.0.2.1',
  ])('does not take %s for a host', (webOtpDomain) =>
    expect(faults({ webOtpDomain })).toEqual(['webOtpDomain format']),
  );

  it('takes 11 characters of base64 for a hash, and no others', () => {
    expect(faults({ androidAppHash: HASH })).toEqual([]);
    for (const androidAppHash of ['K8a/AINcGX', 'K8a/AINcGX77', 'K8a%2FAINcG', 'K8a_AINcGX7'])
      expect(faults({ androidAppHash })).toEqual(['androidAppHash format']);
  });

  it('has one last line, not two', () => {
    expect(faults({ webOtpDomain: 'shop.example', androidAppHash: HASH })).toEqual([
      'androidAppHash not_allowed',
    ]);
  });

  it('is an SMS with a code', () => {
    for (const channel of ['whatsapp', 'email', 'viber'])
      expect(faults({ channel, webOtpDomain: 'shop.example' })).toEqual(['webOtpDomain not_allowed']);
    expect(faults({ androidAppHash: HASH }, { kind: 'link' })).toEqual(['androidAppHash not_allowed']);
  });

  it('stays within the 140 bytes that Android looks at, with the longest code it may carry', () => {
    const wording = { text: `{{code}} ${'x'.repeat(140 - 13 - 7)}` };
    expect(faults({ androidAppHash: HASH, wording })).toEqual([]);
    expect(faults({ androidAppHash: HASH, wording }, { codeLength: 7 })).toEqual(['androidAppHash too_long']);
    expect(faults({ androidAppHash: HASH, wording }, { callerCodes: true })).toEqual([
      'androidAppHash too_long',
    ]);
    expect(faults({ wording })).toEqual([]);
  });
});
