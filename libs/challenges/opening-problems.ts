import { type ErrorCode, Problem } from '#platform/errors';
import type { Refusal, ResendReply } from './hot-store/hot-store.js';
import type { LimitProfile } from './limits.js';
import { rateLimitFields } from './rate-limit-fields.js';

const SEND_LIMIT_RETRY_SECONDS = 60;

const LIMIT_CODES: Record<Refusal['outcome'], ErrorCode> = {
  cool_down: 'limit.cool_down',
  send_limit: 'challenge.send_limit',
  receiver: 'limit.receiver',
  slowed: 'limit.receiver',
  unsolicited: 'limit.unsolicited',
  disabled: 'receiver.disabled',
};

export function limitProblem({ outcome, waitMs, ages }: Refusal, limits: LimitProfile): Problem {
  const headers: Record<string, string> | undefined = rateLimitFields(limits, undefined, ages);
  if (outcome === 'disabled') return new Problem('receiver.disabled', { headers });
  const retryAfterSeconds = outcome === 'send_limit' ? SEND_LIMIT_RETRY_SECONDS : waitMs / 1_000;
  return new Problem(LIMIT_CODES[outcome], { retryAfterSeconds, headers });
}

export function resendProblem(
  reply: Exclude<ResendReply, { outcome: 'resent' }>,
  limits: LimitProfile,
): Problem {
  if (reply.outcome === 'unknown') return new Problem('challenge.not_found');
  if (reply.outcome === 'ended') return endedProblem(reply.state, reply.why);
  return limitProblem(reply, limits);
}

/** What a call on an ended challenge is told: the true state and why, so that "used" and "expired" differ. */
export function endedProblem(state: string, why: string, until?: number, detail?: string): Problem {
  if (why === 'context_mismatch')
    return new Problem('challenge.context_mismatch', { detail, members: { state } });
  return new Problem('challenge.not_pending', {
    detail,
    members: {
      state,
      reason: why || undefined,
      ...(until && { until: new Date(until).toISOString() }),
    },
  });
}
