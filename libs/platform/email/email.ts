import { domainToASCII } from 'node:url';
import type { CanonicalReceiver } from '#platform/phone';

const MAX_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;
const MAX_DOMAIN_LENGTH = 253;
/** A dot-atom of RFC 5322, with letters of any script (RFC 6531). No quotes, comments, controls or format characters. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const DOMAIN_AS_WRITTEN = /^[\p{L}\p{M}\p{N}.-]+$/u;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;
/** Gmail reads past dots and takes both names for one. Other providers do not: there, dots make other people. */
const GMAIL = new Set(['gmail.com', 'googlemail.com']);

/**
 * Reads one e-mail address strictly: exactly one addr-spec (ATK-23). What an address parser could read as a second
 * one, a group, a comment or another domain is refused, never repaired.
 *
 * `address` is what was written: mail goes there. `canonical` is for counters only (ATK-26): compatibility forms,
 * case, plus tag and the spelling of the domain make no new receiver.
 */
export function parseEmail(text: string): CanonicalReceiver | 'invalid_email' {
  // Before anything reads the text: what is longer costs no more than this comparison.
  if (text.length > MAX_LENGTH || Buffer.byteLength(text) > MAX_LENGTH) return 'invalid_email';
  const at = text.indexOf('@');
  const local = text.slice(0, at);
  if (at < 1 || Buffer.byteLength(local) > MAX_LOCAL_LENGTH || !LOCAL_PART.test(local))
    return 'invalid_email';
  const domain = domainToAscii(text.slice(at + 1));
  if (domain === undefined) return 'invalid_email';
  const folded = local.normalize('NFKC').toLowerCase();
  // A compatibility form of `@`, of a quote or of a space is another address to whoever normalizes it.
  if (!LOCAL_PART.test(folded)) return 'invalid_email';
  return { address: text, canonical: canonicalOf(folded, domain) };
}

/** The domain in A-labels, as SMTP wants it; undefined when it is none that mail could be sent to. */
export function domainToAscii(domain: string): string | undefined {
  if (!DOMAIN_AS_WRITTEN.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  return ascii.length <= MAX_DOMAIN_LENGTH && DOMAIN.test(ascii) ? ascii : undefined;
}

function canonicalOf(local: string, domain: string): string {
  const plus = local.indexOf('+');
  const mailbox = plus > 0 ? local.slice(0, plus) : local;
  return GMAIL.has(domain) ? `${mailbox.replaceAll('.', '')}@gmail.com` : `${mailbox}@${domain}`;
}
