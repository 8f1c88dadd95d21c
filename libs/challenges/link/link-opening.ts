import { isRegistered, type PublishedGenerator } from '#generators';
import type { FieldError } from '#platform/errors';

/** What of a request the rules of links speak about. */
export interface LinkRequest {
  generator: PublishedGenerator;
  returnUrl?: string;
  pkce?: string;
  onLive: 'resend' | 'replace' | 'return';
}

/** What a request for a link breaks, or what a request for something else may not hold. */
export function refuseLinkRequest({ generator, returnUrl, pkce, onLive }: LinkRequest): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (field: string, code: string, detail: string): void =>
    void errors.push({ pointer: `#/${field}`, code, detail });
  const { kind, link } = generator;
  if (kind === 'link' && onLive !== 'replace')
    refuse('onLive', 'not_allowed', 'a link is replaced: another browser may have asked for the one before');
  if (!link?.exchange) {
    if (returnUrl !== undefined)
      refuse('returnUrl', 'not_allowed', 'returnUrl goes with a link that has exchange');
    if (pkce !== undefined) refuse('pkce', 'not_allowed', 'pkce goes with a link that has exchange');
  } else if (returnUrl === undefined && pkce === undefined) {
    refuse(
      'returnUrl',
      'required',
      'who has exchange says how the asking browser is known: returnUrl or pkce',
    );
  } else if (returnUrl !== undefined && !isRegistered(returnUrl, link.redirectUrls ?? [])) {
    refuse('returnUrl', 'not_allowed', 'returnUrl must begin as one of the generator’s redirectUrls does');
  }
  return errors;
}
