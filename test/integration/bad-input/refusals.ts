// What every refusal looks like, natively and in Messangi's envelope, and what a refused request must leave alone.
import { expect } from 'vitest';
import { type Answer, ask, type House } from '../../support/house.js';

export type Surface = 'native' | 'messangi';

export interface Refusal {
  /** The native status; the dialect's follows from the code. */
  status: number;
  code: string;
  /** Pointer and code that must be among `errors`. */
  field?: readonly [pointer: string, code: string];
}

/** How the dialect tells a native refusal. Written out here, so that a slip in the product's own table shows. */
const IN_MESSANGI: Record<string, readonly [status: number, code: string]> = {
  'request.body_required': [400, 'REQUEST_BODY_REQUIRED'],
  'request.invalid_json': [400, 'REQUEST_INVALID_JSON'],
  'request.invalid_encoding': [400, 'REQUEST_INVALID_ENCODING'],
  'request.duplicate_key': [400, 'REQUEST_DUPLICATE_KEY'],
  'request.object_required': [400, 'INVALID_REQUEST'],
  'request.forbidden_character': [400, 'INVALID_REQUEST'],
  'request.forbidden_key': [400, 'INVALID_REQUEST'],
  'request.too_complex': [400, 'INVALID_REQUEST'],
  'request.invalid': [400, 'INVALID_REQUEST'],
  'request.too_large': [413, 'REQUEST_TOO_LARGE'],
  'request.unsupported_media_type': [415, 'REQUEST_UNSUPPORTED_MEDIA_TYPE'],
  'request.headers_too_large': [431, 'REQUEST_HEADERS_TOO_LARGE'],
  'request.unknown_parameter': [400, 'REQUEST_UNKNOWN_PARAMETER'],
  'request.invalid_parameter': [400, 'REQUEST_INVALID_PARAMETER'],
  'request.credentials_in_url': [400, 'REQUEST_CREDENTIALS_IN_URL'],
  'route.not_found': [404, 'ROUTE_NOT_FOUND'],
  'route.method_not_allowed': [405, 'ROUTE_METHOD_NOT_ALLOWED'],
  'auth.unauthenticated': [401, 'INVALID_API_KEY'],
  'auth.insufficient_scope': [403, 'INSUFFICIENT_SCOPE'],
  'auth.test_key_live_account': [403, 'AUTH_TEST_KEY_LIVE_ACCOUNT'],
  'receiver.invalid_phone': [400, 'INVALID_RECEIVER'],
  'receiver.invalid_email': [400, 'INVALID_RECEIVER'],
  'receiver.number_class_not_allowed': [403, 'RECEIVER_NOT_ALLOWED'],
  'receiver.destination_not_allowed': [403, 'RECEIVER_NOT_ALLOWED'],
  'generator.not_found': [404, 'GENERATOR_NOT_FOUND'],
  'template.not_found': [404, 'TEMPLATE_NOT_FOUND'],
  'challenge.not_found': [404, 'REQUEST_NOT_FOUND'],
  'challenge.code_format': [422, 'CODE_INVALID'],
  'limit.check': [429, 'LIMIT_CHECK'],
  'limit.cool_down': [429, 'TOO_SOON'],
  'idempotency.invalid_key': [400, 'IDEMPOTENCY_INVALID_KEY'],
  'idempotency.mismatch': [422, 'IDEMPOTENCY_MISMATCH'],
  'idempotency.running': [409, 'IDEMPOTENCY_RUNNING'],
  'dependency.unavailable': [503, 'DEPENDENCY_UNAVAILABLE'],
  'internal.error': [500, 'INTERNAL_ERROR'],
};

/** `sent`: what stood in the request and must not come back, in any form. */
export function expectRefusal(
  surface: Surface,
  answer: Answer,
  refusal: Refusal,
  sent: readonly string[] = [],
  where = '',
): void {
  if (surface === 'messangi') expectEnvelope(answer, refusal, where);
  else expectProblem(answer, refusal, where);
  expect(answer.headers['cache-control'], where).toBe('no-store');
  expect(answer.headers['x-content-type-options'], where).toBe('nosniff');
  expect(answer.headers['x-request-id'], where).toMatch(/^[0-9a-z]+-[0-9a-z]+$/);
  const told = answer.text + JSON.stringify(answer.headers);
  for (const value of sent) expect(told, where).not.toContain(value);
}

function expectProblem(answer: Answer, { status, code, field }: Refusal, where: string): void {
  expect([answer.status, answer.json?.code], `${where} ${answer.text}`).toEqual([status, code]);
  expect(answer.headers['content-type'], where).toBe('application/problem+json; charset=utf-8');
  expect(answer.json, where).toMatchObject({
    type: `urn:countersign:error:${code}`,
    title: expect.stringMatching(/^[A-Z].*\.$/),
    status,
    requestId: answer.headers['x-request-id'],
  });
  if (field) expectField(answer.json.errors, field, where);
}

function expectEnvelope(answer: Answer, { code, field }: Refusal, where: string): void {
  const [status, theirs] = IN_MESSANGI[code]!;
  expect([answer.status, answer.json?.errors?.details?.code], `${where} ${answer.text}`).toEqual([
    status,
    theirs,
  ]);
  expect(answer.headers['content-type'], where).toBe('application/json; charset=utf-8');
  expect(answer.json.meta, where).toEqual({
    timestamp: expect.any(Number),
    transactionId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}$/),
    ...(code === 'challenge.code_format' && { explain: 'invalid code' }),
  });
  expect(answer.json.errors.reason.length, where).toBeGreaterThan(5);
  expect(answer.json, where).not.toHaveProperty('data');
  if (field && code !== 'challenge.code_format') expectField(answer.json.errors.details.fields, field, where);
}

function expectField(errors: unknown, [pointer, code]: readonly [string, string], where: string): void {
  expect(errors, where).toContainEqual(expect.objectContaining({ pointer, code }));
}

/** A request to one of the two surfaces, as a table of routes holds it. */
export interface Route {
  surface: Surface;
  method: string;
  path: string;
}

/** Every route that takes a body, with ids that exist, so that nothing but the body can be refused. */
export function routesWithBody(house: House, open: OpenChallenge): { required: Route[]; optional: Route[] } {
  const route = (surface: Surface, text: string): Route => {
    const [method, path] = text.split(' ') as [string, string];
    return { surface, method, path };
  };
  const challenge = `/v1/challenges/${open.id}`;
  return {
    required: [
      ...[
        'POST /v1/challenges',
        `POST ${challenge}/check`,
        'POST /v1/generators',
        `PUT /v1/generators/${open.generator}`,
        'POST /v1/templates',
        'POST /v1/accounts',
        `PATCH /v1/accounts/${house.demo.accountId}`,
      ].map((text) => route('native', text)),
      ...[
        'POST /eyriesgate/v1/2fa',
        `PUT /eyriesgate/v1/2fa/${open.number}`,
        `POST /eyriesgate/v1/2fa/${open.number}/codes`,
        `PATCH /eyriesgate/v1/2fa/${open.number}/codes`,
        `POST /balerion/v2/whatsapp/templates/?wabaId=${house.demo.wabaId}`,
      ].map((text) => route('messangi', text)),
    ],
    optional: [
      `POST ${challenge}/resend`,
      `POST ${challenge}/cancel`,
      `POST /v1/templates/${open.template}/sync`,
      `POST /v1/accounts/${house.demo.accountId}/test`,
    ].map((text) => route('native', text)),
  };
}

export interface OpenChallenge {
  id: string;
  code: string;
  /** A code of the right shape that is not the right one. */
  wrong: string;
  receiver: string;
  generator: string;
  /** Messangi's id of the generator, and its spelling of the challenge's. */
  number: number;
  requestId: string;
  template: string;
}

let receivers = 0;

/** A valid Mexican mobile that no other test of this house sends to. */
export function nextReceiver(): string {
  return `+5255123${40_000 + receivers++}`;
}

export async function openChallenge(
  house: House,
  generator: string,
  fields: Record<string, unknown> = {},
): Promise<OpenChallenge> {
  const receiver = nextReceiver();
  const opened = await house.call('POST', '/v1/challenges', { generator, receiver, ...fields });
  expect(opened.status, opened.text).toBe(201);
  const { id } = opened.json;
  const { code } = (await house.call('GET', `/v1/challenges/${id}/code`)).json;
  const { number, channels } = (await house.call('GET', `/v1/generators/${generator}`)).json;
  return {
    id,
    code,
    wrong: code.replace(/\d/g, (digit: string) => String((Number(digit) + 1) % 10)),
    receiver,
    generator,
    number,
    requestId: await messangiSpelling(id),
    template: channels[0].template,
  };
}

async function messangiSpelling(id: string): Promise<string> {
  const { parseNative, renderUuid } = await import('#platform/identifiers');
  return renderUuid(parseNative('challenge', id)!);
}

/** What was counted, created, kept and sent so far. */
export interface Ledger {
  records: Record<string, Record<string, string>>;
  limits: string[];
  kept: string[];
  sent: number;
  generators: number;
  templates: number;
  accounts: string;
}

export async function readLedger(house: House): Promise<Ledger> {
  const records: Ledger['records'] = {};
  for (const key of (await house.redis.keys('{p*}:ch:*')).sort())
    records[key] = settled(await house.redis.hgetall(key));
  const count = async (path: string): Promise<number> => (await house.call('GET', path)).json.items.length;
  return {
    records,
    limits: (await house.redis.keys('{p*}:lim:*')).sort(),
    kept: (await house.redis.keys('{i:*')).sort(),
    sent: (await ask('GET', `${house.simulator.url}/_sim/health`)).json.lastSeq,
    generators: await count('/v1/generators'),
    templates: await count('/v1/templates'),
    accounts: (await house.call('GET', '/v1/accounts')).text,
  };
}

/** Without what receipts of messages that were sent before go on changing. */
function settled(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !/^(m\d|q|r\d)$/.test(name)));
}

/** Runs `work` and holds that it counted, created, kept and sent nothing. */
export async function expectUntouched(house: House, work: () => Promise<void>): Promise<void> {
  const before = await readLedger(house);
  await work();
  expect(await readLedger(house)).toEqual(before);
}

/** The failures that were counted on a challenge. */
export async function failuresOf(house: House, id: string): Promise<number> {
  const [key] = await house.redis.keys(`{p*}:ch:${id.slice('chl_'.length)}`);
  return Number(await house.redis.hget(key!, 'f'));
}

/** The best time of several: what the work costs, without what else the machine does. */
export async function fastest(runs: number, work: () => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < runs; run++) {
    const from = performance.now();
    await work();
    best = Math.min(best, performance.now() - from);
  }
  return best;
}
