export interface OutboundRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Total time from the wait for a connection to the last byte of the answer, ms. */
  deadlineMs: number;
  /** So much of the answer's body is wanted: what follows is cut off. Without it a long answer is an unknown outcome. */
  answerBytes?: number;
  signal?: AbortSignal;
  /** For a URL that a tenant wrote: goes to public addresses only, see `AddressGuard`. */
  guarded?: boolean;
}

/**
 * `response`: an answer came, whatever its status. `not_sent`: the request certainly was never written to a connection;
 * `distrusted` when that is because the server could not prove who it is. `unknown`: it may have been received and
 * acted on; only a receipt or the server can tell.
 */
export type OutboundResult =
  | { kind: 'response'; status: number; headers: Record<string, string | string[] | undefined>; body: string }
  | { kind: 'not_sent'; reason: string; distrusted?: boolean }
  | { kind: 'unknown'; reason: string };
