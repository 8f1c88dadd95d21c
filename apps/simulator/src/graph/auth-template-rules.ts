// Owns what an authentication template may consist of: one BODY without text, at
// most one FOOTER, one BUTTONS with one OTP button, no HEADER. Answers the content
// as it will be stored, or throws Graph's error.

import { storedAuthContent } from './auth-template-content.js';
import { templateError } from './graph-error.js';
import { booleanParam, enumParam, type GraphParams, integerParam, isObject } from './graph-params.js';
import { type AuthRuleContext, readOtpButton } from './otp-button-rules.js';
import { parseComponents } from './template-components.js';
import type { TemplateContent } from './template.js';

export function authTemplateContent(input: unknown, context: AuthRuleContext): TemplateContent {
  const { HEADER, BODY, FOOTER, BUTTONS } = parseComponents(input);
  if (HEADER) {
    throw templateError('Header not allowed', 'Authentication templates can not have a header.', 2388047);
  }
  if (!BODY) throw templateError('Body missing', 'A template needs exactly one BODY component.');
  if (!BUTTONS)
    throw templateError('Buttons missing', 'Authentication templates need one BUTTONS component.');
  return storedAuthContent(context.language, {
    securityRecommendation: readBody(BODY),
    expirationMinutes: FOOTER && readFooter(FOOTER),
    otp: readOtpButton(onlyButton(BUTTONS), context),
  });
}

function readBody(body: GraphParams): boolean {
  if (body.text !== undefined) {
    throw templateError(
      'Body text not allowed',
      'The body of an authentication template is preset text.',
      2388072,
    );
  }
  if (body.add_security_recommendation === undefined) return false;
  return booleanParam(body.add_security_recommendation, "components['BODY']['add_security_recommendation']");
}

function readFooter(footer: GraphParams): number | undefined {
  if (footer.text !== undefined) {
    throw templateError(
      'Footer text not allowed',
      'The footer of an authentication template is preset text.',
      2388073,
    );
  }
  if (footer.code_expiration_minutes === undefined) return undefined;
  const name = "components['FOOTER']['code_expiration_minutes']";
  const minutes = integerParam(footer.code_expiration_minutes, name);
  if (minutes < 1 || minutes > 90) {
    throw templateError('Code expiration out of range', 'code_expiration_minutes must be from 1 to 90.');
  }
  return minutes;
}

function onlyButton(buttons: GraphParams): GraphParams {
  const [button, ...others] = Array.isArray(buttons.buttons) ? (buttons.buttons as unknown[]) : [];
  if (others.length > 0 || !isObject(button)) {
    throw templateError(
      'One OTP button expected',
      'Authentication templates need exactly one button, of type OTP.',
    );
  }
  enumParam(button.type, "components['BUTTONS']['buttons'][0]['type']", ['OTP']);
  return button;
}
