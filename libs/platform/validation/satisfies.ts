import { ValidateBy } from 'class-validator';

/** A rule of one's own that can be compiled as well: the predicate is the whole of it. */
export function Satisfies(
  predicate: (value: unknown) => boolean,
  { code, message }: { code: string; message: string },
): PropertyDecorator {
  return ValidateBy(
    {
      name: 'satisfies',
      constraints: [predicate],
      validator: { validate: (value) => predicate(value), defaultMessage: () => message },
    },
    { context: { code } },
  );
}
