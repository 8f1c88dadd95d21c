import type {
  AuthenticationContent,
  TemplateDraft,
  UtilityButton,
  UtilityContent,
} from '../../message-provider.js';

/** A template's `components` as Graph and those in front of it take them in a creation or an edit. */
export function templateComponents(draft: TemplateDraft): object[] {
  return draft.category === 'AUTHENTICATION' ? authenticationComponents(draft) : utilityComponents(draft);
}

/** The body and the footer are WhatsApp's own texts: only their switches are sent. */
function authenticationComponents(content: AuthenticationContent): object[] {
  const { addSecurityRecommendation, codeExpirationMinutes } = content;
  return [
    { type: 'BODY', add_security_recommendation: addSecurityRecommendation },
    ...(codeExpirationMinutes === undefined
      ? []
      : [{ type: 'FOOTER', code_expiration_minutes: codeExpirationMinutes }]),
    { type: 'BUTTONS', buttons: [otpButton(content)] },
  ];
}

function otpButton(content: AuthenticationContent): object {
  const { otpType = 'COPY_CODE', copyCodeButtonText, autofillButtonText, supportedApps } = content;
  return {
    type: 'OTP',
    otp_type: otpType,
    ...(copyCodeButtonText !== undefined && { text: copyCodeButtonText }),
    ...(autofillButtonText !== undefined && { autofill_text: autofillButtonText }),
    ...(otpType === 'ZERO_TAP' && { zero_tap_terms_accepted: content.zeroTapTermsAccepted ?? false }),
    ...(supportedApps && {
      supported_apps: supportedApps.map(({ packageName, signatureHash }) => ({
        package_name: packageName,
        signature_hash: signatureHash,
      })),
    }),
  };
}

function utilityComponents({ header, body, samples, footer, buttons }: UtilityContent): object[] {
  return [
    ...(header === undefined ? [] : [{ type: 'HEADER', format: 'TEXT', text: header }]),
    { type: 'BODY', text: body, ...(samples.length > 0 && { example: { body_text: [samples] } }) },
    ...(footer === undefined ? [] : [{ type: 'FOOTER', text: footer }]),
    ...(buttons.length === 0 ? [] : [{ type: 'BUTTONS', buttons: buttons.map(utilityButton) }]),
  ];
}

function utilityButton(button: UtilityButton): object {
  const { type, text } = button;
  switch (button.type) {
    case 'QUICK_REPLY':
      return { type, text };
    case 'PHONE_NUMBER':
      return { type, text, phone_number: button.phoneNumber };
    case 'URL':
      return {
        type,
        text,
        url: button.url,
        ...(button.example !== undefined && { example: [button.example] }),
      };
  }
}
