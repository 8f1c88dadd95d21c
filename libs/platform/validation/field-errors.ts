import type { ValidationError } from 'class-validator';
import type { FieldError } from '#platform/errors';

/** class-validator's rule names as the stable codes that callers see. A rule not listed is told as `invalid`. */
const CODES: Record<string, string> = {
  whitelistValidation: 'unknown_field',
  isDefined: 'required',
  isNotEmpty: 'required',
  isString: 'string_required',
  isBoolean: 'boolean_required',
  isInt: 'integer_required',
  isNumber: 'number_required',
  isObject: 'object_required',
  isArray: 'array_required',
  isDateString: 'date_required',
  isIso8601: 'date_required',
  isUrl: 'url_required',
  isUuid: 'uuid_required',
  min: 'too_small',
  max: 'too_large',
  minLength: 'too_short',
  maxLength: 'too_long',
  isLength: 'length',
  arrayMinSize: 'too_few',
  arrayMaxSize: 'too_many',
  arrayUnique: 'not_unique',
  matches: 'format',
  isIn: 'not_allowed',
  equals: 'not_allowed',
  nestedValidation: 'object_required',
};
/** When several rules fail on one field, the one that explains most. */
const ORDER = [
  'whitelistValidation',
  'isDefined',
  'isString',
  'isInt',
  'isBoolean',
  'isObject',
  'isArray',
  'nestedValidation',
];

/** Flattens class-validator's tree into pointers and codes. Rule texts are kept, values never. */
export function toFieldErrors(errors: readonly ValidationError[], parent = '#'): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${parent}/${escapePointer(error.property)}`;
    const own = error.constraints ? [ownError(error, pointer)] : [];
    return [...own, ...toFieldErrors(error.children ?? [], pointer)];
  });
}

function ownError(error: ValidationError, pointer: string): FieldError {
  const constraints = error.constraints ?? {};
  const names = Object.keys(constraints);
  const name = ORDER.find((candidate) => names.includes(candidate)) ?? names.at(-1)!;
  const context = error.contexts?.[name] as { code?: string } | undefined;
  if (error.value === undefined && name !== 'whitelistValidation') {
    return { pointer, code: 'required', detail: `${error.property} is required` };
  }
  return {
    pointer,
    code: context?.code ?? CODES[name] ?? 'invalid',
    detail: name === 'whitelistValidation' ? undefined : constraints[name],
  };
}

/** A field nobody declared is the caller's own text: it is named, but cut, so that it cannot carry a secret. */
export function escapePointer(name: string): string {
  return name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
}
