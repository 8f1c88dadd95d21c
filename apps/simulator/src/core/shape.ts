// Owns the reading of control requests: small checks that combine, name the path
// they stopped at, and refuse keys they do not know, because a misspelled switch
// in a test double is a test that proves nothing.

export type Check<T> = (value: unknown, path: string) => T;

export class ShapeError extends Error {
  constructor(
    readonly path: string,
    expected: string,
  ) {
    super(`${path || 'body'} must be ${expected}`);
  }
}

export function integer(min: number, max: number): Check<number> {
  return (value, path) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new ShapeError(path, `an integer from ${min} to ${max}`);
  };
}

export const flag: Check<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw new ShapeError(path, 'true or false');
};

export function text(pattern: RegExp = /^[^]{1,2000}$/, expected = 'a non-empty string'): Check<string> {
  return (value, path) => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw new ShapeError(path, expected);
  };
}

/** Digits; a leading + is taken off, and a JSON integer is taken as written. */
export const digits: Check<string> = (value, path) => {
  const written = typeof value === 'number' ? String(value) : value;
  if (typeof written === 'string' && /^\+?\d{1,20}$/.test(written)) return written.replace('+', '');
  throw new ShapeError(path, 'a string of digits');
};

export function oneOf<const T extends readonly string[]>(...values: T): Check<T[number]> {
  return (value, path) => {
    if (typeof value === 'string' && values.includes(value)) return value;
    throw new ShapeError(path, `one of ${values.join(', ')}`);
  };
}

export function list<T>(check: Check<T>): Check<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new ShapeError(path, 'an array');
    return value.map((item: unknown, index) => check(item, `${path}[${index}]`));
  };
}

export function object<T extends object, R extends keyof T = never>(
  checks: { [K in keyof T]-?: Check<NonNullable<T[K]>> },
  ...required: R[]
): Check<Partial<T> & Pick<T, R>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ShapeError(path, 'an object');
    }
    const at = (key: string) => (path ? `${path}.${key}` : key);
    const read: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const check = Object.hasOwn(checks, key) ? checks[key as keyof T] : undefined;
      if (!check) throw new ShapeError(at(key), `left out: known are ${Object.keys(checks).join(', ')}`);
      read[key] = check(item, at(key));
    }
    const missing = required.find((key) => read[String(key)] === undefined);
    if (missing !== undefined) throw new ShapeError(at(String(missing)), 'given');
    return read as Partial<T> & Pick<T, R>;
  };
}
