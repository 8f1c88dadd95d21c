import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';

/**
 * Nest's adapter without the seven hooks it hangs on every request for what nothing here turns on: Express-like
 * middleware, CORS, security headers, versions by header, its own 503 while closing. They were 2 % of a check. What
 * would need one of them refuses, rather than doing nothing: a hook on the Fastify instance does each.
 */
export class BareAdapter extends FastifyAdapter {
  static over(options: FastifyServerOptions): BareAdapter {
    const server = fastify(options);
    const { addHook } = server;
    (server as { addHook: unknown }).addHook = () => server;
    const adapter = new BareAdapter(server as never);
    server.addHook = addHook;
    return adapter;
  }

  get fastify(): FastifyInstance {
    return this.getInstance() as unknown as FastifyInstance;
  }

  /** Would register middleware support. */
  override init(): Promise<void> {
    return Promise.resolve();
  }

  override use = refuse('use');
  override enableCors = refuse('enableCors');
  override registerSecurityHook = refuse('registerSecurityHook');
  override applyVersionFilter = refuse('applyVersionFilter');
  override setOnRequestHook = refuse('setOnRequestHook');
  override setOnResponseHook = refuse('setOnResponseHook');
}

function refuse(method: string): () => never {
  return () => {
    throw new Error(`The HTTP server has no ${method}(): add a hook to its Fastify instance instead.`);
  };
}
