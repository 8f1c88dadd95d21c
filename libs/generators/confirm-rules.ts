import type { FieldError } from '#platform/errors';
import type { Purpose } from './purposes.js';
import { TRANSACTION_PLACEHOLDERS } from './wording.js';

export const QUESTION_PARAMETERS = [...TRANSACTION_PLACEHOLDERS, 'minutes'] as const;
export type QuestionParameter = (typeof QUESTION_PARAMETERS)[number];

/** Options of kind `confirm`. */
export interface ConfirmRules {
  /** What the question says where text is carried, by language; built-in words for others. */
  wording?: Record<string, string>;
  /** What fills `{{1}}`, `{{2}}`, … of templates, in order; placeholders after them take the challenge's `values`. */
  parameters: QuestionParameter[];
  /** How often a reply that is neither yes nor no is answered by the question again. */
  askAgain: number;
  /** False for a message that only tells: nobody listens for an answer. */
  expectsAnswer: boolean;
}

export const MOST_ASKED_AGAIN = 2;
export const DEFAULT_CONFIRM_RULES: ConfirmRules = {
  parameters: [],
  askAgain: MOST_ASKED_AGAIN,
  expectsAnswer: true,
};
/** Nobody reads and answers faster, and a payment does not wait longer. */
const LIFE_SECONDS = { least: 300, most: 900 };
const MOST_CHARACTERS = 600;
const PLACEHOLDER = /\{\{(.*?)\}\}/gs;
const UNSEEN = /(?!\n)\p{C}/u;
const ADDRESS = /:\/\/|\bwww\./i;

/** What of a generator these rules speak about. */
export interface Confirming {
  confirm?: ConfirmRules;
  purposes?: readonly Purpose[];
  lifeSeconds: number;
  resend?: { code: 'same' | 'rotate' };
  plan: readonly { template?: unknown; wording?: unknown }[];
}

/** Everything in a generator that does not fit a question, each with the field and the rule. */
export function judgeConfirm(generator: Confirming): FieldError[] {
  const rules = generator.confirm ?? DEFAULT_CONFIRM_RULES;
  return [
    ...judgeCodeSettings(generator),
    ...judgeLife(generator, rules),
    ...judgeParameters(generator, rules),
    ...Object.entries(rules.wording ?? {}).flatMap(([language, text]) =>
      judgeText(text, isAboutTransactions(generator)).map(([code, detail]) =>
        fault(`confirm/wording/${language}`, code, detail),
      ),
    ),
  ];
}

/** A question about a transaction serves nothing else: its words name amount and payee (STD-33). */
export function isAboutTransactions({ purposes }: Pick<Confirming, 'purposes'>): boolean {
  return purposes?.includes('transaction') ?? false;
}

/** How many of a challenge's `values` a text takes: the highest number among its placeholders. */
export function valuesTaken(text: string): number {
  return Math.max(0, ...namesIn(text).map(Number).filter(Number.isInteger));
}

function judgeCodeSettings({ resend, plan, purposes }: Confirming): FieldError[] {
  const errors: FieldError[] = [];
  if (resend?.code === 'rotate')
    errors.push(fault('resend/code', 'not_allowed', 'a question has no code that could be another one'));
  if (isAboutTransactions({ purposes }) && purposes!.length > 1)
    errors.push(fault('purposes', 'not_allowed', 'a question about transactions serves transaction alone'));
  plan.forEach(({ wording }, at) => {
    if (wording !== undefined)
      errors.push(
        fault(`channels/${at}/wording`, 'not_allowed', 'the words of a question stand in confirm.wording'),
      );
  });
  return errors;
}

function judgeLife({ lifeSeconds }: Confirming, { expectsAnswer }: ConfirmRules): FieldError[] {
  const { least, most } = LIFE_SECONDS;
  if (!expectsAnswer || (lifeSeconds >= least && lifeSeconds <= most)) return [];
  const code = lifeSeconds < least ? 'too_small' : 'too_large';
  return [fault('lifeSeconds', code, `a question lives ${least} to ${most} s`)];
}

function judgeParameters({ plan, purposes }: Confirming, { parameters }: ConfirmRules): FieldError[] {
  const about = isAboutTransactions({ purposes });
  const missing =
    about && plan.some(({ template }) => template !== undefined)
      ? TRANSACTION_PLACEHOLDERS.filter((name) => !parameters.includes(name))
      : [];
  const strange = about ? [] : TRANSACTION_PLACEHOLDERS.filter((name) => parameters.includes(name));
  return [
    ...missing.map((name) =>
      fault(
        'confirm/parameters',
        'placeholder_required',
        `the template must show ${name}: a payer sees amount and payee (RTS Art. 5)`,
      ),
    ),
    ...strange.map((name) =>
      fault('confirm/parameters', 'placeholder_not_allowed', `${name} needs purposes of transaction alone`),
    ),
  ];
}

function judgeText(text: string, aboutTransactions: boolean): [code: string, detail: string][] {
  if (text.trim() === '' || text.length > MOST_CHARACTERS)
    return [['length', `a text has 1 to ${MOST_CHARACTERS} characters`]];
  if (UNSEEN.test(text)) return [['format', 'a text must not hold control or format characters']];
  if (ADDRESS.test(text)) return [['format', 'a question holds no address to follow']];
  const left = text.replace(PLACEHOLDER, '');
  if (left.includes('{{') || left.includes('}}'))
    return [['placeholder_unclosed', 'a placeholder is opened and closed with double braces']];
  return judgeNames(namesIn(text), aboutTransactions);
}

function judgeNames(names: readonly string[], about: boolean): [code: string, detail: string][] {
  const numbered = new Set(names.filter((name) => /^[1-9]$/.test(name)).map(Number));
  const named = names.filter((name) => !/^[1-9]$/.test(name));
  const known: readonly string[] = about ? QUESTION_PARAMETERS : ['minutes'];
  if (named.some((name) => !known.includes(name)))
    return [['placeholder_unknown', `a text may hold {{${known.join('}}, {{')}}} and {{1}} to {{9}}`]];
  if ([...numbered].some((number) => number > numbered.size))
    return [['placeholder', 'numbered placeholders begin with {{1}} and have no gaps']];
  return TRANSACTION_PLACEHOLDERS.filter((name) => about && !named.includes(name)).map((name) => [
    'placeholder_required',
    `a text must hold {{${name}}}: a payer sees amount and payee (RTS Art. 5)`,
  ]);
}

function namesIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!);
}

function fault(field: string, code: string, detail: string): FieldError {
  return { pointer: `#/${field}`, code, detail };
}
