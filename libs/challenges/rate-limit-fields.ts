import type { SendAges } from './hot-store/hot-store.js';
import type { LimitProfile } from './limits.js';

export type RateLimitFields = Record<'ratelimit-policy' | 'ratelimit', string>;

/**
 * What is left, in the structured fields of the IETF draft: the receiver's windows of this tenant, and the messages
 * of the challenge. Limits over all tenants are not among them: they would tell that there are others.
 */
export function rateLimitFields(
  limits: LimitProfile,
  challenge: { sends: number; maxMessages: number } | undefined,
  ages: SendAges = [],
): RateLimitFields | undefined {
  const policies: string[] = [];
  const states: string[] = [];
  for (const { limit, seconds } of limits.receiver?.windows ?? []) {
    let used = 0;
    let oldest = 0;
    for (const age of ages) {
      if (age >= seconds) continue;
      used++;
      if (age > oldest) oldest = age;
    }
    policies.push(`"receiver-${seconds}";q=${limit};w=${seconds}`);
    // The quota grows again when the oldest message of the window leaves it.
    states.push(`"receiver-${seconds}";r=${Math.max(0, limit - used)};t=${seconds - oldest}`);
  }
  if (challenge && limits.maxMessages) {
    policies.push(`"challenge";q=${challenge.maxMessages}`);
    states.push(`"challenge";r=${Math.max(0, challenge.maxMessages - challenge.sends)}`);
  }
  return policies.length === 0
    ? undefined
    : { 'ratelimit-policy': policies.join(', '), ratelimit: states.join(', ') };
}
