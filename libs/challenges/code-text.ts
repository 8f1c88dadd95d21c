/** A code with how it is compared: as it is, or in any case and with separators. */
export interface Code {
  text: string;
  exact: boolean;
}

/** What was typed, in the two ways it may be meant. */
export interface Answer {
  /** As a code of ours: capitals and digits, without separators. */
  plain?: string;
  /** As a code of the caller's own, when it could be one. */
  exact?: string;
}

const PLAIN = /^[A-Za-z0-9]{4,15}$/;
const SEPARATORS = /[ \-\t\r\n]/g;
const VISIBLE = /^[\x21-\x7e]{4,15}$/;
const DIGITS = /^\d+$/;
const ADDRESS = /:\/\/|^www\.|[a-z0-9-]\.[a-z]{2,}(?:[/:?#]|$)/i;

/** Spaces and dashes between the characters are how people read a code aloud; letters come in either case. */
export function normaliseCode(text: string): string | undefined {
  if (PLAIN.test(text)) return text.toUpperCase();
  const plain = text.length <= 64 ? text.replace(SEPARATORS, '') : '';
  return PLAIN.test(plain) ? plain.toUpperCase() : undefined;
}

/** Undefined for what can be no code. Digits alone are never compared exactly: they have no case. */
export function readAnswer(text: string): Answer | undefined {
  const plain = normaliseCode(text);
  if (plain !== undefined && DIGITS.test(text)) return { plain };
  const typed = text.length <= 64 ? text.trim() : '';
  const exact = VISIBLE.test(typed) ? typed : undefined;
  return plain === undefined && exact === undefined ? undefined : { plain, exact };
}

/** A code that was handed to us. Its letters keep their case, since nobody drew them from one alphabet. */
export function givenCode(text: string): Code {
  return { text, exact: !DIGITS.test(text) };
}

/** Why a given code can be none (BI-29). `digitsOnly`: the generator promises digits, and keypads offer nothing else. */
export function givenCodeFault(text: string, digitsOnly: boolean): string | undefined {
  if (!VISIBLE.test(text)) return 'code must be 4 to 15 visible ASCII characters without spaces';
  if (ADDRESS.test(text)) return 'code must not look like an address';
  if (digitsOnly && !DIGITS.test(text)) return 'code must be digits, as the generator’s alphabet is numeric';
  return undefined;
}
