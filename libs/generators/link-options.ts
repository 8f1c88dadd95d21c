import type { FieldError } from '#platform/errors';

/** What a generator of kind `link` says beside its rules. */
export interface LinkOptions {
  /** Who asks, as the page behind the link says it. */
  displayName: string;
  /** Where a person may be led back to: scheme, host, port and a beginning of the path, all exact (ATK-18). */
  redirectUrls?: string[];
  /** Whether an approval is worth a token, for the browser that asked and for no other. */
  exchange?: boolean;
}

export const MOST_DISPLAY_NAME = 64;
export const MOST_REDIRECT_URLS = 10;
export const MOST_URL = 512;

/** Control and format characters turn a name round or hide part of it (BI-68). */
const UNSEEN = /\p{C}/u;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
/** What a server behind the address may read as a line's end, a slash or a backslash. */
const ENCODED = /%(?:0[0-9a-f]|1[0-9a-f]|2f|5c|7f)/i;

/** Everything that is wrong with the options, each with the field and the rule. */
export function judgeLinkOptions({ displayName, redirectUrls = [], exchange }: LinkOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (displayName.trim() === '' || UNSEEN.test(displayName))
    errors.push(fault('displayName', 'format', 'a name has letters that can be seen, and nothing hidden'));
  redirectUrls.forEach((text, at) => {
    const url = readWebAddress(text);
    if (!url || url.search !== '')
      errors.push(
        fault(
          `redirectUrls/${at}`,
          'url_required',
          'a redirect URL is written as browsers write it: https, a host, a path; http for this machine only',
        ),
      );
  });
  if (redirectUrls.length > 0 && !exchange)
    errors.push(fault('redirectUrls', 'not_allowed', 'nobody is led back without exchange'));
  return errors;
}

/**
 * Whether a return URL begins as a registered one does. What two programs may read differently is no match: another
 * spelling, credentials, a backslash, a line's end (ATK-18).
 */
export function isRegistered(text: string, registered: readonly string[]): boolean {
  const url = readWebAddress(text);
  return (
    url !== undefined &&
    registered.some((entry) => {
      const { origin, pathname } = new URL(entry);
      const under = pathname.endsWith('/') ? pathname : `${pathname}/`;
      return url.origin === origin && (url.pathname === pathname || url.pathname.startsWith(under));
    })
  );
}

/** An address that has one spelling, the one it comes in. */
function readWebAddress(text: string): URL | undefined {
  if (text.length > MOST_URL || ENCODED.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.includes(url.hostname));
  const plain = url.username === '' && url.password === '' && !text.includes('#');
  return secure && plain && url.href === text ? url : undefined;
}

function fault(field: string, code: string, detail: string): FieldError {
  return { pointer: `#/link/${field}`, code, detail };
}
