import {
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
  SetMetadata,
} from '@nestjs/common';
import type { BlockList } from 'node:net';
import type { Author } from '#journal';
import { requestOf } from '#platform/http-server';
import { type Identifier, renderNative } from '#platform/identifiers';
import type { KeyMode, Scope } from './api-key.js';

/** Who is asking, from the API key alone: never from a body or a header (SEC-14). */
export interface Principal {
  tenantId: Identifier;
  keyId: Identifier;
  mode: KeyMode;
  scopes: ReadonlySet<string>;
  /** From where it is accepted; everywhere when absent. */
  networks?: BlockList;
  expiresAt: number;
}

export const PUBLIC_ROUTE = 'countersign:public';
export const REQUIRED_SCOPE = 'countersign:scope';

/** The route answers without an API key; whatever protects it instead is its own business. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC_ROUTE, true);

/** The scope a key needs for this route. Every route has this or `Public`; a test looks at all of them. */
export const RequireScope = (scope: Scope): CustomDecorator => SetMetadata(REQUIRED_SCOPE, scope);

export interface AuthenticatedRequest {
  principal?: Principal;
}

/** The caller of a request that the guard let through. */
export function callerOf(request: AuthenticatedRequest): Principal {
  return request.principal!;
}

/** The caller, as a controller's parameter. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Principal =>
  callerOf(requestOf<AuthenticatedRequest>(context)),
);

/** The caller as the audit trail names who changes something, as a controller's parameter. */
export const By = createParamDecorator((_data: unknown, context: ExecutionContext): Author => {
  const request = requestOf<AuthenticatedRequest & { id: string }>(context);
  return { actor: renderNative('key', callerOf(request).keyId), requestId: request.id };
});
