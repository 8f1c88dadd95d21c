// Owns the outer fields of a template creation: name, language, category, time to
// live. Whatever its category, the content comes back as it is stored.

import { authTemplateContent } from './auth-template-rules.js';
import { freeTemplateContent } from './free-template-rules.js';
import { parameterError, templateError } from './graph-error.js';
import { enumParam, type GraphParams, integerParam, jsonParam, requiredText } from './graph-params.js';
import { isTemplateLanguage, TEMPLATE_LANGUAGES } from './template-languages.js';
import { TEMPLATE_CATEGORIES, type TemplateCategory, type TemplateContent } from './template.js';

export interface TemplateRequest extends TemplateContent {
  name: string;
  language: string;
  category: TemplateCategory;
  ttlSeconds?: number;
}

/** Seconds an undelivered message may live; -1 stands for 30 days. */
const TTL_SECONDS: Record<TemplateCategory, [min: number, max: number]> = {
  AUTHENTICATION: [30, 900],
  UTILITY: [30, 43_200],
  MARKETING: [43_200, 2_592_000],
};

export function readCreation(params: GraphParams, version: number): TemplateRequest {
  const name = readName(params);
  const language = readLanguage(requiredText(params, 'language'), 'language');
  const category = readCategory(params);
  const ttlSeconds = readTtl(params, category);
  const content = readContent(jsonParam(params, 'components'), category, language, version);
  return { name, language, category, ttlSeconds, ...content };
}

/** One request per language. Own texts and `language` are refused: this call is for preset texts. */
export function readUpsert(params: GraphParams, version: number): TemplateRequest[] {
  const name = readName(params);
  if (params.language !== undefined) throw parameterError('Param language is not allowed, use languages.');
  const languages = jsonParam(params, 'languages');
  if (!Array.isArray(languages) || languages.length === 0) {
    throw parameterError('The parameter languages is required.');
  }
  const category = readCategory(params);
  if (category !== 'AUTHENTICATION') throw parameterError('Param category must be one of {AUTHENTICATION}.');
  const ttlSeconds = readTtl(params, category);
  const components = jsonParam(params, 'components');
  return [...new Set(languages as unknown[])].map((value, index) => {
    const language = readLanguage(value, `languages[${index}]`);
    const content = authTemplateContent(components, { language, version, presetTextsOnly: true });
    return { name, language, category, ttlSeconds, ...content };
  });
}

export function readContent(
  components: unknown,
  category: TemplateCategory,
  language: string,
  version: number,
): TemplateContent {
  return category === 'AUTHENTICATION'
    ? authTemplateContent(components, { language, version })
    : freeTemplateContent(components);
}

export function readCategory(params: GraphParams): TemplateCategory {
  requiredText(params, 'category');
  return enumParam(params.category, 'category', TEMPLATE_CATEGORIES);
}

export function readTtl(params: GraphParams, category: TemplateCategory): number | undefined {
  if (params.message_send_ttl_seconds === undefined) return undefined;
  const ttl = integerParam(params.message_send_ttl_seconds, 'message_send_ttl_seconds');
  const [min, max] = TTL_SECONDS[category];
  if (ttl !== -1 && (ttl < min || ttl > max)) {
    throw parameterError(
      `Param message_send_ttl_seconds must be -1 or from ${min} to ${max} for ${category}.`,
    );
  }
  return ttl;
}

function readName(params: GraphParams): string {
  const name = requiredText(params, 'name');
  if (name.length > 512) {
    throw templateError('Template name too long', 'A template name can have at most 512 characters.');
  }
  if (!/^[a-z0-9_]+$/.test(name)) {
    throw parameterError('Param name must hold only lower case letters, digits and underscores.');
  }
  return name;
}

function readLanguage(value: unknown, where: string): string {
  if (typeof value === 'string' && isTemplateLanguage(value)) return value;
  throw parameterError(
    `Param ${where} must be one of {${TEMPLATE_LANGUAGES.join(', ')}} - got ${JSON.stringify(value)}.`,
  );
}
