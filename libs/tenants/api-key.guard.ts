import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Problem } from '#platform/errors';
import { requestOf } from '#platform/http-server';
import { CREDENTIAL_NAMES } from '#platform/validation';
import { isWithin } from './key-networks.js';
import { KeyStore } from './key-store.js';
import { type AuthenticatedRequest, type Principal, PUBLIC_ROUTE, REQUIRED_SCOPE } from './principal.js';

interface RouteAccess {
  open: boolean;
  scope: string | undefined;
}

const BEARER = /^Bearer (\S+)$/i;

/**
 * Default-deny on every handler: a route without `@Public()` needs a key, and its scope. Bound to handlers, not
 * to paths, so that no spelling of a path goes around it (ATK-30).
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly routes = new WeakMap<object, RouteAccess>();

  constructor(
    private readonly keys: KeyStore,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessOf(context);
    if (access.open) return true;
    const request = requestOf<FastifyRequest & AuthenticatedRequest>(context);
    refuseCredentialsInUrl(request);
    const header = request.headers.authorization;
    const known = header === undefined ? undefined : this.keys.remembered(header);
    if (known) return admit(request, known, access);
    return this.authenticate(request, header, access);
  }

  private async authenticate(
    request: FastifyRequest & AuthenticatedRequest,
    header: string | undefined,
    access: RouteAccess,
  ): Promise<boolean> {
    const text = header === undefined ? undefined : BEARER.exec(header)?.[1];
    const principal = text === undefined ? undefined : await this.keys.verify(header!, text);
    if (!principal) {
      refuseCredentialsInBody(request);
      throw new Problem('auth.unauthenticated');
    }
    return admit(request, principal, access);
  }

  private accessOf(context: ExecutionContext): RouteAccess {
    const handler = context.getHandler();
    let access = this.routes.get(handler);
    if (!access) {
      const targets = [handler, context.getClass()];
      access = {
        open: this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, targets) === true,
        scope: this.reflector.getAllAndOverride<string | undefined>(REQUIRED_SCOPE, targets),
      };
      this.routes.set(handler, access);
    }
    return access;
  }
}

function admit(
  request: AuthenticatedRequest & Pick<FastifyRequest, 'ip'>,
  principal: Principal,
  { scope }: RouteAccess,
): true {
  if (principal.networks && !isWithin(principal.networks, request.ip))
    throw new Problem('auth.address_not_allowed');
  if (scope === undefined || !principal.scopes.has(scope)) {
    throw new Problem('auth.insufficient_scope', { detail: scope && `This call needs the scope ${scope}.` });
  }
  request.principal = principal;
  return true;
}

function refuseCredentialsInUrl(request: FastifyRequest): void {
  const query = request.query as Record<string, unknown>;
  for (const name in query) {
    if (CREDENTIAL_NAMES.test(name) || String(query[name]).includes('csk_'))
      throw new Problem('request.credentials_in_url');
  }
}

function refuseCredentialsInBody({ body }: FastifyRequest): void {
  if (typeof body !== 'object' || body === null || Buffer.isBuffer(body)) return;
  for (const [name, value] of Object.entries(body)) {
    if (CREDENTIAL_NAMES.test(name) || (typeof value === 'string' && value.startsWith('csk_')))
      throw new Problem('request.credentials_in_url');
  }
}
