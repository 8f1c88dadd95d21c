import type { TemplateResult } from '#providers';
import { Problem } from '#platform/errors';

export function providerUnavailable(reason: string): Problem {
  return new Problem('provider.unavailable', {
    retryAfterSeconds: 5,
    detail: `The provider answered ${reason}.`,
  });
}

/** What a provider's no means for the caller. `pointer` finds a member of the language that was submitted. */
export function refusalOf(
  result: Exclude<TemplateResult, { outcome: 'created' }>,
  pointer: (member: string) => string,
  detail?: string,
): Problem {
  if (result.outcome === 'unavailable') return providerUnavailable(result.reason);
  if (result.nameTaken)
    return new Problem('template.name_taken', { detail: `At the provider: ${result.reason}.` });
  return new Problem('template.refused', {
    detail,
    errors: [{ pointer: pointer(result.field ?? 'language'), code: result.reason }],
  });
}
