// Owns Infobip's way to write a template's content, both ways: `structure` as it
// comes in, and as it is shown.

import { storedAuthContent } from '../graph/auth-template-content.js';
import {
  component,
  placeholders,
  type StoredButton,
  type StoredComponent,
  type Template,
  type TemplateContent,
} from '../graph/template.js';
import { type BodyReader, isMembers, type Members } from './body-reader.js';

const OTP_TYPES = ['COPY_CODE', 'ONE_TAP'];
const BUTTON_TYPES = ['QUICK_REPLY', 'PHONE_NUMBER', 'URL'];
const LABEL = { max: 25 };

export function readStructure(
  reader: BodyReader,
  value: unknown,
  category: string,
  language: string,
): TemplateContent {
  const structure = reader.members(value, 'structure');
  return category === 'AUTHENTICATION'
    ? authContent(reader, structure, language)
    : { components: freeComponents(reader, structure) };
}

/** Its words are the channel's: switches only. */
function authContent(reader: BodyReader, structure: Members, language: string): TemplateContent {
  const body = reader.members(structure.body, 'structure.body');
  const security = body.addSecurityRecommendation ?? false;
  if (typeof security !== 'boolean')
    reader.refuse('structure.body.addSecurityRecommendation', 'must be true or false');
  if (body.text !== undefined) reader.refuse('structure.body.text', 'must be null');
  if (structure.header !== undefined) reader.refuse('structure.header', 'must be null');
  const minutes = isMembers(structure.footer) ? structure.footer.codeExpirationMinutes : undefined;
  const buttons = reader.list(structure.buttons, 'structure.buttons');
  if (buttons.length > 1) reader.refuse('structure.buttons', 'size must be 1');
  const button = reader.members(buttons[0] ?? {}, 'structure.buttons[0]');
  const at = 'structure.buttons[0]';
  const otpType = reader.oneOf(button.otpType, `${at}.otpType`, OTP_TYPES) as 'COPY_CODE' | 'ONE_TAP';
  const app = otpType === 'ONE_TAP' && {
    packageName: reader.text(button.packageName, `${at}.packageName`, { max: 224 }),
    signatureHash: reader.text(button.signatureHash, `${at}.signatureHash`, { pattern: /^[^]{11}$/ }),
  };
  return storedAuthContent(language, {
    securityRecommendation: security === true,
    ...(minutes !== undefined && {
      expirationMinutes: reader.integer(minutes, 'structure.footer.codeExpirationMinutes', 1, 90),
    }),
    otp: {
      otpType,
      text: reader.text(button.text, `${at}.text`, LABEL),
      autofillText: reader.optionalText(button.autofillText, `${at}.autofillText`, LABEL),
      apps: app ? [app] : [],
    },
  });
}

function freeComponents(reader: BodyReader, { header, body, footer, buttons }: Members): StoredComponent[] {
  const { text: bodyText, examples } = reader.members(body, 'structure.body');
  const text = reader.text(bodyText, 'structure.body.text', { max: 1_024 });
  const samples = Array.isArray(examples) ? examples.map(String) : [];
  if (samples.length !== placeholders(text).length)
    reader.refuse('structure.body.examples', 'must have an example of each placeholder');
  const components: StoredComponent[] = [];
  if (header !== undefined) {
    const { text: headerText } = reader.members(header, 'structure.header');
    const words = reader.text(headerText, 'structure.header.text', { max: 60 });
    components.push({ type: 'HEADER', format: 'TEXT', text: words });
  }
  components.push({
    type: 'BODY',
    text,
    ...(samples.length > 0 && { example: { body_text: [samples] } }),
  });
  if (footer !== undefined) {
    const words = reader.text(reader.members(footer, 'structure.footer').text, 'structure.footer.text', {
      max: 60,
    });
    components.push({ type: 'FOOTER', text: words });
  }
  if (Array.isArray(buttons) && buttons.length > 0)
    components.push({
      type: 'BUTTONS',
      buttons: buttons.map((button, index) => freeButton(reader, button, `structure.buttons[${index}]`)),
    });
  return components;
}

function freeButton(reader: BodyReader, value: unknown, path: string): StoredButton {
  const button = reader.members(value, path);
  const type = reader.oneOf(button.type, `${path}.type`, BUTTON_TYPES) as StoredButton['type'];
  const text = reader.text(button.text, `${path}.text`, LABEL);
  if (type === 'PHONE_NUMBER')
    return { type, text, phone_number: `+${reader.number(button.phoneNumber, `${path}.phoneNumber`)}` };
  if (type === 'QUICK_REPLY') return { type, text };
  const url = reader.text(button.url, `${path}.url`, { max: 2_000, pattern: /^https?:\/\// });
  const isDynamic = placeholders(url).length > 0;
  const example = isDynamic ? [reader.text(button.example, `${path}.example`)] : undefined;
  return { type, text, url, ...(example && { example }) };
}

export function structureView(template: Template): object {
  const header = component(template, 'HEADER');
  const body = component(template, 'BODY');
  const footer = component(template, 'FOOTER');
  const buttons = component(template, 'BUTTONS')?.buttons ?? [];
  return {
    ...(header && { header: { format: 'TEXT', text: header.text } }),
    body: { text: body?.text, examples: body?.example?.body_text?.[0] ?? [] },
    ...(footer && { footer: { text: footer.text } }),
    buttons: buttons.map(({ type, text, url, phone_number: phoneNumber }) => ({
      type,
      text,
      url,
      phoneNumber,
    })),
    type: 'TEXT',
  };
}
