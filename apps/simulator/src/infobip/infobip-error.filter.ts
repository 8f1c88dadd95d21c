// Owns every error answer under /infobip.

import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { infobipError, InfobipError } from './infobip-error.js';

@Catch()
export class InfobipErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Simulator');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    if (!(error instanceof InfobipError)) this.logger.error(error);
    const refusal = error instanceof InfobipError ? error : infobipError(500, 'legacy');
    if (refusal.retryAfter !== undefined) void reply.header('retry-after', String(refusal.retryAfter));
    void reply.code(refusal.httpStatus).send(refusal.body);
  }
}
