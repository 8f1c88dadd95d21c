import type { SupportedApp, TemplateBody, TemplateCategory } from '#providers';
import type { FieldError } from '#platform/errors';
import { authenticationErrors } from './authentication-rules.js';
import type { Complain, LanguageInput, TemplateInput } from './template-input.js';
import { TEMPLATE_LANGUAGES } from './template-languages.js';
import { utilityErrors } from './utility-rules.js';

/** Where a member of the n-th language stands in what the caller sent, as a JSON pointer. */
export type Placing = (index: number, member: string) => string;

export const NATIVE_PLACING: Placing = (index, member) => `#/languages/${index}/${member}`;

/** Seconds the provider may go on trying. */
const TTL_SECONDS: Record<TemplateCategory, readonly [least: number, most: number]> = {
  AUTHENTICATION: [30, 900],
  UTILITY: [30, 43_200],
};
const PROVIDERS_LONGEST = -1;

/** WhatsApp's rules for a template, checked before a provider is asked. */
export function checkTemplate(
  { name, category, languages }: TemplateInput,
  place: Placing = NATIVE_PLACING,
): FieldError[] {
  const errors = nameErrors(name);
  if (languages.length === 0)
    errors.push({
      pointer: '#/languages',
      code: 'too_few',
      detail: 'a template needs at least one language',
    });
  const seen = new Set<string>();
  languages.forEach((entry, index) => {
    const complain: Complain = (member, code, detail) =>
      void errors.push({ pointer: place(index, member), code, detail });
    if (!TEMPLATE_LANGUAGES.has(entry.language))
      complain(
        'language',
        'not_allowed',
        'language must be a code of the WhatsApp language table, such as en, es_MX or pt_BR',
      );
    if (seen.has(entry.language)) complain('language', 'not_unique', 'each language may appear once');
    seen.add(entry.language);
    checkTtl(entry, category, complain);
    if (category === 'AUTHENTICATION') authenticationErrors(entry, complain);
    else utilityErrors(entry, complain);
  });
  return errors;
}

function nameErrors(name: string): FieldError[] {
  if (/^[a-z0-9_]{1,512}$/.test(name)) return [];
  const rule = 'name must be 1 to 512 lower-case letters, digits or underscores';
  const lower = /^[a-z0-9_]{1,512}$/i.test(name);
  const detail = lower ? `${rule}: the same name in lower case would be one` : rule;
  return [{ pointer: '#/name', code: 'format', detail }];
}

function checkTtl({ ttlSeconds: ttl }: LanguageInput, category: TemplateCategory, complain: Complain): void {
  const [least, most] = TTL_SECONDS[category];
  if (ttl === undefined || ttl === PROVIDERS_LONGEST) return;
  if (!Number.isInteger(ttl) || ttl < least || ttl > most)
    complain('ttlSeconds', 'range', `ttlSeconds must be a whole number from ${least} to ${most}, or -1`);
}

/** What is stored and sent: a checked input without what does not belong, and with the lifetime that follows. */
export function toBody(category: TemplateCategory, entry: LanguageInput): TemplateBody {
  if (category === 'UTILITY') {
    const { header, body, samples, footer, buttons, ttlSeconds } = entry;
    return {
      category,
      ...given({ header, footer, ttlSeconds }),
      body: body ?? '',
      samples: [...(samples ?? [])],
      buttons: (buttons ?? []).map(({ type, text, phoneNumber, url, example }) => ({
        type,
        text,
        ...given({ phoneNumber, url, example }),
      })) as never,
    };
  }
  const { codeExpirationMinutes, otpType, copyCodeButtonText, autofillButtonText } = entry;
  const { supportedApps, zeroTapTermsAccepted } = entry;
  return {
    category,
    addSecurityRecommendation: entry.addSecurityRecommendation ?? false,
    ...given({
      codeExpirationMinutes,
      otpType,
      copyCodeButtonText,
      autofillButtonText,
      supportedApps: supportedApps?.map(toApp),
      zeroTapTermsAccepted,
      ttlSeconds: entry.ttlSeconds ?? lifetimeOf(codeExpirationMinutes),
    }),
  };
}

function toApp({ packageName, signatureHash }: SupportedApp): SupportedApp {
  return { packageName, signatureHash };
}

/** A message that arrives after its code has ended is of no use: the provider tries no longer than the footer says. */
function lifetimeOf(minutes: number | undefined): number | undefined {
  const [least, most] = TTL_SECONDS.AUTHENTICATION;
  return minutes === undefined ? undefined : Math.min(most, Math.max(least, minutes * 60));
}

function given<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** What works but is probably not meant: a message may come when its own footer says that the code has ended. */
export function warningsOf(languages: readonly { language: string; content: TemplateBody }[]): string[] {
  return languages.flatMap(({ language, content }) => {
    if (content.category !== 'AUTHENTICATION' || content.codeExpirationMinutes === undefined) return [];
    const { ttlSeconds, codeExpirationMinutes: minutes } = content;
    return outlives(ttlSeconds, minutes * 60)
      ? [`${language}: ttlSeconds lets a message arrive after the ${minutes} minutes of its footer`]
      : [];
  });
}

/** Whether the provider may still deliver when the code is dead. */
export function outlives(ttlSeconds: number | undefined, lifeSeconds: number): boolean {
  return ttlSeconds !== undefined && (ttlSeconds === PROVIDERS_LONGEST || ttlSeconds > lifeSeconds);
}
