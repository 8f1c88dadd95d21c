// Owns the preview of an authentication template in every language: the preset
// texts with the switches asked for, nothing stored.

import { presetBody, presetFooter, presetTexts } from './preset-texts.js';
import { parameterError } from './graph-error.js';
import { booleanParam, enumParam, type GraphParams, integerParam, textParam } from './graph-params.js';
import { isTemplateLanguage, TEMPLATE_LANGUAGES } from './template-languages.js';

interface TemplatePreview {
  body: string;
  buttons?: { autofill_text: string; text: string }[];
  footer?: string;
  language: string;
}

export function templatePreviews(params: GraphParams): TemplatePreview[] {
  if (params.category === undefined) throw parameterError('The parameter category is required.');
  enumParam(params.category, 'category', ['AUTHENTICATION']);
  const security =
    params.add_security_recommendation !== undefined &&
    booleanParam(params.add_security_recommendation, 'add_security_recommendation');
  const minutes =
    params.code_expiration_minutes === undefined ? undefined : minutesOf(params.code_expiration_minutes);
  const buttons = listParam(params, 'button_types').length > 0;
  return languagesOf(params).map((language) => {
    const { copy, autofill } = presetTexts(language);
    return {
      body: presetBody(language, security),
      ...(buttons && { buttons: [{ autofill_text: autofill, text: copy }] }),
      ...(minutes !== undefined && { footer: presetFooter(language, minutes) }),
      language,
    };
  });
}

function minutesOf(value: unknown): number {
  const minutes = integerParam(value, 'code_expiration_minutes');
  if (minutes < 1 || minutes > 90) throw parameterError('Param code_expiration_minutes must be from 1 to 90');
  return minutes;
}

/** The reference says `language`, its example `languages`: both are read. None means all. */
function languagesOf(params: GraphParams): readonly string[] {
  const wanted = [...listParam(params, 'languages'), ...listParam(params, 'language')];
  const unknown = wanted.find((language) => !isTemplateLanguage(language));
  if (unknown !== undefined) throw parameterError(`Param languages has an unknown language: ${unknown}`);
  return wanted.length > 0 ? wanted : TEMPLATE_LANGUAGES;
}

/** `a,b` and `["a","b"]` alike. */
function listParam(params: GraphParams, name: string): string[] {
  const text = textParam(params, name) ?? '';
  return text
    .replace(/[[\]"\s]/g, '')
    .split(',')
    .filter((part) => part !== '');
}
