// Owns every error answer of the process: Graph's envelope under Graph paths, a
// short JSON error with the path that was wrong under /_sim and /phone.

import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ShapeError } from '../core/shape.js';
import { GraphError, type GraphErrorBody, unknownObject, unknownPath } from './graph-error.js';

@Catch()
export class GraphErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Simulator');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    if (isOwnPath(request.url)) {
      const [status, message] = ownError(error);
      if (status >= 500) this.logger.error(error);
      void reply.code(status).send({ error: { message } });
      return;
    }
    const graphError = error instanceof GraphError ? error : this.toGraphError(error, request);
    if (graphError.httpStatus === 401) {
      void reply.header(
        'www-authenticate',
        `OAuth "Facebook Platform" "invalid_token" "${graphError.body.message}"`,
      );
    }
    if (graphError.retryAfter !== undefined) void reply.header('retry-after', String(graphError.retryAfter));
    void reply.code(graphError.httpStatus).send(graphError.toEnvelope());
  }

  private toGraphError(error: unknown, request: FastifyRequest): GraphError {
    const status = statusOf(error);
    if (status === 404) {
      const path = pathOf(request.url);
      return request.method === 'GET'
        ? unknownPath(path)
        : unknownObject(request.method, path.split('/')[2] ?? '');
    }
    if (status >= 500) this.logger.error(error);
    const body: GraphErrorBody =
      status < 500
        ? { message: error instanceof Error ? error.message : 'Bad request', type: 'OAuthException', code: 1 }
        : { message: 'An unknown error has occurred.', type: 'OAuthException', code: 1, is_transient: true };
    return new GraphError(status, body);
  }
}

export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

function isOwnPath(url: string): boolean {
  return /^\/(_sim|phone)(\/|\?|$)/.test(url);
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}

function ownError(error: unknown): [number, string] {
  if (error instanceof ShapeError) return [400, error.message];
  // A Graph route caught a path that only looks like one of ours.
  if (error instanceof GraphError) return [404, 'No such path'];
  const status = statusOf(error);
  return [status, status < 500 && error instanceof Error ? error.message : 'Unexpected error'];
}
