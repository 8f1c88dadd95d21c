import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseFailure } from '#platform/database';
import { dependencyUnavailable, type ErrorCode, Problem } from '#platform/errors';
import { describeError, loggerFor } from '#platform/logging';
import { isRedisFailure } from '#platform/redis';
import { rendererFor } from './error-renderers.js';
import { RepeatedReply } from './idempotency.js';

const logger = loggerFor('http');
const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.unsupported_media_type',
  FST_ERR_CTP_EMPTY_TYPE: 'request.unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.malformed',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request.invalid_json',
  FST_ERR_BAD_URL: 'route.not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'route.not_found',
  FST_ERR_NOT_FOUND: 'route.not_found',
};

const QUIET = new Set<ErrorCode>(['dependency.unavailable', 'dependency.overloaded']);

/** The one place where an error becomes an answer. Unknown errors are told as 500 without a word of their own. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendError(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  // The health door throws its own finished answer.
  if (error instanceof HttpException && request.url.startsWith('/health/')) {
    void reply
      .status(error.getStatus())
      .header('content-type', 'application/json; charset=utf-8')
      .send(error.getResponse());
    return;
  }
  if (error instanceof RepeatedReply) {
    void reply
      .status(error.status)
      .headers({ 'content-type': error.contentType, 'idempotency-replayed': 'true' })
      .serializer(String)
      .send(error.body);
    return;
  }
  const problem = toProblem(error);
  // Who refuses for load has logged it, once for many.
  if (problem.status >= 500 && !QUIET.has(problem.code)) {
    logger.error(
      {
        requestId: request.id,
        route: request.routeOptions.url,
        error: describeError(problem.options.cause ?? error),
      },
      'request failed',
    );
  } else if (problem.code === 'dependency.unavailable') {
    logger.warn(
      { requestId: request.id, ...problem.options.members, error: describeError(problem.options.cause) },
      'dependency unavailable',
    );
  }
  const rendered = rendererFor(request.url)(problem, request.id, request);
  if (problem.options.retryAfterSeconds !== undefined)
    void reply.header('retry-after', Math.max(1, Math.ceil(problem.options.retryAfterSeconds)));
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="countersign"');
  if (problem.status === 413) void reply.header('connection', 'close');
  if (rendered.headers) void reply.headers(rendered.headers);
  if (problem.options.headers) void reply.headers(problem.options.headers);
  void reply
    .status(rendered.status)
    .header('content-type', rendered.contentType)
    .serializer(typeof rendered.body === 'string' ? String : JSON.stringify)
    .send(rendered.body);
}

/** Finds the catalogue code of anything thrown. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // In this order: a refused connection is told bare by pg, while a Redis command has ioredis' own words for it.
  if (isDatabaseFailure(error)) return dependencyUnavailable('postgres', error);
  if (isRedisFailure(error)) return dependencyUnavailable('redis', error);
  // Nest wraps what Fastify refuses before a handler is reached; Fastify's own code is in the cause.
  const origin = error instanceof HttpException ? error.cause : error;
  const code = (origin as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'string' && FASTIFY_CODES[code]) return new Problem(FASTIFY_CODES[code]);
  if (error instanceof HttpException) {
    if (error.getStatus() === 404) return new Problem('route.not_found');
    if (error.getStatus() < 500) return new Problem('request.malformed');
  }
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) return new Problem('request.malformed');
  return new Problem('internal.error', { cause: error });
}
