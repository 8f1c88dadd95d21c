import { isAboutTransactions, type PublishedGenerator } from '#generators';
import { type FieldError, Problem } from '#platform/errors';
import type { Purpose } from '../challenge.js';
import { judgeTransaction } from '../transaction-context.js';

/** What of a request a question speaks about. */
export interface QuestionRequest {
  generator: PublishedGenerator;
  purpose?: Purpose;
  context?: Readonly<Record<string, string>>;
  fallbackReceiver?: string;
  values?: readonly string[];
}

const MOST_VALUES = 9;
const MOST_CHARACTERS = 64;
/** What templates refuse in a value, and what turns a text round, hides part of it or is an address to follow. */
const UNSENDABLE = /\p{C}| {4}|:\/\//u;

/** Whether values may be somebody's at all; how many a question takes its generator knows. */
export function areValues(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= MOST_VALUES &&
    value.every(
      (entry) =>
        typeof entry === 'string' &&
        entry.trim() !== '' &&
        entry.length <= MOST_CHARACTERS &&
        !UNSENDABLE.test(entry),
    )
  );
}

export const VALUES_RULE = {
  code: 'values',
  message: `values must be 1 to ${MOST_VALUES} strings of 1 to ${MOST_CHARACTERS} characters without line breaks, addresses or four spaces in a row`,
};

/** What a request breaks that is, or is not, for a question. */
export function refuseQuestion({
  generator,
  purpose,
  context,
  fallbackReceiver,
  values,
}: QuestionRequest): Problem | undefined {
  if (generator.kind !== 'confirm')
    return values && Problem.field('values', 'not_allowed', 'values fill the words of kind confirm');
  if (purpose === 'transaction' && !isAboutTransactions(generator))
    return new Problem('challenge.purpose_not_allowed');
  const errors: FieldError[] = purpose === 'transaction' ? judgeTransaction(context) : [];
  const wanted = generator.plan[0]?.values ?? 0;
  if ((values?.length ?? 0) !== wanted)
    errors.push({ pointer: '#/values', code: 'count', detail: `the question takes ${wanted} values` });
  if (fallbackReceiver !== undefined)
    errors.push({
      pointer: '#/fallbackReceiver',
      code: 'not_allowed',
      detail: 'a question is answered by the number that it was asked of',
    });
  return errors.length > 0 ? new Problem('request.invalid', { errors }) : undefined;
}
