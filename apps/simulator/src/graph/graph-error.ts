// Owns Graph's error envelope and the handful of ways it is spelled. The body is
// exactly what a client reads: message, type, code, then subcode, user title and
// text or error_data where Meta sends them, then fbtrace_id.

import { randomBytes } from 'node:crypto';
import { graphErrorCode } from './graph-error-codes.js';

export interface GraphErrorBody {
  message: string;
  type: 'OAuthException' | 'GraphMethodException';
  code: number;
  error_data?: { messaging_product: 'whatsapp'; details: string };
  error_subcode?: number;
  is_transient?: boolean;
  error_user_title?: string;
  error_user_msg?: string;
}

export class GraphError extends Error {
  constructor(
    readonly httpStatus: number,
    readonly body: GraphErrorBody,
    /** Sent as a Retry-After header; Meta never sends one, a gateway in front might. */
    readonly retryAfter?: number | string,
  ) {
    super(body.message);
  }

  toEnvelope(): { error: GraphErrorBody & { fbtrace_id: string } } {
    return { error: { ...this.body, fbtrace_id: traceId() } };
  }
}

function traceId(): string {
  return `A${randomBytes(17).toString('base64url').slice(0, 22)}`;
}

/** 401 code 190: no bearer, or one that belongs to no account. */
export function accessTokenError(given: boolean): GraphError {
  const message = given
    ? 'Invalid OAuth access token - Cannot parse access token'
    : 'An access token is required to request this resource.';
  return new GraphError(401, { message, type: 'OAuthException', code: 190 });
}

/** 100/33: unknown, or not the caller's; the two look alike on purpose. */
export function unknownObject(method: string, id: string): GraphError {
  const message =
    `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to ` +
    'missing permissions, or does not support this operation. Please read the Graph API documentation at ' +
    'https://developers.facebook.com/docs/graph-api';
  return new GraphError(400, { message, type: 'GraphMethodException', code: 100, error_subcode: 33 });
}

export function unknownPath(path: string): GraphError {
  return new GraphError(400, {
    message: `Unknown path components: ${path}`,
    type: 'OAuthException',
    code: 2500,
  });
}

/** (#100) without a subcode: a parameter that is missing, mistyped or out of range. */
export function parameterError(message: string): GraphError {
  return new GraphError(400, { message: `(#100) ${message}`, type: 'OAuthException', code: 100 });
}

/** "Invalid parameter" with the reason in the user title and text; templates answer like this. */
export function templateError(title: string, text: string, subcode?: number): GraphError {
  return new GraphError(400, {
    message: 'Invalid parameter',
    type: 'OAuthException',
    code: 100,
    ...(subcode !== undefined && { error_subcode: subcode }),
    is_transient: false,
    error_user_title: title,
    error_user_msg: text,
  });
}

/** The messaging shape: the code in front of its title, the reason in error_data.details. */
export function messagingError(
  code: number,
  details: string,
  extra: { httpStatus?: number; subcode?: number; retryAfter?: number | string } = {},
): GraphError {
  const { http, title } = graphErrorCode(code);
  const body: GraphErrorBody = {
    message: `(#${code}) ${title}`,
    type: 'OAuthException',
    code,
    error_data: { messaging_product: 'whatsapp', details },
    ...(extra.subcode !== undefined && { error_subcode: extra.subcode }),
  };
  return new GraphError(extra.httpStatus ?? http, body, extra.retryAfter);
}
