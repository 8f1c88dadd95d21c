import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Config } from '#platform/config';
import { ERROR_CATALOGUE, type ErrorCode } from '#platform/errors';
import { ANSWERS, SCHEMAS } from './openapi-answers.js';
import { addRules } from './openapi-rules.js';
import type { Operation, PathItem, Response, Schemas } from './openapi-types.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

interface Described {
  path: string;
  method: Method;
  operation: Operation;
}

/** Other addresses of the same operations, for clients that name them without Messangi's service prefix. */
const ALIAS = /^\/(v1\/2fa|v2\/whatsapp|whatsapp)(\/|$)/;
const DIALECT = /^\/(eyriesgate|balerion)\//;

/**
 * The OpenAPI document. Nest reads paths and fields off the controllers; added here are what no decorator says:
 * the rules the fields are validated by, the answers, the refusals and the Idempotency-Key.
 */
export function describeApi(app: NestFastifyApplication, config: Config): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, head(config), { operationIdFactory: nameOperation });
  document.paths = Object.fromEntries(Object.entries(document.paths).filter(([path]) => !ALIAS.test(path)));
  const components = (document.components ??= {});
  const schemas = (components.schemas ??= {});
  addRules(schemas);
  Object.assign(schemas, SCHEMAS);
  components.responses = { ...problemResponses(), ...messangiResponses() };
  components.parameters = { IdempotencyKey: IDEMPOTENCY_KEY };
  for (const described of operationsOf(document)) {
    addAnswer(described);
    if (described.operation.security) addRefusals(described);
    if (described.method === 'post') takeIdempotencyKey(described.operation);
    if (described.method === 'post') allowNoBody(described.operation, schemas);
  }
  return document;
}

function head(config: Config): Omit<OpenAPIObject, 'paths'> {
  return new DocumentBuilder()
    .setTitle('Countersign')
    .setDescription(
      'Prove that a person holds a phone number. Errors are application/problem+json with a stable `code`; every code is explained in docs/errors.md. ' +
        'Send an Idempotency-Key with any POST that you may have to repeat. A field or query parameter that is not listed is refused.',
    )
    .setVersion('0.1.0')
    .addServer(config.http.publicUrl)
    .addTag('keys', 'How your services authenticate.')
    .addTag('audit', 'Who changed what, chained and signed.')
    .addTag('challenges', 'Send a code, check the answer.')
    .addTag('consents', 'What people agreed to by writing to you, as proof.')
    .addTag('receivers', 'What is decided about a number or an address.')
    .addTag('generators', 'The rules under which codes are made and sent.')
    .addTag('templates', 'The wording a channel has approved.')
    .addTag('accounts', 'Credentials and senders at a messaging provider.')
    .addTag('senders', 'Numbers of an account: two-step PIN, registration, what is missing.')
    .addTag('events', 'What happened: pulled page by page, or watched.')
    .addTag('webhooks', 'What happened, posted to your own servers: endpoints, deliveries, replays.')
    .addTag(
      'dialect: Messangi',
      'The documented calls of Messangi’s 2FA. They answer without the prefixes `/eyriesgate` and `/balerion` as well, and templates at `/whatsapp/templates`.',
    )
    .addTag('health', 'For probes; asked without a key.')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'API key',
      description: 'csk_test_… or csk_live_…',
    })
    .build();
}

/** `ChallengesController.open` → `challengesOpen`. */
function nameOperation(controller: string, method: string): string {
  const room = controller.replace(/Controller$/, '');
  return room.charAt(0).toLowerCase() + room.slice(1) + method.charAt(0).toUpperCase() + method.slice(1);
}

function operationsOf(document: OpenAPIObject): Described[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as PathItem)[method];
      return operation ? [{ path, method, operation }] : [];
    }),
  );
}

function addAnswer({ operation }: Described): void {
  // Nest numbers the operations of a controller with several paths; the aliases are gone.
  operation.operationId = operation.operationId!.replace(/\[\d\]$/, '');
  const answer = ANSWERS[operation.operationId];
  const status = Object.keys(operation.responses).find((code) => /^2\d\d$/.test(code))!;
  if (answer)
    operation.responses[status] = {
      description: answer.description,
      content: { [answer.type ?? 'application/json']: { schema: answer.schema } },
      ...(SENDS.has(operation.operationId) && { headers: RATE_LIMIT }),
    };
  else if (status === '204') operation.responses[status] = { description: 'Deleted.' };
}

/** Which refusals a call can meet follows from what it is; `default` is for those any HTTP server gives. */
function addRefusals({ path, method, operation }: Described): void {
  const dialect = DIALECT.test(path);
  const statuses = [400, 401, 403, 503];
  const writes = method !== 'get';
  if (path.includes('{') || writes || dialect) statuses.push(404);
  if (writes) statuses.push(409);
  if (writes && method !== 'delete') statuses.push(422);
  if (dialect && method === 'patch') statuses.push(410);
  if ((/challenges|codes|senders/.test(path) && writes) || path === '/v1/events') statuses.push(429);
  const form = dialect ? 'MessangiFailure' : 'Problem';
  for (const status of statuses.sort())
    operation.responses[status] = { $ref: `#/components/responses/${form}${status}` };
  operation.responses['default'] = { $ref: `#/components/responses/${form}` };
}

interface Refusal {
  sentence: string;
  /** Of the catalogue, as an example; none where only the dialect has this status. */
  code?: ErrorCode;
  /** The dialect's code and reason. */
  theirs: [code: string, reason: string];
}

const REFUSALS: Record<number, Refusal> = {
  400: {
    sentence: 'The request cannot be read, or a query parameter breaks its rule.',
    code: 'request.invalid_json',
    theirs: ['INVALID_REQUEST', 'One or more fields break their rule. only one channel is allowed.'],
  },
  401: {
    sentence: 'No valid API key.',
    code: 'auth.unauthenticated',
    theirs: ['INVALID_API_KEY', 'A valid API key is required.'],
  },
  403: {
    sentence: 'The key, or the account, may not do this.',
    code: 'auth.insufficient_scope',
    theirs: ['INSUFFICIENT_SCOPE', 'The API key lacks the scope this call needs.'],
  },
  404: {
    sentence: 'There is no such thing, or it belongs to another tenant.',
    code: 'challenge.not_found',
    theirs: ['REQUEST_NOT_FOUND', 'There is no such challenge.'],
  },
  409: {
    sentence: 'It does not go together with the state of things.',
    code: 'challenge.not_pending',
    theirs: ['CODE_ALREADY_VALIDATED', 'The code was validated before.'],
  },
  410: {
    sentence: 'The code has expired or was canceled.',
    theirs: ['CODE_EXPIRED', 'The code has expired.'],
  },
  422: {
    sentence: 'A field breaks its rule.',
    code: 'request.invalid',
    theirs: ['CODE_INVALID', 'invalid code'],
  },
  429: {
    sentence: 'Too many; ask again after Retry-After seconds.',
    code: 'limit.cool_down',
    theirs: ['TOO_SOON', 'Wait before sending another message for this challenge.'],
  },
  503: {
    sentence: 'Something this call needs is away; ask again after Retry-After seconds.',
    code: 'dependency.unavailable',
    theirs: ['DEPENDENCY_UNAVAILABLE', 'A service this call needs is unavailable; try again shortly.'],
  },
};

/** One response for each status, in RFC 9457's form, naming the codes of the catalogue that come with it. */
function problemResponses(): Record<string, Response> {
  const content = (example?: object): Response['content'] => ({
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example },
  });
  const found: Record<string, Response> = {
    Problem: { description: 'Any other refusal.', content: content() },
  };
  for (const [status, { sentence, code }] of Object.entries(REFUSALS)) {
    if (!code) continue;
    const codes = Object.entries(ERROR_CATALOGUE).filter(([, entry]) => entry.status === Number(status));
    const { title } = ERROR_CATALOGUE[code];
    const example = {
      type: `urn:countersign:error:${code}`,
      title,
      status: Number(status),
      code,
      requestId: 'mla1b2c3-4d',
      ...(code === 'request.invalid' && {
        errors: [{ pointer: '#/receiver', code: 'required', detail: 'receiver is required' }],
      }),
    };
    found[`Problem${status}`] = {
      description: `${sentence} Codes: ${codes.map(([known]) => `\`${known}\``).join(', ')}.`,
      content: content(example),
      headers: headersOf(status),
    };
  }
  return found;
}

/** The same in the dialect's envelope. */
function messangiResponses(): Record<string, Response> {
  const content = (example?: object): Response['content'] => ({
    'application/json': { schema: { $ref: '#/components/schemas/MessangiFailure' }, example },
  });
  const found: Record<string, Response> = {
    MessangiFailure: { description: 'Any other refusal.', content: content() },
  };
  for (const [status, { sentence, theirs }] of Object.entries(REFUSALS)) {
    const [code, reason] = theirs;
    const wrong = code === 'CODE_INVALID';
    const example = {
      meta: { timestamp: 1707177081141, transactionId: '395b2ac9-1046', ...(wrong && { explain: reason }) },
      errors: { reason, details: { code, ...(wrong && { attemptsRemaining: 4 }) } },
    };
    found[`MessangiFailure${status}`] = {
      description: sentence,
      content: content(example),
      headers: headersOf(status),
    };
  }
  return found;
}

function headersOf(status: string): Response['headers'] {
  if (status === '429') return { ...RETRY_AFTER, ...RATE_LIMIT };
  return status === '503' ? RETRY_AFTER : undefined;
}

/** Calls that tell what is left to send. */
const SENDS = new Set(['challengesOpen', 'challengesResend']);

const RATE_LIMIT = {
  'RateLimit-Policy': {
    description:
      'With live keys: the limits, as a list of structured fields (draft-ietf-httpapi-ratelimit-headers). `q` messages in `w` seconds to this receiver; `challenge`: messages of this challenge.',
    schema: { type: 'string' as const },
    example: '"receiver-600";q=3;w=600, "challenge";q=5',
  },
  RateLimit: {
    description: 'What is left of each: `r` messages now, and more after `t` seconds.',
    schema: { type: 'string' as const },
    example: '"receiver-600";r=2;t=600, "challenge";r=4',
  },
};

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' as const, minimum: 1 } },
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description:
    'Repeat the call with the same key and body and it is done once; the first success is answered again for 24 h, with `Idempotency-Replayed: true`.',
  schema: { type: 'string' as const, pattern: '^[!-~]{1,255}$' },
  example: 'order-4711-login',
};

function takeIdempotencyKey(operation: Operation): void {
  operation.parameters = [
    ...(operation.parameters ?? []),
    { $ref: '#/components/parameters/IdempotencyKey' },
  ];
}

/** A POST whose fields may all be left out may come without a body. */
function allowNoBody(operation: Operation, schemas: Schemas): void {
  const body = operation.requestBody as
    { required?: boolean; content: Record<string, { schema: { $ref?: string } }> } | undefined;
  const name = body?.content['application/json']?.schema.$ref?.split('/').at(-1);
  if (!body || name === undefined) return;
  const { required = [] } = (schemas as Record<string, { required?: string[] }>)[name]!;
  if (required.length === 0) body.required = false;
}
