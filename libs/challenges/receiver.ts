import { Problem } from '#platform/errors';
import { parseEmail } from '#platform/email';
import { type CanonicalReceiver, parsePhone } from '#platform/phone';

/** The channel decides what a receiver is: an e-mail address by e-mail, a phone number anywhere else (BI-22). */
export function readReceiver(channel: string, text: string): CanonicalReceiver | Problem {
  const to = channel === 'email' ? parseEmail(text) : parsePhone(text);
  if (typeof to !== 'string') return to;
  if (to === 'number_class_not_allowed') return new Problem('receiver.number_class_not_allowed');
  const code = to === 'invalid_email' ? 'receiver.invalid_email' : 'receiver.invalid_phone';
  return new Problem(code, { errors: [{ pointer: '#/receiver', code: to }] });
}
