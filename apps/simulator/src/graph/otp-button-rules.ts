// Owns the rules of the OTP button: its kinds, its texts, and the apps a one-tap
// or zero-tap code may be handed to.

import { parameterError, templateError } from './graph-error.js';
import { booleanParam, enumParam, type GraphParams, isObject } from './graph-params.js';
import { OTP_TYPES, type OtpButton } from './template.js';

const MAX_BUTTON_TEXT = 25;
const MAX_APPS = 5;
/** Until this version the app could stand on the button itself, without supported_apps. */
const LAST_VERSION_WITH_APP_ON_BUTTON = 20;
const URL_OR_EMOJI = /https?:\/\/|www\.|\p{Extended_Pictographic}|\p{Regional_Indicator}/iu;

export interface AuthRuleContext {
  language: string;
  /** The 23 of v23.0: older versions allow the app's name on the button itself. */
  version: number;
  /** The many-languages call, which allows no own button texts. */
  presetTextsOnly?: boolean;
}

export function readOtpButton(button: GraphParams, { version, presetTextsOnly }: AuthRuleContext): OtpButton {
  const otpType = enumParam(button.otp_type, "components['BUTTONS']['buttons'][0]['otp_type']", OTP_TYPES);
  if (presetTextsOnly && (button.text !== undefined || button.autofill_text !== undefined)) {
    throw templateError(
      'Button text not allowed',
      'text and autofill_text can not be set for many languages at once.',
    );
  }
  const text = readButtonText(button, 'text');
  const autofillText = readButtonText(button, 'autofill_text');
  if (otpType === 'COPY_CODE') {
    if (autofillText !== undefined) {
      throw templateError(
        'Autofill text not allowed',
        'autofill_text belongs to one-tap and zero-tap buttons.',
      );
    }
    return { otpType, text, apps: [] };
  }
  if (otpType === 'ZERO_TAP') requireTerms(button);
  return { otpType, text, autofillText, apps: readApps(button, version) };
}

function readButtonText(button: GraphParams, name: 'text' | 'autofill_text'): string | undefined {
  const value = button[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '')
    throw parameterError(`Param ${name} must be a non-empty string`);
  if ([...value].length > MAX_BUTTON_TEXT) {
    throw templateError(
      'Button text too long',
      `${name} can have at most ${MAX_BUTTON_TEXT} characters.`,
      2388040,
    );
  }
  if (URL_OR_EMOJI.test(value)) {
    throw templateError('Button text not allowed', `${name} can not contain URLs or emoji.`, 2388072);
  }
  return value;
}

function requireTerms(button: GraphParams): void {
  const name = 'zero_tap_terms_accepted';
  if (button[name] === undefined || !booleanParam(button[name], name)) {
    throw templateError('Zero-tap terms not accepted', `${name} must be true for zero-tap buttons.`);
  }
}

function readApps(button: GraphParams, version: number): OtpButton['apps'] {
  const onButton = button.package_name !== undefined || button.signature_hash !== undefined;
  if (button.supported_apps === undefined && onButton && version <= LAST_VERSION_WITH_APP_ON_BUTTON) {
    return [readApp(button)];
  }
  const apps = button.supported_apps;
  if (!Array.isArray(apps) || apps.length < 1 || apps.length > MAX_APPS) {
    throw templateError('Supported apps missing', `supported_apps must have 1 to ${MAX_APPS} entries.`);
  }
  return apps.map(readApp);
}

function readApp(app: unknown): OtpButton['apps'][number] {
  const { package_name: packageName, signature_hash: signatureHash } = isObject(app) ? app : {};
  if (typeof packageName !== 'string' || !isPackageName(packageName)) {
    throw templateError(
      'Package name invalid',
      'package_name needs two or more segments that start with a letter and hold letters, digits and underscores, at most 224 characters.',
    );
  }
  if (typeof signatureHash !== 'string' || !/^[A-Za-z0-9+/=]{11}$/.test(signatureHash)) {
    throw templateError(
      'Signature hash invalid',
      'signature_hash must be exactly 11 characters of A-Z a-z 0-9 + / =.',
    );
  }
  return { packageName, signatureHash };
}

function isPackageName(name: string): boolean {
  return name.length <= 224 && /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$/.test(name);
}
