import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '#platform/config';
import { Problem } from '#platform/errors';
import { ProcessState } from '#platform/health';
import { NestLogger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { DtoPipe } from '#platform/validation';
import { BareAdapter } from './bare-adapter.js';
import { IdempotencyGuard } from './idempotency.js';
import { parseJsonBody } from './json-body.js';
import { LoadShedder } from './load-shedder.js';
import { ProblemFilter, sendError } from './problem.filter.js';
import { RequestObserver } from './request-observer.js';
import { KnownRoutes } from './routes-known.js';

const API_BODY_BYTES = 16 * 1024;
/** Meta posts up to 1,000 statuses at once, in up to 3 MB; one refused for its size would be refused for days. */
const WEBHOOK_BODY_BYTES = 3 * 1024 * 1024;
const JSON_TYPE = 'application/json';
/** Some providers post their receipts as forms, and pages their answers; nothing else here takes one. */
const FORM_TYPE = 'application/x-www-form-urlencoded';
const MAX_HEADERS = 64;
const MAX_AUTHORIZATION = 1024;
export const WEBHOOK_PREFIX = '/webhooks/';
/** Pages for people. */
export const PAGE_PREFIX = '/p/';

/** Of every answer (STD-27). Pages for people say more; another policy has the one that describes the API. */
const STANDARD_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};
const DOCUMENTATION_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
const ONE_YEAR_OF_HTTPS = 'max-age=31536000';

/**
 * A Nest application on Fastify with this service's rules for every request: JSON only, 16 KB, strict parsing,
 * one error form, one log line. `rootModule` brings the routes. Neither listens nor handles signals.
 */
export async function createHttpApp(rootModule: unknown): Promise<NestFastifyApplication> {
  let sequence = 0;
  const headers: Record<string, string> = { ...STANDARD_HEADERS };
  const boot = Date.now().toString(36);
  const adapter = BareAdapter.over({
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    bodyLimit: API_BODY_BYTES,
    requestTimeout: 15_000,
    keepAliveTimeout: 72_000,
    http: {
      headersTimeout: 10_000,
      // Node looks for connections that are too slow every 30 s, which would make 40 s of the ten above.
      connectionsCheckingInterval: 5_000,
      // Refused below, in our own form: Node's answer has no body.
      requireHostHeader: false,
    },
    genReqId: () => `${boot}-${(++sequence).toString(36)}`,
    // No hook has run for these.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendError(error, request, setStandardHeaders(request, reply, headers)),
    clientErrorHandler: refuseMalformed,
    forceCloseConnections: 'idle',
  } as never);
  const { fastify } = adapter;
  const late: { observer?: RequestObserver } = {};
  prepare(fastify, (request, reply) => {
    late.observer?.watch(request, reply.raw);
    setStandardHeaders(request, reply, headers);
  });
  const app = await NestFactory.create<NestFastifyApplication>(rootModule as never, adapter, {
    logger: new NestLogger(),
    bodyParser: false,
    abortOnError: false,
  });
  // TLS ends in front of us; only the public address tells whether there is any.
  if (app.get(Config).http.publicUrl.startsWith('https:'))
    headers['strict-transport-security'] = ONE_YEAR_OF_HTTPS;
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalFilters(new ProblemFilter());
  late.observer = new RequestObserver(
    app.get(Metrics),
    app.get(ProcessState, { strict: false }),
    app.get(LoadShedder, { strict: false }),
  );
  app.get(IdempotencyGuard, { strict: false }).attach(fastify);
  return app;
}

function setStandardHeaders(
  request: FastifyRequest,
  reply: FastifyReply,
  headers: Readonly<Record<string, string>>,
): FastifyReply {
  void reply.headers(headers).header('x-request-id', request.id);
  return request.url.startsWith('/docs')
    ? reply.header('content-security-policy', DOCUMENTATION_POLICY)
    : reply;
}

function prepare(
  fastify: FastifyInstance,
  begin: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  const routes = new KnownRoutes();
  fastify.server.on('connect', refuseTunnel);
  fastify.addHook('onRoute', (route) => {
    routes.add(route.url, typeof route.method === 'string' ? [route.method] : route.method);
    if (route.url.startsWith(WEBHOOK_PREFIX)) route.bodyLimit = WEBHOOK_BODY_BYTES;
  });
  // One hook for all of it: Fastify takes a turn for each.
  fastify.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    done(refuseEarly(request));
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, readBody(request, body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addContentTypeParser(FORM_TYPE, { parseAs: 'buffer' }, (request, body, done) => {
    if (isWebhook(request)) done(null, body);
    else if (request.url.startsWith(PAGE_PREFIX)) done(null, readForm(body as Buffer));
    else done(new Problem('request.unsupported_media_type'));
  });
  setNotFound(fastify, routes);
}

function readForm(body: Buffer): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body.toString('utf8')));
}

function isWebhook({ url }: FastifyRequest): boolean {
  return url.startsWith(WEBHOOK_PREFIX);
}

/** Nest installs its own not-found handler at init; ours is offered first and told which methods exist. */
function setNotFound(fastify: FastifyInstance, routes: KnownRoutes): void {
  const original = fastify.setNotFoundHandler.bind(fastify);
  (fastify as { setNotFoundHandler: unknown }).setNotFoundHandler = () =>
    original((request, reply) => {
      const allow = routes.allowed(request.url.split('?', 1)[0]!);
      const problem =
        allow.length > 0 && !allow.includes(request.method)
          ? new Problem('route.method_not_allowed', { headers: { allow: allow.join(', ') } })
          : new Problem('route.not_found');
      sendError(problem, request, reply);
    });
}

function readBody(request: FastifyRequest, body: Buffer): unknown {
  const type = request.headers['content-type'] ?? '';
  const charset = type === JSON_TYPE ? undefined : /charset\s*=\s*"?([^;"\s]+)/i.exec(type)?.[1];
  if (charset && !/^utf-?8$/i.test(charset)) throw new Problem('request.unsupported_media_type');
  // A webhook is verified over its untouched bytes before anything reads it (ATK-15).
  return isWebhook(request) ? body : parseJsonBody(body);
}

/** What is wrong with a request before its body is read; undefined when nothing is. */
function refuseEarly(request: FastifyRequest): Problem | undefined {
  const raw = request.raw;
  if (
    raw.rawHeaders.length > MAX_HEADERS * 2 ||
    (raw.headers.authorization?.length ?? 0) > MAX_AUTHORIZATION
  ) {
    return new Problem('request.headers_too_large');
  }
  if (raw.headers['content-encoding'] !== undefined && raw.headers['content-encoding'] !== 'identity') {
    return new Problem('request.unsupported_media_type');
  }
  const { hosts, authorizations } = countOnceOnlyHeaders(raw.rawHeaders);
  // Node keeps the first of two and says nothing: of two credentials neither is taken.
  if (authorizations > 1) return new Problem('auth.unauthenticated');
  if (!isPlainlyFramed(raw, hosts))
    return new Problem('request.malformed', { headers: { connection: 'close' } });
  return isPlainPath(request.url) ? undefined : new Problem('route.not_found');
}

function countOnceOnlyHeaders(raw: readonly string[]): { hosts: number; authorizations: number } {
  let hosts = 0;
  let authorizations = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
    else if (name.length === 13 && name.toLowerCase() === 'authorization') authorizations++;
  }
  return { hosts, authorizations };
}

/** One host and no transfer coding but chunks: what two servers in a row may read differently is refused (ATK-38). */
function isPlainlyFramed({ headers, httpVersion }: IncomingMessage, hosts: number): boolean {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return false;
  if (headers.host === undefined) return httpVersion === '1.0';
  return hosts === 1 && !headers.host.includes(',');
}

/** One spelling per address: an encoded letter, a doubled slash or a dot segment never reaches the router (ATK-30). */
function isPlainPath(url: string): boolean {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  if (!path.includes('%') && !path.includes('//') && !path.includes('/.') && !path.includes(';')) return true;
  if (path.includes('//') || /\/\.{1,2}(\/|$)/.test(path) || path.includes(';')) return false;
  return !/%(?:2d|2e|5f|7e|3[0-9]|[46][1-9a-f]|[57][0-9a]|00)/i.test(path);
}

/** Bytes that are not HTTP, or headers over Node's limit. There is no request object to answer through. */
function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  answerBare(socket, new Problem(tooLarge ? 'request.headers_too_large' : 'request.malformed'));
}

/** Node hands CONNECT over with the bare socket, and closes it without a word when nobody listens. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  answerBare(
    socket,
    new Problem('route.method_not_allowed'),
    'Allow: DELETE, GET, HEAD, PATCH, POST, PUT\r\n',
  );
}

function answerBare(socket: Duplex, problem: Problem, headers = ''): void {
  const body = JSON.stringify({
    type: `urn:countersign:error:${problem.code}`,
    title: problem.title,
    status: problem.status,
    code: problem.code,
  });
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
      `Content-Type: application/problem+json; charset=utf-8\r\nCache-Control: no-store\r\n${headers}` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
