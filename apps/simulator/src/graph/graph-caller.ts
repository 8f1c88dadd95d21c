// Owns the door of every Graph route: the version in front of the path and the
// bearer. Lookups through the caller answer 100/33 for whatever its token may not see.

import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Account, GraphAccounts, type Sender } from './graph-accounts.js';
import { accessTokenError, unknownObject, unknownPath } from './graph-error.js';
import { pathOf } from './graph-error.filter.js';

export class GraphCaller {
  constructor(
    readonly accounts: Account[],
    /** The 23 of v23.0. */
    readonly version: number,
    private readonly method: string,
    private readonly directory: GraphAccounts,
  ) {}

  account(wabaId: string): Account {
    return this.accounts.find((account) => account.wabaId === wabaId) ?? this.refuse(wabaId);
  }

  sender(phoneNumberId: string): { account: Account; sender: Sender } {
    const found = this.directory.sender(phoneNumberId);
    return found && this.accounts.includes(found.account) ? found : this.refuse(phoneNumberId);
  }

  sees(wabaId: string): boolean {
    return this.accounts.some((account) => account.wabaId === wabaId);
  }

  refuse(id: string): never {
    throw unknownObject(this.method, id);
  }
}

type CallerRequest = FastifyRequest & { graphCaller?: GraphCaller };

@Injectable()
export class GraphGuard implements CanActivate {
  constructor(private readonly directory: GraphAccounts) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<CallerRequest>();
    const path = pathOf(request.url);
    const version = /^\/v(\d{1,3})\.0(\/|$)/.exec(path)?.[1];
    if (version === undefined) throw unknownPath(path);
    const token = bearerOf(request);
    const accounts = token === undefined ? [] : this.directory.visibleTo(token);
    if (accounts.length === 0) throw accessTokenError(token !== undefined);
    request.graphCaller = new GraphCaller(accounts, Number(version), request.method, this.directory);
    http
      .getResponse<{ header(name: string, value: string): unknown }>()
      .header('facebook-api-version', `v${version}.0`);
    return true;
  }
}

/** Graph takes the token as a header or as the access_token parameter. */
function bearerOf(request: FastifyRequest): string | undefined {
  const header = /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (header !== undefined) return header;
  const query = request.query as Record<string, unknown> | undefined;
  return typeof query?.access_token === 'string' ? query.access_token : undefined;
}

export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): GraphCaller => {
  const caller = context.switchToHttp().getRequest<CallerRequest>().graphCaller;
  if (!caller) throw new Error('A Graph route lacks GraphGuard');
  return caller;
});
