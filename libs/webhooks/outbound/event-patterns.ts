import { EVENT_CATALOGUE } from '#journal';

const ROOMS = new Set(Object.keys(EVENT_CATALOGUE).map(roomOf));

/** `*`, `challenge.*`, or a name of the catalogue. A name that is not there yet is a mistake, and not waited for. */
export function isEventPattern(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (value === '*' || Object.hasOwn(EVENT_CATALOGUE, value)) return true;
  return value.endsWith('.*') && ROOMS.has(value.slice(0, -2));
}

export function matches(patterns: readonly string[], type: string): boolean {
  return patterns.includes('*') || patterns.includes(type) || patterns.includes(`${roomOf(type)}.*`);
}

function roomOf(type: string): string {
  return type.slice(0, type.indexOf('.'));
}
