import { type ErrorCode, Problem } from '#platform/errors';
import type { NumberResult } from './message-provider.js';

interface Explanation {
  code: ErrorCode;
  detail: string;
}

const RECOVERY =
  'If nobody knows the PIN any more, change it in WhatsApp Manager: the number, Settings, Two-step verification.';

/** What an adapter's words mean to the caller, and what helps. */
const EXPLANATIONS: Record<string, Explanation> = {
  pin_mismatch: {
    code: 'sender.pin_mismatch',
    detail: `The provider has another PIN for this number. It was not tried again, since wrong PINs are counted, and what was kept here is forgotten: set a PIN again. ${RECOVERY}`,
  },
  pin_too_many_guesses: {
    code: 'sender.pin_blocked',
    detail: 'The provider counted too many wrong PINs. Set a new PIN, or wait.',
  },
  pin_guessed_too_fast: { code: 'sender.pin_blocked', detail: 'PINs were tried too fast.' },
  registration_limit: {
    code: 'sender.registration_limit',
    detail: 'The provider takes ten calls of register and deregister in 72 hours.',
  },
  code_too_soon: { code: 'sender.code_too_soon', detail: 'A code was sent a moment ago.' },
  code_wrong: {
    code: 'sender.code_wrong',
    detail: 'Type the code of the last message or call, or ask for another one.',
  },
  code_not_sent: {
    code: 'sender.refused',
    detail: 'The provider sent no code: the number may be verified already, or not be reached this way.',
  },
  deleted_recently: {
    code: 'sender.refused',
    detail: 'The number was deleted a moment ago. Wait five minutes before it is registered.',
  },
  incomplete_deregistration: {
    code: 'sender.refused',
    detail: 'An earlier deregistration was not completed. Deregister the number, then register it again.',
  },
  no_permission: {
    code: 'sender.refused',
    detail:
      'The token lacks a right: it needs whatsapp_business_management, and the number has to be of its WABA.',
  },
  token_invalid: { code: 'sender.refused', detail: 'The provider does not take the token of the account.' },
  invalid_parameter: {
    code: 'sender.refused',
    detail: 'The provider found a parameter missing or invalid. A PIN has six digits, nothing else.',
  },
  unknown_number: {
    code: 'sender.refused',
    detail: 'The provider knows no such number, or not this account’s: look at externalId of the sender.',
  },
  account_locked: { code: 'sender.refused', detail: 'The provider has locked the account.' },
  policy_block: { code: 'sender.refused', detail: 'The provider has blocked the account for its policies.' },
};

/** Nothing when it was done; otherwise the refusal, explained. */
export function expectDone(result: NumberResult): void {
  if (result.outcome === 'done') return;
  const { reason } = result;
  if (result.outcome === 'unavailable') throw providerAway(reason);
  const { code, detail }: Explanation = EXPLANATIONS[reason] ?? {
    code: 'sender.refused',
    detail: `The provider answered ${reason}.`,
  };
  throw new Problem(code, { detail, members: { reason }, retryAfterSeconds: result.waitSeconds });
}

export function providerAway(reason: string): Problem {
  return new Problem('provider.unavailable', {
    retryAfterSeconds: 5,
    detail: `The provider answered ${reason}.`,
  });
}
