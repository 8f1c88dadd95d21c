const MAX_KEYS = 50;
const MAX_KEY = 64;
const MAX_VALUE = 512;
const MAX_CONTEXT_KEYS = 10;

/** Flat data of the caller's own. An empty object is a value without content and is kept; anything inside one is nesting. */
export function isMetadata(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_KEYS &&
    entries.every(([key, member]) => key.length > 0 && key.length <= MAX_KEY && isMetadataValue(member))
  );
}

/** What is bound into the code: strings only, so that there is one way to write it. */
export function isContext(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const entries = Object.entries(value);
  const fits = ([key, member]: [string, unknown]): boolean =>
    key.length > 0 && key.length <= MAX_KEY && typeof member === 'string' && member.length <= MAX_VALUE;
  return entries.length >= 1 && entries.length <= MAX_CONTEXT_KEYS && entries.every(fits);
}

function isMetadataValue(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_VALUE;
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || (isPlainObject(value) && Object.keys(value).length === 0);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
