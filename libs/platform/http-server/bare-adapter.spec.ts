import { describe, expect, it } from 'vitest';
import { BareAdapter } from './bare-adapter.js';

describe('the HTTP server without what nobody turned on', () => {
  it('hangs no hook of its own on a request, but does those that are added to it', async () => {
    const { fastify } = BareAdapter.over({});
    const seen: string[] = [];
    fastify.addHook('onRequest', (request, _reply, done) => {
      seen.push(request.url);
      done();
    });
    fastify.get('/', (_request, reply) => reply.send('here'));
    expect((await fastify.inject('/')).body).toBe('here');
    expect(seen).toEqual(['/']);
    await fastify.close();
  });

  it.each(['use', 'enableCors', 'registerSecurityHook', 'setOnRequestHook', 'setOnResponseHook'] as const)(
    'refuses %s, which would do nothing',
    (method) => {
      const adapter = BareAdapter.over({}) as unknown as Record<typeof method, () => void>;
      expect(() => adapter[method]()).toThrow(method);
    },
  );
});
