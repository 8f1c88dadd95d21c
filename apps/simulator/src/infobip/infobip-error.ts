// Owns the two forms in which Infobip refuses: `requestError` of the older APIs, and
// `errorCode` with `violations` of the newer ones.

/** What was wrong, by the path of the member. */
export type Violations = Record<string, string[]>;

/** Which of the two forms an endpoint answers in. */
export type Form = 'legacy' | 'platform';

export class InfobipError extends Error {
  constructor(
    readonly httpStatus: number,
    readonly body: object,
    readonly retryAfter?: number | string,
  ) {
    super(`Infobip answers ${httpStatus}`);
  }
}

const NAMES: Record<number, [messageId: string, text: string]> = {
  400: ['BAD_REQUEST', 'Bad request'],
  401: ['UNAUTHORIZED', 'Invalid login details'],
  403: ['FORBIDDEN', 'Unauthorized access'],
  404: ['NOT_FOUND', 'Not Found'],
  409: ['CONFLICT', 'Already exists'],
  429: ['TOO_MANY_REQUESTS', 'Too many requests'],
  500: ['GENERAL_ERROR', 'Something went wrong. Please contact support.'],
  503: ['SERVICE_UNAVAILABLE', 'Service unavailable'],
};

interface Details {
  violations?: Violations;
  retryAfter?: number | string;
}

export function infobipError(
  status: number,
  form: Form,
  { violations, retryAfter }: Details = {},
): InfobipError {
  const [messageId, text] = NAMES[status] ?? [`STATUS_${status}`, 'The simulator was asked for this.'];
  const body =
    form === 'legacy'
      ? {
          requestError: {
            serviceException: { messageId, text, ...(violations && { validationErrors: violations }) },
          },
        }
      : {
          errorCode: `E${status}`,
          description: text,
          action: 'Check the request and the documentation.',
          violations: Object.entries(violations ?? {}).flatMap(([property, rules]) =>
            rules.map((violation) => ({ property, violation })),
          ),
          resources: [],
        };
  return new InfobipError(status, body, retryAfter);
}
