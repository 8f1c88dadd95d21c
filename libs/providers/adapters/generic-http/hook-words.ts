import type { FailureClass, OutboundMessage } from '../../message-provider.js';

const CLASSES = new Set<unknown>(['receiver', 'account', 'template', 'bug'] satisfies FailureClass[]);
const WORD = /^[a-z][a-z0-9_.-]{0,39}$/;
/** As long as a code or a part of a number may be: a reason holds neither. */
const MANY_DIGITS = /\d{4}/;

export function readClass(value: unknown): FailureClass | undefined {
  return CLASSES.has(value) ? (value as FailureClass) : undefined;
}

/** A hook's own word for why, with its origin; undefined for anything that is no word, or repeats the code. */
export function readReason(value: unknown, message?: Pick<OutboundMessage, 'code'>): string | undefined {
  if (typeof value !== 'string' || !WORD.test(value) || MANY_DIGITS.test(value)) return undefined;
  if (message && value.includes(message.code.toLowerCase())) return undefined;
  return `hook_${value}`;
}
