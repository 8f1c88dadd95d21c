// Owns the answer of a skin that refuses: its own status and body, whatever they look like.

import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: object,
    /** Sent as a Retry-After header. */
    readonly retryAfter?: number | string,
  ) {
    super('refused');
  }
}

@Catch(Refusal)
export class RefusalFilter implements ExceptionFilter<Refusal> {
  catch({ status, body, retryAfter }: Refusal, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
    void reply.code(status).send(body);
  }
}
