// Owns matching a message's parameters with its template: counts, positions,
// lengths and characters, each refused with the code and words Graph uses.

import { messagingError } from './graph-error.js';
import { type GraphParams, isObject } from './graph-params.js';
import type { TemplateCall } from './send-request.js';
import { component, placeholders, type StoredButton, type Template } from './template.js';

/** The values, in order, per part of the template. */
export interface TemplateValues {
  header: string[];
  body: string[];
  /** By button index; quick replies carry their payload here. */
  buttons: Map<number, string>;
}

const MAX_CODE_CHARS = 15;
const MAX_VALUE_CHARS = 1_024;

export function readTemplateValues(template: Template, call: TemplateCall): TemplateValues {
  const max = template.category === 'AUTHENTICATION' ? MAX_CODE_CHARS : MAX_VALUE_CHARS;
  return {
    header: textValues('header', template, call, max),
    body: textValues('body', template, call, max),
    buttons: buttonValues(template, call, max),
  };
}

function textValues(
  part: 'header' | 'body',
  template: Template,
  { components }: TemplateCall,
  max: number,
): string[] {
  const text = component(template, part === 'header' ? 'HEADER' : 'BODY')?.text;
  const expected = placeholders(text).length;
  const given = components.filter(({ type }) => lower(type) === part).flatMap(parametersOf);
  if (given.length !== expected) {
    throw messagingError(
      132000,
      `${part}: number of localizable_params (${given.length}) does not match the expected number of params (${expected})`,
    );
  }
  return given.map((parameter, index) => textValue(parameter, part, index, max));
}

function buttonValues(template: Template, { components }: TemplateCall, max: number): Map<number, string> {
  const stored = component(template, 'BUTTONS')?.buttons ?? [];
  const values = new Map<number, string>();
  for (const call of components.filter(({ type }) => lower(type) === 'button')) {
    const index = Number(call.index);
    const button = stored[index];
    if (call.index === undefined || !button) {
      throw messagingError(
        132018,
        `buttons: Button at index ${String(call.index)} does not exist in the template`,
      );
    }
    values.set(index, buttonValue(call, button, index, max));
  }
  for (const [index, button] of stored.entries()) {
    if (placeholders(button.url).length > 0 && !values.has(index)) throw missingButton(index);
  }
  return values;
}

function buttonValue(call: GraphParams, button: StoredButton, index: number, max: number): string {
  if (lower(call.sub_type) !== button.type.toLowerCase()) {
    throw messagingError(132018, `buttons: Button at index ${index} must be of type ${titleOf(button.type)}`);
  }
  const [parameter, ...others] = parametersOf(call);
  if (!parameter) throw missingButton(index);
  if (others.length > 0 || (button.type === 'URL' && placeholders(button.url).length === 0)) {
    throw messagingError(
      132018,
      `buttons: Button at index ${index} of type ${titleOf(button.type)} has too many parameters`,
    );
  }
  if (button.type === 'QUICK_REPLY') return payloadValue(parameter);
  return textValue(parameter, 'buttons', index, max);
}

function payloadValue({ payload }: GraphParams): string {
  if (typeof payload === 'string') return payload;
  throw messagingError(131008, 'buttons: Quick reply parameter requires a payload');
}

function textValue(parameter: GraphParams, part: string, index: number, max: number): string {
  if (lower(parameter.type) !== 'text') {
    throw messagingError(132012, `${part}: Parameter at index ${index} must be of type text`);
  }
  const { text } = parameter;
  if (typeof text !== 'string' || text === '') {
    throw messagingError(131008, `${part}: Parameter at index ${index} requires a text`);
  }
  if ([...text].length > max) {
    throw messagingError(
      132018,
      `${part}: Parameter at index ${index} exceeds the parameter length limit ${max}`,
    );
  }
  if (/[\n\r\t]| {5}/.test(text)) {
    throw messagingError(
      132018,
      'Param text cannot have new-line/tab characters or more than 4 consecutive spaces',
    );
  }
  return text;
}

function missingButton(index: number): Error {
  return messagingError(131008, `buttons: Button at index ${index} of type Url requires a parameter`);
}

function parametersOf({ parameters }: GraphParams): GraphParams[] {
  return Array.isArray(parameters) ? (parameters as unknown[]).filter(isObject) : [];
}

function lower(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}

/** QUICK_REPLY is "QuickReply" in Graph's sentences. */
function titleOf(type: string): string {
  return type
    .split('_')
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join('');
}
