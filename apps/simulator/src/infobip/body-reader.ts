// Owns reading a request's body as Infobip does: members it does not know are
// ignored, everything wrong is told at once, by path.

import { handsetOfUserId, isReachableNumber } from '../core/phone-number.js';
import { type Form, infobipError, type Violations } from './infobip-error.js';

export type Members = Record<string, unknown>;

interface TextRules {
  max?: number;
  pattern?: RegExp;
}

const REQUIRED = 'must not be blank';

export class BodyReader {
  private readonly violations: Violations = {};

  constructor(private readonly form: Form) {}

  refuse(path: string, rule: string): void {
    (this.violations[path] ??= []).push(rule);
  }

  /** Throws what was found wrong. */
  finish(): void {
    if (Object.keys(this.violations).length === 0) return;
    throw infobipError(400, this.form, { violations: this.violations });
  }

  members(value: unknown, path: string): Members {
    if (isMembers(value)) return value;
    this.refuse(path, 'must be an object');
    return {};
  }

  list(value: unknown, path: string): unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    this.refuse(path, 'must not be empty');
    return [];
  }

  text(value: unknown, path: string, rules: TextRules = {}): string {
    if (value === undefined || value === null || value === '') this.refuse(path, REQUIRED);
    return this.optionalText(value, path, rules) ?? '';
  }

  optionalText(value: unknown, path: string, { max = 10_000, pattern }: TextRules = {}): string | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') this.refuse(path, 'must be a string');
    else if (value.length > max) this.refuse(path, `size must be between 1 and ${max}`);
    else if (pattern && !pattern.test(value)) this.refuse(path, 'has a form that is not allowed');
    else return value;
    return undefined;
  }

  integer(value: unknown, path: string, min: number, max: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.refuse(path, `must be an integer from ${min} to ${max}`);
    return min;
  }

  oneOf(value: unknown, path: string, words: readonly string[]): string {
    if (typeof value === 'string' && words.includes(value)) return value;
    this.refuse(path, `must be one of ${words.join(', ')}`);
    return words[0]!;
  }

  /** Digits, with or without a +. */
  number(value: unknown, path: string): string {
    const digits = this.text(value, path, { max: 150 }).replace(/^\+/, '');
    if (digits !== '' && !isReachableNumber(digits)) this.refuse(path, 'must be a phone number');
    return digits;
  }

  /** The same, or the id of a person who shows no number: the phone behind it. */
  person(value: unknown, path: string): string {
    return (typeof value === 'string' && handsetOfUserId(value)) || this.number(value, path);
  }

  optionalUrl(value: unknown, path: string): string | undefined {
    return this.optionalText(value, path, { max: 2_048, pattern: /^https?:\/\/\S+$/ });
  }
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
