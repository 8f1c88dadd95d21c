import type { Purpose } from './purposes.js';

/** The text of a message on a channel that takes text. Placeholders stand in double braces; there is no logic. */
export interface Wording {
  /** Where the channel has one (e-mail). Never holds the code: it is shown on locked screens. */
  subject?: string;
  text: string;
}

export const TRANSACTION_PLACEHOLDERS = ['amount', 'currency', 'payee'] as const;
/** What the message carries, each under its own name. */
export type Carried = 'code' | 'link';
export type WordingValues = { minutes: string } & Partial<
  Record<Carried | (typeof TRANSACTION_PLACEHOLDERS)[number], string>
>;

export interface WordingFault {
  field: 'subject' | 'text';
  code: string;
  detail: string;
}

const MOST = { subject: 150, text: 1_000 };
const PLACEHOLDER = /\{\{(.*?)\}\}/gs;
const MARKUP = /<[a-z!/?]/i;
/** Control and format characters: they hide or turn round what a person reads. A text may have lines. */
const UNSEEN = { subject: /\p{C}/u, text: /(?!\n)\p{C}/u };

/**
 * Everything that is wrong with a wording (BI-83). `transaction`: `required` when it is about amount and payee and
 * about nothing else, so all three must be read (STD-33); `forbidden` when a challenge may come without them.
 */
export function judgeWording(
  wording: Wording,
  transaction: 'required' | 'forbidden',
  carried: Carried = 'code',
): WordingFault[] {
  const known = [carried, 'minutes', ...TRANSACTION_PLACEHOLDERS];
  const faults = [
    ...judgeField('text', wording.text, known),
    ...judgeField('subject', wording.subject ?? '', known),
  ];
  if (faults.length > 0) return faults;
  const [text, subject] = [namesIn(wording.text), namesIn(wording.subject ?? '')];
  if (text.filter((name) => name === carried).length !== 1)
    faults.push({
      field: 'text',
      code: `${carried}_once`,
      detail: `text must hold {{${carried}}} exactly once`,
    });
  if (subject.includes(carried))
    faults.push({
      field: 'subject',
      code: 'placeholder_not_allowed',
      detail: `subject must not hold {{${carried}}}`,
    });
  for (const name of TRANSACTION_PLACEHOLDERS) {
    if (transaction === 'required' && !text.includes(name))
      faults.push({
        field: 'text',
        code: 'placeholder_required',
        detail: `text must hold {{${name}}}: a payer sees amount and payee (RTS Art. 5)`,
      });
    const field = text.includes(name) ? 'text' : 'subject';
    if (transaction === 'forbidden' && (text.includes(name) || subject.includes(name)))
      faults.push({
        field,
        code: 'placeholder_not_allowed',
        detail: `{{${name}}} needs a generator whose purposes are transaction alone`,
      });
  }
  return faults;
}

/** Puts the values in, once: what looks like a placeholder inside a value stays as it is (ATK-41). */
export function renderWording(wording: Wording, values: WordingValues): Wording {
  const known: Partial<Record<string, string>> = values;
  const fill = (text: string): string =>
    text.replace(PLACEHOLDER, (whole, name: string) => known[name] ?? whole);
  return {
    ...(wording.subject !== undefined && { subject: fill(wording.subject) }),
    text: fill(wording.text),
  };
}

function judgeField(field: 'subject' | 'text', value: string, known: readonly string[]): WordingFault[] {
  const fault = (code: string, detail: string): WordingFault[] => [
    { field, code, detail: `${field} ${detail}` },
  ];
  if (value.length > MOST[field]) return fault('too_long', `may have ${MOST[field]} characters`);
  if (UNSEEN[field].test(value)) return fault('format', 'must not hold control or format characters');
  if (MARKUP.test(value)) return fault('markup', 'is plain text and must not hold markup');
  const left = value.replace(PLACEHOLDER, '');
  if (left.includes('{{') || left.includes('}}'))
    return fault(
      'placeholder_unclosed',
      'holds a placeholder that is not opened and closed with double braces',
    );
  const unknown = namesIn(value).find((name) => !known.includes(name));
  if (unknown !== undefined)
    return fault('placeholder_unknown', `may hold {{${known.join('}}, {{')}}} and no other placeholder`);
  return [];
}

function namesIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!);
}

type BuiltIn = Record<Purpose | 'transaction_details', [subject: string, sentence: string]> & { end: string };

/** Each sentence says what the code is for, so that one is not taken for another (STD-35). */
const BUILT_IN: Record<string, BuiltIn> = {
  en: {
    authentication: ['Your sign-in code', '{{code}} is your code to sign in.'],
    address_verification: ['Confirm your address', '{{code}} is your code to confirm this address.'],
    recovery: ['Recover your account', '{{code}} is your code to recover your account.'],
    transaction: ['Authorise a transaction', '{{code}} is your code to authorise a transaction.'],
    transaction_details: [
      'Authorise a transaction',
      '{{code}} is your code to authorise {{amount}} {{currency}} to {{payee}}.',
    ],
    end: 'It is valid for {{minutes}} minutes. Do not share it with anyone.',
  },
  es: {
    authentication: ['Su código de acceso', '{{code}} es su código para iniciar sesión.'],
    address_verification: ['Confirme su dirección', '{{code}} es su código para confirmar esta dirección.'],
    recovery: ['Recupere su cuenta', '{{code}} es su código para recuperar su cuenta.'],
    transaction: ['Autorice una operación', '{{code}} es su código para autorizar una operación.'],
    transaction_details: [
      'Autorice una operación',
      '{{code}} es su código para autorizar {{amount}} {{currency}} a {{payee}}.',
    ],
    end: 'Es válido durante {{minutes}} minutos. No lo comparta con nadie.',
  },
  pt: {
    authentication: ['Seu código de acesso', '{{code}} é o seu código para entrar.'],
    address_verification: ['Confirme seu endereço', '{{code}} é o seu código para confirmar este endereço.'],
    recovery: ['Recupere sua conta', '{{code}} é o seu código para recuperar sua conta.'],
    transaction: ['Autorize uma transação', '{{code}} é o seu código para autorizar uma transação.'],
    transaction_details: [
      'Autorize uma transação',
      '{{code}} é o seu código para autorizar {{amount}} {{currency}} para {{payee}}.',
    ],
    end: 'É válido por {{minutes}} minutos. Não o compartilhe com ninguém.',
  },
};

/** The wording of a step that has none, in the language's base or in English. */
export function builtInWording(language: string, purpose: Purpose, withDetails: boolean): Wording {
  const texts = BUILT_IN[language.split('_', 1)[0]!] ?? BUILT_IN['en']!;
  const [subject, sentence] =
    texts[purpose === 'transaction' && withDetails ? 'transaction_details' : purpose];
  return { subject, text: `${sentence} ${texts.end}` };
}
