import { ERROR_CATALOGUE, type ErrorCode } from './catalogue.js';

/** One field that breaks a rule: where (JSON pointer) and which rule, never the value. */
export interface FieldError {
  pointer: string;
  code: string;
  detail?: string;
}

export interface ProblemOptions {
  /** For the caller; must not repeat anything that was sent. */
  detail?: string;
  errors?: FieldError[];
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
  /** Further members of the problem document, e.g. the state of a challenge. */
  members?: Record<string, unknown>;
  cause?: unknown;
}

/** A refusal with a code from the catalogue. Filters render it natively (RFC 9457) or in a dialect's envelope. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;

  constructor(
    readonly code: ErrorCode,
    readonly options: ProblemOptions = {},
  ) {
    super(code, { cause: options.cause });
    this.status = ERROR_CATALOGUE[code].status;
    this.title = ERROR_CATALOGUE[code].title;
  }

  /** A field problem of the usual code. `field` is a name or path without the leading `#/`. */
  static field(field: string, code: string, detail?: string): Problem {
    return new Problem('request.invalid', { errors: [{ pointer: `#/${field}`, code, detail }] });
  }

  /** The same with its fields named as a caller wrote them, who knows them under other names. */
  renamed(rename: (pointer: string) => string): Problem {
    const errors = this.options.errors?.map((error) => ({ ...error, pointer: rename(error.pointer) }));
    return new Problem(this.code, { ...this.options, errors });
  }
}

/** Redis or PostgreSQL did not answer. Callers may retry: nothing here says that the work was not done. */
export function dependencyUnavailable(dependency: 'redis' | 'postgres' | 'queue', cause?: unknown): Problem {
  return new Problem('dependency.unavailable', { retryAfterSeconds: 2, members: { dependency }, cause });
}
