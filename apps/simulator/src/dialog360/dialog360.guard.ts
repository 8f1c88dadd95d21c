// Owns the door of every route under /dialog360: the key in its header, and the number behind it.

import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { GatewayError } from './dialog360-errors.js';
import { Dialog360Keys, type Dialog360Number } from './dialog360-keys.js';

export type NumberRequest = FastifyRequest & { dialog360?: Dialog360Number };

@Injectable()
export class Dialog360Guard implements CanActivate {
  constructor(private readonly keys: Dialog360Keys) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<NumberRequest>();
    const given = request.headers['d360-api-key'];
    const number = typeof given === 'string' ? this.keys.open(given) : undefined;
    if (!number) throw new GatewayError(401, 'Invalid api_key');
    request.dialog360 = number;
    return true;
  }
}

export function numberOf(request: NumberRequest): Dialog360Number | undefined {
  return request.dialog360;
}

export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Dialog360Number => {
  const number = numberOf(context.switchToHttp().getRequest<NumberRequest>());
  if (!number) throw new Error('A route of 360dialog lacks Dialog360Guard');
  return number;
});
