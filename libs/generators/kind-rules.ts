import type { FieldError } from '#platform/errors';
import { type Confirming, judgeConfirm } from './confirm-rules.js';
import { type InboundOptions, judgeInboundOptions } from './inbound-options.js';
import type { Kind } from './kinds.js';
import { judgeLinkOptions, type LinkOptions } from './link-options.js';

/** What of a generator its kind speaks about. */
export interface Kinded extends Confirming {
  kind?: Kind;
  profile?: string;
  maxAttempts: number;
  callerCodes?: boolean;
  revealCode?: boolean;
  strictApproval?: boolean;
  link?: LinkOptions;
  inbound?: InboundOptions;
}

/** Everything in a generator that its kind forbids, each with the field and the rule. */
export function judgeKind(generator: Kinded): FieldError[] {
  const { kind = 'code', profile = 'default' } = generator;
  const errors = (['link', 'inbound', 'confirm'] as const)
    .filter((name) => generator[name] && kind !== name)
    .map((name) => fault(name, 'not_allowed', `${name} goes with the kind ${name}`));
  if (kind === 'code') return errors;
  // See decision 23: a yes is no authentication code, and a link none either.
  if (profile !== 'default')
    errors.push(fault('kind', 'not_allowed', `profile ${profile} proves possession by a code`));
  for (const name of ['callerCodes', 'revealCode'] as const)
    if (generator[name]) errors.push(fault(name, 'not_allowed', `${name} goes with the kind code`));
  return [...errors, ...judgeOptions(kind, generator)];
}

function judgeOptions(kind: Exclude<Kind, 'code'>, generator: Kinded): FieldError[] {
  const { link, inbound, strictApproval } = generator;
  switch (kind) {
    case 'link':
      return link ? judgeLinkOptions(link) : [MISSING_LINK];
    case 'inbound':
      return [
        ...(strictApproval
          ? [fault('strictApproval', 'not_allowed', 'strictApproval goes with the kind code')]
          : []),
        ...(inbound ? judgeInboundOptions(inbound, generator) : [MISSING_INBOUND]),
      ];
    case 'confirm':
      return judgeConfirm(generator);
  }
}

const MISSING_LINK: FieldError = fault(
  'link/displayName',
  'required',
  'the page behind a link says who asks',
);
const MISSING_INBOUND: FieldError = fault(
  'inbound',
  'required',
  'say what it means when somebody sends us the code',
);

function fault(field: string, code: string, detail: string): FieldError {
  return { pointer: `#/${field}`, code, detail };
}
