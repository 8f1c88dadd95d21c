import type { Channel } from '#providers';
import { parseEmail } from '#platform/email';
import { Problem } from '#platform/errors';
import { type CanonicalReceiver, parsePhone, readBarredPhone } from '#platform/phone';

/** Where a challenge may go: the receiver it is about, and perhaps an address of the other kind for later steps. */
export interface Receivers {
  primary: CanonicalReceiver;
  fallback?: CanonicalReceiver;
}

/** An address as somebody wrote it: what has an `@` is meant as e-mail, anything else as a phone number. */
export function parseAddress(
  text: string,
): CanonicalReceiver | ReturnType<typeof parsePhone> | ReturnType<typeof parseEmail> {
  return isEmail(text) ? parseEmail(text) : parsePhone(text);
}

/** The receiver that a refused request was about, too; undefined when the text has no canonical form. */
export function readWritten(text: string): CanonicalReceiver | undefined {
  const to = parseAddress(text);
  return typeof to === 'string' ? readBarredPhone(text) : to;
}

export function parseReceivers(receiver: string, fallbackReceiver: string | undefined): Receivers | Problem {
  const primary = parseAddress(receiver);
  if (typeof primary === 'string') return receiverProblem('receiver', primary);
  if (fallbackReceiver === undefined) return { primary };
  const fallback = parseAddress(fallbackReceiver);
  if (typeof fallback === 'string') return receiverProblem('fallbackReceiver', fallback);
  if (isEmail(fallback.address) === isEmail(primary.address))
    return Problem.field(
      'fallbackReceiver',
      'wrong_kind',
      'fallbackReceiver must be of another kind than receiver',
    );
  return { primary, fallback };
}

/** The address that a channel can reach; undefined when there is none of its kind. */
export function receiverFor(
  channel: Channel,
  { primary, fallback }: Receivers,
): CanonicalReceiver | undefined {
  const fits = (receiver: CanonicalReceiver): boolean => isEmail(receiver.address) === (channel === 'email');
  if (fits(primary)) return primary;
  return fallback && fits(fallback) ? fallback : undefined;
}

/** An address that was accepted once, read again. */
export function readReceiver(address: string): CanonicalReceiver {
  const parsed = parseAddress(address);
  return typeof parsed === 'string' ? { address, canonical: address } : parsed;
}

function isEmail(address: string): boolean {
  return address.includes('@');
}

function receiverProblem(field: string, problem: string): Problem {
  if (problem === 'number_class_not_allowed') return new Problem('receiver.number_class_not_allowed');
  const code = problem === 'invalid_email' ? 'receiver.invalid_email' : 'receiver.invalid_phone';
  return new Problem(code, { errors: [{ pointer: `#/${field}`, code: problem }] });
}
