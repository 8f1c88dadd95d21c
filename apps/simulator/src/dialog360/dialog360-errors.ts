// Owns the two error bodies that are not Graph's: the gateway's own `meta`, and the
// On-Premise API's `errors` with codes of its own.

/** 360dialog itself refuses: an unknown key, a path it blocks, the API behind it away. */
export class GatewayError extends Error {
  constructor(
    readonly httpStatus: number,
    message: string,
    readonly retryAfter?: number | string,
  ) {
    super(message);
  }

  toBody(): object {
    return { meta: { success: false, http_code: this.httpStatus, developer_message: this.message } };
  }
}

export class OnPremiseError extends Error {
  constructor(
    readonly code: number,
    readonly details: string,
    readonly retryAfter?: number | string,
    readonly httpStatus = onPremiseCode(code).http,
  ) {
    super(details);
  }

  toBody(): object {
    const { title } = onPremiseCode(this.code);
    return {
      errors: [{ code: this.code, title, details: this.details }],
      meta: { api_status: 'stable', version: '2.53.3' },
    };
  }
}

interface OnPremiseCode {
  http: number;
  title: string;
}

const CODES: Record<number, OnPremiseCode> = {
  402: { http: 402, title: 'Business eligibility payment issue' },
  470: { http: 400, title: 'Re-engagement message' },
  471: { http: 400, title: 'Spam rate limit hit' },
  472: { http: 400, title: "User's number is part of an experiment" },
  1000: { http: 500, title: 'Generic error' },
  1005: { http: 403, title: 'Access denied' },
  1007: { http: 400, title: 'Recipient blocked to receive message' },
  1008: { http: 400, title: 'Required parameter is missing' },
  1009: { http: 400, title: 'Parameter value is not valid' },
  1013: { http: 404, title: 'User is not valid' },
  1015: { http: 429, title: 'Too many requests' },
  1016: { http: 503, title: 'System overloaded' },
  1021: { http: 400, title: 'Bad user' },
  1026: { http: 400, title: 'Receiver incapable' },
  2000: { http: 400, title: 'Template params count mismatch' },
  2001: { http: 404, title: 'Template missing' },
  2004: { http: 400, title: 'Template param value missing' },
  2012: { http: 400, title: 'Template parameter format mismatch' },
};

export function onPremiseCode(code: number): OnPremiseCode {
  return CODES[code] ?? { http: 400, title: 'Unknown error' };
}

/** Graph's codes in the other space. What has no counterpart is a generic error. */
const FROM_GRAPH: Record<number, number> = {
  100: 1009,
  130403: 1007,
  130429: 1015,
  130472: 472,
  130497: 1007,
  131005: 1005,
  131008: 1008,
  131009: 1009,
  131016: 1016,
  131021: 1021,
  131026: 1026,
  131030: 1013,
  131042: 402,
  131047: 470,
  131048: 471,
  131049: 472,
  131056: 1015,
  132000: 2000,
  132001: 2001,
  132012: 2012,
  132018: 2004,
};

export function fromGraphCode(code: number): number {
  return FROM_GRAPH[code] ?? 1000;
}
