// Owns what the documented error codes are called and which HTTP status carries
// them. Clients must decide on the code alone; older pages give 429 for throttles,
// the current one gives 400.

interface GraphErrorCode {
  http: number;
  title: string;
}

const CODES: Record<number, GraphErrorCode> = {
  0: { http: 401, title: 'AuthException' },
  1: { http: 400, title: 'API Unknown' },
  2: { http: 503, title: 'Service temporarily unavailable' },
  3: { http: 500, title: 'API Method' },
  4: { http: 400, title: 'Application request limit reached' },
  10: { http: 403, title: 'Application does not have permission for this action' },
  33: { http: 400, title: 'Parameter value is not valid' },
  100: { http: 400, title: 'Invalid parameter' },
  190: { http: 401, title: 'Access token has expired' },
  200: { http: 403, title: 'Permissions error' },
  368: { http: 403, title: 'Temporarily blocked for policies violations' },
  80007: { http: 400, title: 'Rate limit issues' },
  80008: { http: 400, title: 'There have been too many calls to this WhatsApp Business account' },
  130403: { http: 400, title: 'Business has blocked this user' },
  130429: { http: 400, title: 'Rate limit hit' },
  130472: { http: 400, title: "User's number is part of an experiment" },
  130497: { http: 403, title: 'Business account is restricted from messaging users in this country.' },
  131000: { http: 500, title: 'Something went wrong' },
  131005: { http: 403, title: 'Access denied' },
  131008: { http: 400, title: 'Required parameter is missing' },
  131009: { http: 400, title: 'Parameter value is not valid' },
  131016: { http: 500, title: 'Service unavailable' },
  131021: { http: 400, title: 'Recipient cannot be sender' },
  131026: { http: 400, title: 'Message undeliverable' },
  131030: { http: 400, title: 'Recipient phone number not in allowed list' },
  131031: { http: 403, title: 'Business Account locked' },
  131037: { http: 400, title: 'Display name not approved' },
  131042: { http: 400, title: 'Business eligibility payment issue' },
  131045: { http: 500, title: 'Incorrect certificate' },
  131047: { http: 400, title: 'Re-engagement message' },
  131048: { http: 400, title: 'Spam rate limit hit' },
  131049: { http: 400, title: 'This message was not delivered to maintain healthy ecosystem engagement.' },
  131050: { http: 400, title: 'User has stopped marketing messages' },
  131051: { http: 400, title: 'Unsupported message type' },
  131052: { http: 400, title: 'Media download error' },
  131053: { http: 400, title: 'Media upload error' },
  131056: { http: 400, title: '(Business Account, Consumer Account) pair rate limit hit' },
  131057: { http: 500, title: 'Account in maintenance mode' },
  131062: { http: 400, title: 'Business-scoped user ID is not supported for this message' },
  132000: { http: 400, title: 'Number of parameters does not match the expected number of params' },
  132001: { http: 404, title: 'Template name does not exist in the translation' },
  132005: { http: 400, title: 'Translated text too long' },
  132007: { http: 400, title: 'Template format character policy violated' },
  132012: { http: 400, title: 'Parameter format does not match format in the created template' },
  132015: { http: 400, title: 'Template is paused' },
  132016: { http: 400, title: 'Template is disabled' },
  132018: { http: 400, title: 'There is an issue with the parameters in your template' },
  133000: { http: 500, title: 'Incomplete deregistration' },
  133004: { http: 503, title: 'Server temporarily unavailable' },
  133005: { http: 400, title: 'Two-step verification PIN mismatch' },
  133006: { http: 400, title: 'Phone number must be verified before registration' },
  133008: { http: 400, title: 'Too many two-step verification PIN guesses for this phone number' },
  133009: { http: 400, title: 'Two-step verification PIN guessed too fast' },
  133010: { http: 400, title: 'Account not registered' },
  133015: { http: 400, title: 'Please wait a few minutes before attempting to register this phone number' },
  133016: { http: 400, title: 'Account register deregister rate limit exceeded' },
  135000: { http: 400, title: 'Generic user error' },
  136024: { http: 400, title: 'Request code error' },
  136025: { http: 400, title: 'Verify code error' },
};

export function graphErrorCode(code: number): GraphErrorCode {
  return CODES[code] ?? { http: 400, title: 'Unknown error' };
}
