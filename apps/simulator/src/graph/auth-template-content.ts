// Owns the rewrite of an authentication template into what Graph stores: preset
// body and footer in the template's language, and the OTP button turned into a URL
// button, which is why a message names it sub_type "url".

import { presetBody, presetFooter, presetTexts } from './preset-texts.js';
import type { OtpButton, StoredButton, StoredComponent, TemplateContent } from './template.js';

interface AuthTemplateSpec {
  securityRecommendation: boolean;
  expirationMinutes?: number;
  otp: OtpButton;
}

const OTP_URL = 'https://www.whatsapp.com/otp/code/';

export function storedAuthContent(language: string, spec: AuthTemplateSpec): TemplateContent {
  const components: StoredComponent[] = [
    {
      type: 'BODY',
      text: presetBody(language, spec.securityRecommendation),
      add_security_recommendation: spec.securityRecommendation,
      example: { body_text: [['123456']] },
    },
  ];
  // Without minutes there is no footer line and no such part in the URL.
  if (spec.expirationMinutes !== undefined) {
    components.push({
      type: 'FOOTER',
      text: presetFooter(language, spec.expirationMinutes),
      code_expiration_minutes: spec.expirationMinutes,
    });
  }
  components.push({ type: 'BUTTONS', buttons: [urlButton(language, spec)] });
  return { components, otp: spec.otp };
}

function urlButton(language: string, { otp, expirationMinutes }: AuthTemplateSpec): StoredButton {
  const url = `${OTP_URL}?${[...urlParts(language, otp, expirationMinutes), 'code=otp'].join('&')}`;
  return {
    type: 'URL',
    text: otp.text ?? presetTexts(language).copy,
    url: `${url}{{1}}`,
    example: [`${url}123456`],
  };
}

/** The spelling for COPY_CODE has been seen; that of the two others is a guess after it. */
function urlParts(language: string, otp: OtpButton, minutes: number | undefined): string[] {
  const parts = [`otp_type=${otp.otpType}`];
  const app = otp.apps[0];
  if (app) {
    const label = otp.autofillText ?? presetTexts(language).autofill;
    parts.push(`cta_display_name=${encodeURIComponent(label)}`);
    parts.push(`package_name=${app.packageName}`, `signature_hash=${encodeURIComponent(app.signatureHash)}`);
  }
  if (minutes !== undefined) parts.push(`code_expiration_minutes=${minutes}`);
  return parts;
}
