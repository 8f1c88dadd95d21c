import { TRANSACTION_PLACEHOLDERS } from '#generators';
import type { FieldError } from '#platform/errors';

/** What is authorised, as the person reads it. */
export type Transaction = Record<(typeof TRANSACTION_PLACEHOLDERS)[number], string>;

const MOST_CHARACTERS: Record<keyof Transaction, number> = { amount: 32, currency: 3, payee: 70 };
/** Control and format characters turn a text round or hide part of it; an address in it is one to follow (ATK-41). */
const DECEPTIVE = /\p{C}|:\/\//u;

/** Every member of a transaction that is missing, or that a text could not show as it is. */
export function judgeTransaction(context: Readonly<Record<string, string>> | undefined): FieldError[] {
  return TRANSACTION_PLACEHOLDERS.flatMap((name) => {
    const value = context && Object.hasOwn(context, name) ? context[name]! : '';
    const code =
      value.trim() === ''
        ? 'required'
        : value.length > MOST_CHARACTERS[name]
          ? 'too_long'
          : DECEPTIVE.test(value) || (name === 'currency' && !/^[A-Z]{3}$/.test(value))
            ? 'format'
            : undefined;
    return code ? [{ pointer: `#/context/${name}`, code, detail: RULE[name] }] : [];
  });
}

/** The transaction that a context holds, when it holds a whole one. */
export function transactionOf(
  context: Readonly<Record<string, string>> | undefined,
): Transaction | undefined {
  if (!context || judgeTransaction(context).length > 0) return undefined;
  const { amount, currency, payee } = context as Transaction;
  return { amount, currency, payee };
}

const RULE: Record<keyof Transaction, string> = {
  amount: 'a transaction names its amount, in up to 32 characters',
  currency: 'a transaction names its currency, in three capital letters',
  payee: 'a transaction names its payee, in up to 70 characters',
};
