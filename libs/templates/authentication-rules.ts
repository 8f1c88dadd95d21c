import type { SupportedApp } from '#providers';
import { checkButtonText, type Complain, type LanguageInput, refuseMembers } from './template-input.js';

const MAX_APPS = 5;
const MAX_PACKAGE_NAME = 224;
const PACKAGE_NAME = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$/;
const SIGNATURE_HASH = /^[A-Za-z0-9+/=]{11}$/;
const URL_ENCODED = /%[0-9A-Fa-f]{2}/;

/** The switches of an authentication template. Its words are WhatsApp's, but for those on the buttons. */
export function authenticationErrors(entry: LanguageInput, complain: Complain): void {
  refuseMembers(entry, ['header', 'body', 'samples', 'footer', 'buttons'], 'UTILITY', complain);
  const minutes = entry.codeExpirationMinutes;
  if (minutes !== undefined && !(Number.isInteger(minutes) && minutes >= 1 && minutes <= 90))
    complain('codeExpirationMinutes', 'range', 'codeExpirationMinutes must be a whole number from 1 to 90');
  if (entry.copyCodeButtonText !== undefined)
    checkButtonText(entry.copyCodeButtonText, 'copyCodeButtonText', complain);
  const otpType = entry.otpType ?? 'COPY_CODE';
  if (otpType === 'COPY_CODE') refuseAutofill(entry, complain);
  else checkAutofill(entry, otpType, complain);
}

function refuseAutofill(entry: LanguageInput, complain: Complain): void {
  for (const member of ['autofillButtonText', 'supportedApps', 'zeroTapTermsAccepted'] as const)
    if (entry[member] !== undefined)
      complain(member, 'not_allowed', `${member} belongs to the otpType ONE_TAP or ZERO_TAP`);
}

function checkAutofill(entry: LanguageInput, otpType: 'ONE_TAP' | 'ZERO_TAP', complain: Complain): void {
  const { autofillButtonText, supportedApps, zeroTapTermsAccepted } = entry;
  if (autofillButtonText !== undefined) checkButtonText(autofillButtonText, 'autofillButtonText', complain);
  if (otpType === 'ONE_TAP' && zeroTapTermsAccepted !== undefined)
    complain('zeroTapTermsAccepted', 'not_allowed', 'zeroTapTermsAccepted belongs to the otpType ZERO_TAP');
  if (otpType === 'ZERO_TAP' && zeroTapTermsAccepted !== true)
    complain(
      'zeroTapTermsAccepted',
      'required',
      'zeroTapTermsAccepted must be true: WhatsApp asks you to accept its terms of zero-tap codes',
    );
  if (!supportedApps || supportedApps.length === 0 || supportedApps.length > MAX_APPS)
    complain(
      'supportedApps',
      supportedApps && supportedApps.length > MAX_APPS ? 'too_many' : 'required',
      `${otpType} needs 1 to ${MAX_APPS} supportedApps`,
    );
  supportedApps?.forEach((app, at) => checkApp(app, `supportedApps/${at}`, complain));
}

function checkApp({ packageName, signatureHash }: SupportedApp, at: string, complain: Complain): void {
  if (packageName.length > MAX_PACKAGE_NAME || !PACKAGE_NAME.test(packageName))
    complain(
      `${at}/packageName`,
      'format',
      'packageName must be two or more parts joined by dots, each a letter followed by letters, digits or underscores, at most 224 characters',
    );
  if (SIGNATURE_HASH.test(signatureHash)) return;
  if (URL_ENCODED.test(signatureHash))
    complain(
      `${at}/signatureHash`,
      'url_encoded',
      'signatureHash is URL-encoded: write / for %2F, + for %2B and = for %3D; decoded it has 11 characters',
    );
  else
    complain(
      `${at}/signatureHash`,
      'format',
      'signatureHash must be exactly 11 characters of A-Z, a-z, 0-9, +, / and =',
    );
}
