import { bindsTransactions, profileRules, type PublishedGenerator, refusedUse } from '#generators';
import { type FieldError, Problem } from '#platform/errors';
import type { CanonicalReceiver } from '#platform/phone';
import type { Purpose } from './challenge.js';
import { givenCodeFault } from './code-text.js';
import { type QuestionRequest, refuseQuestion } from './confirm/question-values.js';
import { type LinkRequest, refuseLinkRequest } from './link/link-opening.js';
import { judgeTransaction } from './transaction-context.js';

/** What of a request the rules of its generator speak about. */
interface Request extends LinkRequest, QuestionRequest {
  purpose?: Purpose;
  context?: Readonly<Record<string, string>>;
  code?: string;
  replaces?: string;
  provenBy?: string;
}

const CHANGES: readonly Purpose[] = ['recovery', 'address_verification'];

/** What the request itself breaks: its context, its own code, a change without proof. */
export function refuseRequest(request: Request): Problem | undefined {
  const { generator, purpose, context, code, replaces, provenBy } = request;
  const refused = refuseQuestion(request);
  if (refused) return refused;
  const errors: FieldError[] = refuseLinkRequest(request);
  if (purpose === 'transaction' && bindsTransactions(generator)) errors.push(...judgeTransaction(context));
  if (code !== undefined) {
    if (!generator.callerCodes) return new Problem('challenge.caller_code_not_allowed');
    const detail = givenCodeFault(code, generator.alphabet === 'numeric');
    if (detail) errors.push({ pointer: '#/code', code: 'code_format', detail });
  }
  if (replaces !== undefined && !CHANGES.includes(purpose ?? 'authentication'))
    errors.push({
      pointer: '#/replaces',
      code: 'not_allowed',
      detail: `replaces goes with ${CHANGES.join(' or ')}`,
    });
  if (replaces !== undefined && provenBy === undefined && profileRules(generator).provesChanges)
    errors.push({
      pointer: '#/provenBy',
      code: 'required',
      detail: 'a change is proven with the old receiver',
    });
  if (replaces === undefined && provenBy !== undefined)
    errors.push({ pointer: '#/replaces', code: 'required', detail: 'say which receiver was proven' });
  return errors.length > 0 ? new Problem('request.invalid', { errors }) : undefined;
}

/** What the profile forbids of a purpose on a channel. */
export function refuseUse(
  generator: PublishedGenerator,
  purpose: Purpose,
  channel: string,
): Problem | undefined {
  switch (refusedUse(generator, purpose, channel)) {
    case 'channel_not_permitted':
      return new Problem('channel.not_permitted');
    case 'purpose_not_allowed':
      return new Problem('challenge.purpose_not_allowed');
    case undefined:
      return undefined;
  }
}

/** A number that no telephone has is nobody's possession. */
export function refuseReceiver(generator: PublishedGenerator, to: CanonicalReceiver): Problem | undefined {
  return to.voip && !profileRules(generator).voip
    ? new Problem('receiver.number_class_not_allowed')
    : undefined;
}
