import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '#platform/errors';
import { requestOf } from './request-of.js';

const ROUTE_ARGUMENTS = '__routeArguments__';
const QUERY_ARGUMENT = /^4:/;

/** A route that declares no query takes none: a parameter nobody reads is a mistake the caller should hear of. */
@Injectable()
export class QueryGuard implements CanActivate {
  private readonly declared = new WeakMap<object, boolean>();

  canActivate(context: ExecutionContext): boolean {
    const query = requestOf<FastifyRequest>(context).query as Record<string, unknown>;
    for (const name in query) {
      if (!this.takesQuery(context))
        throw new Problem('request.unknown_parameter', {
          errors: [{ pointer: name.slice(0, 64), code: 'unknown_field' }],
        });
      return true;
    }
    return true;
  }

  private takesQuery(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    let takes = this.declared.get(handler);
    if (takes === undefined) {
      const args = (Reflect.getMetadata(ROUTE_ARGUMENTS, context.getClass(), handler.name) ?? {}) as object;
      takes = Object.keys(args).some((key) => QUERY_ARGUMENT.test(key));
      this.declared.set(handler, takes);
    }
    return takes;
  }
}
