import type { CheckResult } from '#challenges';
import { RetiredKey } from '#platform/crypto';
import { Problem } from '#platform/errors';

interface Told {
  status: number;
  code: string;
  reason: string;
}

/** How this dialect tells each state a code may have ended in. */
const ENDED: Record<string, Told> = {
  approving: { status: 409, code: 'CODE_BEING_VALIDATED', reason: 'The code is being validated.' },
  approved: { status: 409, code: 'CODE_ALREADY_VALIDATED', reason: 'The code was validated before.' },
  expired: { status: 410, code: 'CODE_EXPIRED', reason: 'The code has expired.' },
  canceled: { status: 410, code: 'CODE_CANCELED', reason: 'The code was canceled.' },
  denied: { status: 410, code: 'CODE_CANCELED', reason: 'The code was canceled.' },
  undeliverable: { status: 410, code: 'CODE_NOT_DELIVERED', reason: 'The code could not be delivered.' },
  refused: { status: 410, code: 'CODE_NOT_DELIVERED', reason: 'The code could not be delivered.' },
  locked: { status: 429, code: 'ATTEMPTS_EXHAUSTED', reason: 'Too many wrong codes.' },
};

/** The refusal of a verify call; undefined when the code was right. */
export function verifyOutcome(result: CheckResult, now: number): Problem | undefined {
  if ('refused' in result) return invalidCode(undefined);
  const { verdict, state, why, expiresAt, allowed, failures } = result.checked;
  switch (verdict) {
    case 'approved':
    case 'repeated':
      return undefined;
    case 'unknown':
      return new Problem('challenge.not_found');
    case 'wrong':
    case 'locked':
      return invalidCode(Math.max(0, allowed - failures));
    case 'format':
    case 'kind':
      return invalidCode(undefined);
    case 'retired':
      return new Problem('challenge.key_retired', { cause: new RetiredKey(why) });
    case 'format_limit':
      return new Problem('limit.check', { retryAfterSeconds: 60 });
    case 'disabled':
      return new Problem('receiver.disabled');
    case 'approving':
    case 'ended':
    case 'context':
      return new Problem('challenge.not_pending', {
        members: { ...ENDED[state] },
        ...(state === 'locked' && { retryAfterSeconds: (expiresAt - now) / 1_000 }),
      });
  }
}

/** The refusal of a new code: one whose attempts are used up holds its place until it would have ended. */
export function sendRefusal(refused: Problem, now: number): Problem {
  const { state, until } = refused.options.members ?? {};
  if (state !== 'locked' || typeof until !== 'string') return refused;
  return new Problem('challenge.not_pending', {
    members: { ...ENDED['locked'] },
    retryAfterSeconds: (Date.parse(until) - now) / 1_000,
  });
}

/** Canceling what is canceled is no refusal, whoever canceled it. What is locked is gone: waiting would not help. */
export function cancelRefusal(refused: Problem): Problem | undefined {
  const state = refused.options.members?.['state'];
  if (typeof state !== 'string') return refused;
  if (state === 'canceled') return undefined;
  const told = ENDED[state] ?? ENDED['expired']!;
  return new Problem('challenge.not_pending', {
    members: { ...told, status: told.status === 429 ? 410 : told.status },
  });
}

function invalidCode(attemptsRemaining: number | undefined): Problem {
  return new Problem('challenge.code_format', {
    members: {
      status: 422,
      code: 'CODE_INVALID',
      reason: 'invalid code',
      explain: 'invalid code',
      ...(attemptsRemaining !== undefined && { attemptsRemaining }),
    },
  });
}
