// Owns the fit of a message's values with its template.

import { component, placeholders, type Template } from '../graph/template.js';
import type { TemplateValues } from '../graph/template-parameters.js';
import type { TemplateCall } from './send-endpoints.js';

const MAX_CODE_CHARS = 15;

/** Whether Infobip will report EC_INVALID_TEMPLATE_ARGS. */
export function misfitOf(template: Template, call: TemplateCall): boolean {
  const expects = (type: 'HEADER' | 'BODY'): number => placeholders(component(template, type)?.text).length;
  if (call.body.length !== expects('BODY') || call.header.length !== expects('HEADER')) return true;
  const dynamic = urlButtons(template);
  const given = call.buttons.filter(({ type }) => type === 'URL');
  if (given.length !== dynamic.length) return true;
  if (template.category !== 'AUTHENTICATION') return false;
  const code = call.body[0]!;
  return code.length > MAX_CODE_CHARS || given[0]?.parameter !== code;
}

/** The values as the template's renderer takes them: buttons by their place in the template. */
export function valuesOf(template: Template, { header, body, buttons }: TemplateCall): TemplateValues {
  const urls = buttons.filter(({ type }) => type === 'URL').map(({ parameter }) => parameter);
  const replies = buttons.filter(({ type }) => type === 'QUICK_REPLY').map(({ parameter }) => parameter);
  const values = new Map<number, string>();
  for (const [index, { type, url }] of (component(template, 'BUTTONS')?.buttons ?? []).entries()) {
    const value = type === 'QUICK_REPLY' ? replies.shift() : isDynamic(url) ? urls.shift() : undefined;
    if (value !== undefined) values.set(index, value);
  }
  return { header, body, buttons: values };
}

function urlButtons(template: Template): unknown[] {
  return (component(template, 'BUTTONS')?.buttons ?? []).filter(({ url }) => isDynamic(url));
}

function isDynamic(url: string | undefined): boolean {
  return placeholders(url).length > 0;
}
