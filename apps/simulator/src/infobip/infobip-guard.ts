// Owns the door of every Infobip route: `App <key>`, or Basic with the login
// `simulator` and the key as its password.

import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { SimulatorConfig } from '../simulator.config.js';
import { infobipError } from './infobip-error.js';

@Injectable()
export class InfobipGuard implements CanActivate {
  constructor(private readonly config: SimulatorConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const [, scheme, proof] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
    const key = this.config.infobipApiKey;
    const basic = Buffer.from(`simulator:${key}`).toString('base64');
    if ((scheme === 'App' && proof === key) || (scheme === 'Basic' && proof === basic)) return true;
    throw infobipError(401, 'legacy');
  }
}
