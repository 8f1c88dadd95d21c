const PHONE = /^\+[1-9]\d{3,14}(?<stars>\*{0,6})$/;
const EMAIL = /^[^\s@\p{C}]{1,64}@[a-z0-9.-]{1,189}$/u;

/** The pattern as it is kept; undefined when it is none. At most six stars: a million numbers that nobody may own. */
export function readPattern(text: string): string | undefined {
  if (text.includes('@')) return EMAIL.test(text.toLowerCase()) ? text.toLowerCase() : undefined;
  return PHONE.test(text) && text.length >= 8 && text.length <= 16 ? text : undefined;
}

/** A star stands for one digit. */
export function matchesPattern(pattern: string, receiver: string): boolean {
  if (!pattern.endsWith('*')) return pattern === receiver;
  const fixed = pattern.slice(0, pattern.indexOf('*'));
  return receiver.length === pattern.length && receiver.startsWith(fixed);
}
