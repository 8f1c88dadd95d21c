import type { InboundNotice } from '#providers';
import { type CanonicalReceiver, parsePhone } from '#platform/phone';

/** Who wrote to us: by number, or by the provider's own id of somebody whose number it does not tell. */
export interface Person extends CanonicalReceiver {
  phone: boolean;
}

const OWN_ID = /^[\x21-\x7e]{1,64}$/;

export function whoWrote({ from }: Pick<InboundNotice, 'from'>): Person {
  return readPerson(from) ?? { address: from, canonical: `id:${from}`, phone: false };
}

/** A number with its plus, or an id as a provider writes one; undefined for anything else. */
export function readPerson(text: string): Person | undefined {
  const to = parsePhone(text);
  if (typeof to !== 'string') return { ...to, phone: true };
  // What was meant as a number is none, and no id either: the tables of numbers would be walked round.
  if (text.startsWith('+') || !OWN_ID.test(text)) return undefined;
  return { address: text, canonical: `id:${text}`, phone: false };
}
