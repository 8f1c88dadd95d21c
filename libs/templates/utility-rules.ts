import type { TemplateBody } from '#providers';
import {
  type ButtonInput,
  checkButtonText,
  type Complain,
  type LanguageInput,
  refuseMembers,
} from './template-input.js';

const MAX_HEADER = 60;
const MAX_BODY = 1_024;
const MAX_FOOTER = 60;
const MAX_SAMPLE = 1_024;
const MAX_URL = 2_000;
const MAX_BUTTONS = 10;
const MOST_OF: Partial<Record<ButtonInput['type'], number>> = { URL: 2, PHONE_NUMBER: 1 };

const PLACEHOLDER = /\{\{(\d+)\}\}/g;
/** Whatever nobody sees, but for the newline and for what joins the parts of an emoji. */
const UNSEEN = /[^\P{C}\n\u200d]/u;
/** What a message's parameter may not hold either. */
const UNSENDABLE = /[\n\r\t]| {5}/;

/** The words of a utility template, with `{{1}}`, `{{2}}` for values. */
export function utilityErrors(entry: LanguageInput, complain: Complain): void {
  refuseMembers(
    entry,
    [
      'addSecurityRecommendation',
      'codeExpirationMinutes',
      'otpType',
      'copyCodeButtonText',
      'autofillButtonText',
      'supportedApps',
      'zeroTapTermsAccepted',
    ],
    'AUTHENTICATION',
    complain,
  );
  if (entry.header !== undefined) checkLine(entry.header, 'header', MAX_HEADER, complain);
  if (entry.header !== undefined && /[*_~`]/.test(entry.header))
    complain('header', 'format', 'header must hold no formatting (* _ ~ `)');
  checkBody(entry, complain);
  if (entry.footer !== undefined) checkLine(entry.footer, 'footer', MAX_FOOTER, complain);
  checkButtons(entry.buttons ?? [], complain);
}

/** The numbers of a text's placeholders, in order. */
export function placeholdersOf(text: string): number[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, number]) => Number(number));
}

/** The places of its quick replies among its buttons. */
export function quickRepliesOf({ buttons }: Extract<TemplateBody, { category: 'UTILITY' }>): number[] {
  return buttons.flatMap(({ type }, at) => (type === 'QUICK_REPLY' ? [at] : []));
}

function checkLine(text: string, member: string, most: number, complain: Complain): void {
  if (!hasLength(text, most)) complain(member, 'length', `${member} must have 1 to ${most} characters`);
  else if (/[{}\n]/.test(text) || UNSEEN.test(text))
    complain(member, 'format', `${member} must hold no newline, variable or control character`);
}

function checkBody({ body, samples = [] }: LanguageInput, complain: Complain): void {
  if (body === undefined) return complain('body', 'required', 'body is required');
  if (!hasLength(body, MAX_BODY))
    return complain('body', 'length', `body must have 1 to ${MAX_BODY} characters`);
  if (UNSEEN.test(body)) complain('body', 'format', 'body must hold no control character');
  const numbers = placeholdersOf(body);
  if (/\{\{|\}\}/.test(body.replaceAll(PLACEHOLDER, '')))
    complain('body', 'placeholder', 'placeholders are written {{1}}, {{2}} and so on');
  else if (numbers.some((number, at) => number !== at + 1))
    complain('body', 'placeholder', 'placeholders are numbered from 1, in order, without gaps');
  else if (/^\s*\{\{\d+\}\}|\{\{\d+\}\}\s*$/.test(body))
    complain('body', 'placeholder', 'a placeholder may neither begin nor end the body');
  if (samples.length !== numbers.length)
    complain('samples', 'count', 'samples must hold one sample for each placeholder of the body');
  samples.forEach((sample, at) => {
    if (!hasLength(sample, MAX_SAMPLE) || UNSENDABLE.test(sample) || UNSEEN.test(sample))
      complain(
        `samples/${at}`,
        'format',
        'a sample has 1 to 1024 characters, and no newline, tab or five spaces in a row',
      );
  });
}

function checkButtons(buttons: readonly ButtonInput[], complain: Complain): void {
  if (buttons.length > MAX_BUTTONS)
    complain('buttons', 'too_many', `a template can have at most ${MAX_BUTTONS} buttons`);
  for (const [type, most] of Object.entries(MOST_OF))
    if (buttons.filter((button) => button.type === type).length > most)
      complain('buttons', 'too_many', `a template can have at most ${most} of the type ${type}`);
  const kinds = buttons.map(({ type }) => type === 'QUICK_REPLY');
  if (kinds.filter((kind, at) => at > 0 && kind !== kinds[at - 1]).length > 1)
    complain('buttons', 'order', 'QUICK_REPLY buttons stand together, before or after the others');
  buttons.forEach((button, at) => checkButton(button, at, complain));
}

function checkButton(
  { type, text, phoneNumber, url, example }: ButtonInput,
  at: number,
  say: Complain,
): void {
  const here = `buttons/${at}`;
  checkButtonText(text, `${here}/text`, say);
  if (phoneNumber !== undefined && type !== 'PHONE_NUMBER')
    say(`${here}/phoneNumber`, 'not_allowed', 'phoneNumber belongs to PHONE_NUMBER buttons');
  if (url !== undefined && type !== 'URL') say(`${here}/url`, 'not_allowed', 'url belongs to URL buttons');
  if (example !== undefined && type !== 'URL')
    say(`${here}/example`, 'not_allowed', 'example belongs to URL buttons');
  if (type === 'PHONE_NUMBER' && !/^\+[1-9]\d{6,14}$/.test(phoneNumber ?? ''))
    say(`${here}/phoneNumber`, 'format', 'phoneNumber must be E.164: + and 7 to 15 digits');
  if (type === 'URL') checkUrl({ url, example }, at, say);
}

/** At most one variable, `{{1}}`, at the very end. A message fills that of the first button. */
function checkUrl(
  { url = '', example }: Pick<ButtonInput, 'url' | 'example'>,
  at: number,
  complain: Complain,
): void {
  const here = `buttons/${at}`;
  const fixed = url.replace(/\{\{1\}\}$/, '');
  if (url.length > MAX_URL || !isWebAddress(fixed))
    return complain(
      `${here}/url`,
      'url_required',
      'url must be an http or https address of at most 2000 characters, with {{1}} at its end if anything in it varies',
    );
  if (fixed === url) {
    if (example !== undefined)
      complain(`${here}/example`, 'not_allowed', 'example belongs to a url that ends in {{1}}');
    return;
  }
  if (at > 0) complain(here, 'order', 'a URL button with a variable must be the first button');
  if (example === undefined || !example.startsWith(fixed) || example === fixed || !isWebAddress(example))
    complain(`${here}/example`, 'required', 'example must be the whole address with a value for {{1}}');
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s{}]+$/i.test(text) && !UNSEEN.test(text) && URL.canParse(text);
}

function hasLength(text: string, most: number): boolean {
  return text.trim().length > 0 && [...text].length <= most;
}
