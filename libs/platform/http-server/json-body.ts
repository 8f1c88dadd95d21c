import { isUtf8 } from 'node:buffer';
import { Problem } from '#platform/errors';
import { escapePointer } from '#platform/validation';

const MAX_DEPTH = 10;
const MAX_KEYS = 500;
/** Keys that reach an object's prototype when copied carelessly (ATK-27). They are refused wherever they stand. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads a JSON body strictly. Beyond `JSON.parse` it refuses what that silently accepts: repeated keys (it keeps
 * the last), NUL and lone surrogates, prototype keys, absurd depth. One scan of the text decides whether any of
 * the slower looks is needed; an ordinary body pays for the scan alone.
 */
export function parseJsonBody(raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  const text = raw.toString('utf8');
  // What cannot be decoded becomes this character, which a body may also hold of its own.
  if (text.includes('\ufffd') && !isUtf8(raw)) throw new Problem('request.invalid_encoding');
  const shape = scan(text);
  if (shape.depth > MAX_DEPTH || shape.members > MAX_KEYS) throw new Problem('request.too_complex');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('request.invalid_json');
  }
  // Without a backslash no string can hold anything that its characters do not show.
  if (shape.escaped) inspect(value);
  if (countMembers(value) !== shape.members)
    throw new Problem('request.duplicate_key', { errors: duplicates(text) });
  return value;
}

interface Shape {
  members: number;
  depth: number;
  /** Some string holds a backslash. */
  escaped: boolean;
}

/** Members (colons outside strings) and depth of a JSON text, without building anything. */
function scan(text: string): Shape {
  const escaped = text.includes('\\');
  let members = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) at = escaped ? endOfString(text, at) : closingQuote(text, at);
    else if (code === 58) members++;
    else if (code === 123 || code === 91) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (code === 125 || code === 93) depth--;
  }
  return { members, depth: deepest, escaped };
}

function closingQuote(text: string, quote: number): number {
  const end = text.indexOf('"', quote + 1);
  return end < 0 ? text.length : end;
}

function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at;
  }
  return text.length;
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new Problem('request.forbidden_key');
    count += 1 + countMembers((value as Record<string, unknown>)[key]);
  }
  return count;
}

/** Refuses NUL and lone surrogates, which only an escape can bring in. */
function inspect(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000') || !value.isWellFormed()) throw new Problem('request.forbidden_character');
  } else if (Array.isArray(value)) {
    for (const item of value) inspect(item);
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      inspect(key);
      inspect((value as Record<string, unknown>)[key]);
    }
  }
}

/** Names the repeated keys of the outermost object; deeper ones are told without a name. */
function duplicates(text: string): { pointer: string; code: string }[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      const end = endOfString(text, at);
      if (depth === 1 && /^\s*:/.test(text.slice(end + 1, end + 20))) {
        const key = JSON.parse(text.slice(at, end + 1)) as string;
        if (seen.has(key)) repeated.add(key);
        seen.add(key);
      }
      at = end;
    } else if (code === 123 || code === 91) depth++;
    else if (code === 125 || code === 93) depth--;
  }
  return [...repeated].map((key) => ({ pointer: `#/${escapePointer(key)}`, code: 'duplicate_key' }));
}
