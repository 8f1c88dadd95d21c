import type { FieldError } from '#platform/errors';

/** Meta's table of template languages. A template must be sent under the exact code it was made with. */
const LANGUAGES = new Set(
  (
    'af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl nl_BE en en_GB en_US en_AE en_AU ' +
    'en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi fr fr_BE fr_CA fr_CH fr_CI fr_MA ka de de_AT de_CH el gu ha ' +
    'he hi hu id ga it ja kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa ro ru sr si_LK sk sl es es_AR es_CL es_CO ' +
    'es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw sv ta te th tr uk ur uz vi zu'
  ).split(' '),
);
const MAX_BUTTON_TEXT = 25;

export interface LanguageInput {
  language: string;
  addSecurityRecommendation?: boolean;
  codeExpirationMinutes?: number;
  copyCodeButtonText?: string;
  ttlSeconds?: number;
}

/** Meta's rules for an authentication template, checked before Meta is asked. `at` is the pointer of the languages' list. */
export function checkTemplate(
  name: string,
  languages: readonly LanguageInput[],
  at = '#/languages',
): FieldError[] {
  const errors: FieldError[] = [];
  const add = (pointer: string, code: string, detail: string): void =>
    void errors.push({ pointer, code, detail });
  if (!/^[a-z0-9_]{1,512}$/.test(name))
    add('#/name', 'format', 'name must be 1 to 512 lower-case letters, digits or underscores');
  if (languages.length === 0) add(at, 'too_few', 'a template needs at least one language');
  const seen = new Set<string>();
  languages.forEach((entry, index) => {
    const here = `${at}/${index}`;
    if (!LANGUAGES.has(entry.language))
      add(
        `${here}/language`,
        'not_allowed',
        'language must be a code of the WhatsApp language table, such as en, es_MX or pt_BR',
      );
    if (seen.has(entry.language)) add(`${here}/language`, 'not_unique', 'each language may appear once');
    seen.add(entry.language);
    const minutes = entry.codeExpirationMinutes;
    if (minutes !== undefined && !(Number.isInteger(minutes) && minutes >= 1 && minutes <= 90)) {
      add(
        `${here}/codeExpirationMinutes`,
        'range',
        'codeExpirationMinutes must be a whole number from 1 to 90',
      );
    }
    const text = entry.copyCodeButtonText;
    if (text !== undefined && (text.length === 0 || text.length > MAX_BUTTON_TEXT)) {
      add(`${here}/copyCodeButtonText`, 'length', 'copyCodeButtonText must have 1 to 25 characters');
    } else if (text !== undefined && !isPlainText(text)) {
      add(
        `${here}/copyCodeButtonText`,
        'format',
        'copyCodeButtonText must hold no link, emoji, variable or control character',
      );
    }
    const ttl = entry.ttlSeconds;
    if (ttl !== undefined && ttl !== -1 && !(Number.isInteger(ttl) && ttl >= 30 && ttl <= 900)) {
      add(`${here}/ttlSeconds`, 'range', 'ttlSeconds must be a whole number from 30 to 900, or -1');
    }
  });
  return errors;
}

function isPlainText(text: string): boolean {
  return !/[{}\p{C}\p{Extended_Pictographic}]|https?:|www\./iu.test(text);
}
