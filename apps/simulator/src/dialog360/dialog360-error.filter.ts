// Owns every error answer under /dialog360: Graph's envelope passed through for Cloud
// numbers, translated for On-Premise ones, the gateway's own `meta` for the rest.

import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { GraphError } from '../graph/graph-error.js';
import { numberOf, type NumberRequest } from './dialog360.guard.js';
import { fromGraphCode, GatewayError, OnPremiseError } from './dialog360-errors.js';

interface Answer {
  httpStatus: number;
  body: object;
  retryAfter?: number | string;
}

@Catch()
export class Dialog360ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Dialog360');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    const onPremise = numberOf(http.getRequest<NumberRequest>())?.key.kind === 'on-premise';
    const { httpStatus, body, retryAfter } = this.answerTo(error, onPremise);
    if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
    void reply.code(httpStatus).send(body);
  }

  private answerTo(error: unknown, onPremise: boolean): Answer {
    if (error instanceof GatewayError || error instanceof OnPremiseError)
      return { httpStatus: error.httpStatus, body: error.toBody(), retryAfter: error.retryAfter };
    if (error instanceof GraphError) {
      const { httpStatus, retryAfter } = error;
      if (!onPremise) return { httpStatus, body: error.toEnvelope(), retryAfter };
      const code = fromGraphCode(error.body.code);
      return this.answerTo(
        new OnPremiseError(code, error.body.error_data?.details ?? error.message, retryAfter),
        true,
      );
    }
    if (error instanceof HttpException && error.getStatus() < 500)
      return this.answerTo(new GatewayError(error.getStatus(), error.message), onPremise);
    this.logger.error(error);
    return this.answerTo(new GatewayError(500, 'Internal server error'), onPremise);
  }
}
