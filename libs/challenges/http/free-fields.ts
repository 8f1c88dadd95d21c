const MAX_KEY = 64;
const MAX_VALUE = 512;
const MAX_CONTEXT_KEYS = 10;

/** What is bound into the code: strings only, so that there is one way to write it. */
export function isContext(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const entries = Object.entries(value);
  const fits = ([key, member]: [string, unknown]): boolean =>
    key.length > 0 && key.length <= MAX_KEY && typeof member === 'string' && member.length <= MAX_VALUE;
  return entries.length >= 1 && entries.length <= MAX_CONTEXT_KEYS && entries.every(fits);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
