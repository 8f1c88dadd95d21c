/**
 * Every error the API can answer: stable code → HTTP status and public title. Each code has an entry in
 * `docs/errors.md`; a test holds the two together. Text for the caller never holds a value that was sent.
 */
export const ERROR_CATALOGUE = {
  'request.body_required': { status: 400, title: 'This request needs a JSON body.' },
  'request.invalid_json': { status: 400, title: 'The body is not valid JSON.' },
  'request.invalid_encoding': { status: 400, title: 'The body is not valid UTF-8 text.' },
  'request.forbidden_character': { status: 422, title: 'The body holds a NUL or half a surrogate pair.' },
  'request.duplicate_key': { status: 400, title: 'A key appears more than once in the same object.' },
  'request.object_required': { status: 422, title: 'The body must be a JSON object.' },
  'request.too_complex': { status: 422, title: 'The body is nested too deeply or has too many keys.' },
  'request.forbidden_key': { status: 422, title: 'The body holds a key that is not allowed anywhere.' },
  'request.too_large': { status: 413, title: 'The body is larger than 16 KB.' },
  'request.unsupported_media_type': {
    status: 415,
    title: 'Send application/json in UTF-8, without a content encoding.',
  },
  'request.headers_too_large': { status: 431, title: 'The request carries too many or too large headers.' },
  'request.unknown_parameter': { status: 400, title: 'A query parameter is unknown, repeated or malformed.' },
  'request.invalid_parameter': { status: 400, title: 'A query parameter breaks its rule.' },
  'request.credentials_in_url': {
    status: 400,
    title: 'Credentials belong in the Authorization header only.',
  },
  'request.invalid': { status: 422, title: 'One or more fields break their rule.' },
  'request.malformed': { status: 400, title: 'The request could not be read.' },
  'route.not_found': { status: 404, title: 'There is nothing at this address.' },
  'route.method_not_allowed': { status: 405, title: 'This address does not answer that method.' },
  'auth.unauthenticated': { status: 401, title: 'A valid API key is required.' },
  'auth.insufficient_scope': { status: 403, title: 'The API key lacks the scope this call needs.' },
  'auth.test_key_live_account': { status: 403, title: 'A test key only reaches simulator accounts.' },
  'idempotency.invalid_key': {
    status: 400,
    title: 'Idempotency-Key must be 1 to 255 visible ASCII characters.',
  },
  'idempotency.mismatch': { status: 422, title: 'This Idempotency-Key was used with another request.' },
  'idempotency.running': {
    status: 409,
    title: 'The first request with this Idempotency-Key is still running.',
  },
  'challenge.not_found': { status: 404, title: 'There is no such challenge.' },
  'challenge.not_pending': { status: 409, title: 'The challenge has ended.' },
  'challenge.code_not_disclosed': {
    status: 403,
    title: 'The code of this challenge is not shown to this key.',
  },
  'challenge.code_format': { status: 422, title: 'The code does not have the shape this challenge expects.' },
  'challenge.context_mismatch': {
    status: 409,
    title: 'The context differs from the one that was asked about; the code is void.',
  },
  'challenge.key_retired': {
    status: 500,
    title: 'The key that this code was made with is no longer in the key ring.',
  },
  'challenge.send_limit': { status: 429, title: 'This challenge has used up its messages.' },
  'limit.cool_down': { status: 429, title: 'Wait before sending another message for this challenge.' },
  'limit.receiver': { status: 429, title: 'This receiver has been sent too many messages.' },
  'limit.check': { status: 429, title: 'Too many malformed codes for this challenge.' },
  'receiver.invalid_phone': { status: 422, title: 'The receiver is not a valid E.164 phone number.' },
  'receiver.number_class_not_allowed': { status: 403, title: 'Numbers of this class are never sent to.' },
  'receiver.destination_not_allowed': { status: 403, title: 'The account may not send to this country.' },
  'generator.not_found': { status: 404, title: 'There is no such generator.' },
  'generator.conflict': { status: 409, title: 'The generator changed meanwhile, or its id is taken.' },
  'template.not_found': { status: 404, title: 'There is no such template.' },
  'template.not_approved': {
    status: 409,
    title: 'The template is not approved, so nothing can be sent with it.',
  },
  'template.name_taken': { status: 409, title: 'A template of this name exists on the account.' },
  'template.refused': { status: 422, title: 'The provider refused the template.' },
  'account.not_found': { status: 404, title: 'There is no such provider account.' },
  'account.in_use': { status: 409, title: 'A generator or template still uses this account.' },
  'channel.not_configured': { status: 409, title: 'No provider account serves this channel.' },
  'webhook.not_configured': { status: 404, title: 'This account takes no webhooks.' },
  'provider.unavailable': { status: 503, title: 'The provider did not answer as expected.' },
  'key.not_found': { status: 404, title: 'There is no such API key.' },
  'webhook.invalid_signature': { status: 401, title: 'The webhook signature is missing or wrong.' },
  'webhook.invalid_verify_token': { status: 403, title: 'The verify token is wrong.' },
  'dependency.unavailable': {
    status: 503,
    title: 'A service this call needs is unavailable; try again shortly.',
  },
  'internal.error': { status: 500, title: 'Something went wrong on our side.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;
