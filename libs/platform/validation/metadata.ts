const MAX_KEYS = 50;
const MAX_KEY = 64;
const MAX_VALUE = 512;

export const METADATA_RULE = {
  code: 'metadata',
  message:
    'metadata must be a flat object of up to 50 keys of up to 64 characters; values are strings up to 512, finite numbers or booleans',
};

/** Flat data of the caller's own. An empty object is a value without content and is kept; anything inside one is nesting. */
export function isMetadata(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_KEYS &&
    entries.every(([key, member]) => key.length > 0 && key.length <= MAX_KEY && isMetadataValue(member))
  );
}

function isMetadataValue(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_VALUE;
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || (isPlainObject(value) && Object.keys(value).length === 0);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
