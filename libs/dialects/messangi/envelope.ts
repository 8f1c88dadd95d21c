import { randomBytes } from 'node:crypto';
import { type ErrorCode, type FieldError, type Problem } from '#platform/errors';
import type { RenderedError } from '#platform/http-server';

export interface Meta {
  timestamp: number;
  transactionId: string;
  explain?: string;
}

export interface Envelope<Data = unknown> {
  meta: Meta;
  errors?: { reason: string; details: Record<string, unknown> };
  data?: Data;
}

/** `meta` then `data`; verify and cancel answer `explain` and no data. Transaction ids are 8 hex, a dash, 4 hex. */
export function envelope<Data>(now: number, data: Data | undefined, explain?: string): Envelope<Data> {
  const hex = randomBytes(6).toString('hex');
  return {
    meta: {
      timestamp: now,
      transactionId: `${hex.slice(0, 8)}-${hex.slice(8)}`,
      ...(explain !== undefined && { explain }),
    },
    ...(data !== undefined && { data }),
  };
}

/** Native codes that this dialect tells under another status, and the machine code it puts in `errors.details`. */
const TRANSLATED: Partial<Record<ErrorCode, { status?: number; code: string }>> = {
  'request.invalid': { status: 400, code: 'INVALID_REQUEST' },
  'request.object_required': { status: 400, code: 'INVALID_REQUEST' },
  'request.forbidden_key': { status: 400, code: 'INVALID_REQUEST' },
  'request.forbidden_character': { status: 400, code: 'INVALID_REQUEST' },
  'request.too_complex': { status: 400, code: 'INVALID_REQUEST' },
  'auth.unauthenticated': { code: 'INVALID_API_KEY' },
  'auth.insufficient_scope': { code: 'INSUFFICIENT_SCOPE' },
  'receiver.invalid_phone': { status: 400, code: 'INVALID_RECEIVER' },
  'receiver.invalid_email': { status: 400, code: 'INVALID_RECEIVER' },
  'receiver.number_class_not_allowed': { code: 'RECEIVER_NOT_ALLOWED' },
  'receiver.destination_not_allowed': { code: 'RECEIVER_NOT_ALLOWED' },
  'receiver.disabled': { code: 'RECEIVER_NOT_ALLOWED' },
  'generator.not_found': { code: 'GENERATOR_NOT_FOUND' },
  'challenge.not_found': { code: 'REQUEST_NOT_FOUND' },
  'template.not_found': { code: 'TEMPLATE_NOT_FOUND' },
  'template.not_approved': { status: 422, code: 'TEMPLATE_NOT_APPROVED' },
  'template.name_taken': { code: 'TEMPLATE_NAME_TAKEN' },
  'account.not_found': { code: 'ACCOUNT_NOT_FOUND' },
  'channel.not_configured': { status: 422, code: 'CHANNEL_NOT_CONFIGURED' },
  'limit.cool_down': { code: 'TOO_SOON' },
  'limit.receiver': { code: 'TOO_MANY_CODES' },
  'limit.unsolicited': { code: 'TOO_MANY_CODES' },
  'challenge.send_limit': { code: 'TOO_MANY_CODES' },
};

/** Every failure under this dialect's paths, as `errors.reason` and `errors.details`; no data. */
export function renderMessangiError(problem: Problem): RenderedError {
  const { detail, members } = problem.options;
  const errors = problem.options.errors?.map(inTheirWords);
  const translated = TRANSLATED[problem.code];
  const { explain, code, reason, status, ...details } = (members ?? {}) as Record<string, unknown>;
  return {
    status: typeof status === 'number' ? status : (translated?.status ?? problem.status),
    contentType: 'application/json; charset=utf-8',
    body: {
      ...envelope(Date.now(), undefined, typeof explain === 'string' ? explain : undefined),
      errors: {
        reason:
          typeof reason === 'string'
            ? reason
            : [problem.title, detail ?? rulesOf(errors)].filter(Boolean).join(' '),
        details: {
          code: code ?? translated?.code ?? problem.code.toUpperCase().replace('.', '_'),
          ...details,
          ...(errors && { fields: errors }),
        },
      },
    },
  };
}

/** What rooms call a field, and what a caller of this dialect wrote there. */
const THEIR_WORDS = new Map([
  ['#/channels/*/channel', 'type'],
  ['#/channels/*/template', 'templateId'],
  ['#/channels/*/wording/text', 'text'],
  ['#/templateLanguages/*/copyCodeButtonText', 'components'],
]);

function inTheirWords({ pointer, detail, ...error }: FieldError): FieldError {
  const word = THEIR_WORDS.get(pointer.replace(/\/\d+\//, '/*/'));
  return {
    pointer: word === undefined ? pointer : pointer.replace(/(wording\/)?[^/]+$/, word),
    ...error,
    detail: detail?.replace('copyCodeButtonText', 'the text of the button'),
  };
}

/** The reason is all that many clients show: it names the rules that were broken, each once. */
function rulesOf(errors: readonly FieldError[] = []): string | undefined {
  const rules = [...new Set(errors.map((error) => error.detail).filter(Boolean))];
  return rules.length > 0 ? `${rules.join('; ')}.` : undefined;
}
