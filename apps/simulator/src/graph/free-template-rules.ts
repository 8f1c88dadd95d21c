// Owns, in outline, templates with their own words (UTILITY, MARKETING): body with
// positional parameters and examples, text header, footer, and quick-reply, URL and
// phone buttons. Media, carousels and flows are not played.

import { parameterError, templateError } from './graph-error.js';
import { enumParam, type GraphParams, isObject } from './graph-params.js';
import { parseComponents } from './template-components.js';
import { placeholders, type StoredButton, type StoredComponent, type TemplateContent } from './template.js';

const BUTTON_TYPES = ['QUICK_REPLY', 'URL', 'PHONE_NUMBER'] as const;
const MAX_BUTTONS = 10;

export function freeTemplateContent(input: unknown): TemplateContent {
  const { HEADER, BODY, FOOTER, BUTTONS } = parseComponents(input);
  if (!BODY) throw templateError('Body missing', 'A template needs exactly one BODY component.');
  const components: StoredComponent[] = [];
  if (HEADER) components.push(readHeader(HEADER));
  components.push(readBody(BODY));
  if (FOOTER) components.push(readFooter(FOOTER));
  if (BUTTONS) components.push({ type: 'BUTTONS', buttons: readButtons(BUTTONS) });
  return { components };
}

function textOf(source: GraphParams, where: string, max: number): string {
  const { text } = source;
  if (typeof text !== 'string' || text === '')
    throw parameterError(`The parameter ${where}['text'] is required.`);
  if ([...text].length > max) {
    throw templateError('Character limit exceeded', `${where} can have at most ${max} characters.`, 2388040);
  }
  return text;
}

function readHeader(header: GraphParams): StoredComponent {
  enumParam(header.format, "components['HEADER']['format']", ['TEXT']);
  const text = textOf(header, 'HEADER', 60);
  if (/[\n*_~]/.test(text) || placeholders(text).length > 1) {
    throw templateError(
      'Header format',
      'The header can not have new lines, formatting or several parameters.',
      2388047,
    );
  }
  const example = isObject(header.example) ? header.example.header_text : undefined;
  if (placeholders(text).length === 0) return { type: 'HEADER', format: 'TEXT', text };
  if (!Array.isArray(example) || example.length !== 1) throw missingExample('HEADER');
  return { type: 'HEADER', format: 'TEXT', text, example: { header_text: example.map(String) } };
}

function readBody(body: GraphParams): StoredComponent {
  const text = textOf(body, 'BODY', 1024);
  const names = placeholders(text);
  if (names.some((name, index) => name !== `{{${index + 1}}}`)) {
    throw templateError('Body format', 'Parameters must be numbered {{1}}, {{2}} … in order.', 2388072);
  }
  if (names.length === 0) return { type: 'BODY', text };
  if (/^\s*\{\{\d+\}\}|\{\{\d+\}\}\s*$/.test(text)) {
    throw templateError(
      'Leading or trailing parameter',
      'Parameters can not be at the start or end.',
      2388299,
    );
  }
  if (text.split(/\s+/).length < names.length * 3) {
    throw templateError(
      'Too many parameters',
      'There are too many parameters for the length of the text.',
      2388293,
    );
  }
  const rows: unknown = isObject(body.example) ? body.example.body_text : undefined;
  const row: unknown = Array.isArray(rows) && Array.isArray(rows[0]) ? rows[0] : rows;
  if (!Array.isArray(row) || row.length !== names.length) throw missingExample('BODY');
  return { type: 'BODY', text, example: { body_text: [row.map(String)] } };
}

function readFooter(footer: GraphParams): StoredComponent {
  const text = textOf(footer, 'FOOTER', 60);
  if (/\n|\{\{/.test(text)) {
    throw templateError('Footer format', 'The footer can not have new lines or parameters.', 2388073);
  }
  return { type: 'FOOTER', text };
}

function readButtons(buttons: GraphParams): StoredButton[] {
  const given = buttons.buttons;
  if (!Array.isArray(given) || given.length < 1 || given.length > MAX_BUTTONS) {
    throw templateError('Buttons', `A template can have 1 to ${MAX_BUTTONS} buttons.`);
  }
  return given.map((button: unknown, index) =>
    readButton(button, `components['BUTTONS']['buttons'][${index}]`),
  );
}

function readButton(button: unknown, where: string): StoredButton {
  if (!isObject(button)) throw parameterError(`Param ${where} must be an object.`);
  const type = enumParam(button.type, `${where}['type']`, BUTTON_TYPES);
  const text = textOf(button, where, 25);
  if (type === 'QUICK_REPLY') return { type, text };
  if (type === 'PHONE_NUMBER') {
    const number = String(button.phone_number ?? '');
    if (!/^\+?\d{5,20}$/.test(number))
      throw parameterError(`Param ${where}['phone_number'] must be a phone number.`);
    return { type, text, phone_number: number };
  }
  const { url } = button;
  if (typeof url !== 'string' || !/^https?:\/\/\S{1,2000}$/.test(url)) {
    throw parameterError(`Param ${where}['url'] must be a valid URI.`);
  }
  if (placeholders(url).length === 0) return { type, text, url };
  const example = Array.isArray(button.example) ? button.example.map(String) : [];
  if (example.length !== 1) throw missingExample('BUTTONS');
  return { type, text, url, example };
}

function missingExample(type: string): Error {
  return templateError('Example missing', `The parameters of ${type} need an example.`, 2388043);
}
