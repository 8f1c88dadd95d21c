import { Problem } from '#platform/errors';
import type { HttpClient } from '#platform/http-client';

const MOST_CHARACTERS = 2_048;

/** Throws `url_not_allowed` for an address that nothing may be posted to (ATK-13). It is looked at again at each delivery. */
export async function refuseForbiddenUrl(url: string, http: HttpClient): Promise<void> {
  const why = isPlain(url) ? await http.whyForbidden(url) : 'url_not_allowed';
  if (why === undefined) return;
  const detail =
    why === 'url_not_allowed'
      ? `url must be https on port 443 or 8443, without user, fragment or spaces, and up to ${MOST_CHARACTERS} characters`
      : why === 'address_not_allowed'
        ? 'the host of url must have public addresses only'
        : 'the host of url must be one that can be resolved';
  throw Problem.field('url', 'url_not_allowed', detail);
}

/** An empty fragment and empty credentials leave no trace in the parsed form, and white space is dropped by the parser. */
function isPlain(url: string): boolean {
  return (
    url.length <= MOST_CHARACTERS &&
    /^https?:\/\/[\x21-\x7e]+$/i.test(url) &&
    !url.includes('#') &&
    !/^https?:\/\/[^/?]*@/i.test(url)
  );
}
