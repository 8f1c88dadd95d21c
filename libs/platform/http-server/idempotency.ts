import { createHash, randomBytes } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '#platform/clock';
import { KeyRing, Sealer, shortDigest } from '#platform/crypto';
import { Problem } from '#platform/errors';
import { describeError, loggerFor } from '#platform/logging';
import { RedisConnection } from '#platform/redis';
import { requestOf } from './request-of.js';

const LIFE_MS = 24 * 3_600_000;
/** A record without a result after this long belongs to a process that died: the next request takes it over. */
const TAKE_OVER_MS = 5_000;
const KEY = /^[\x21-\x7e]{1,255}$/;

interface Running {
  name: string;
  bodyHash: string;
  /** What the work derives its ids from, so that running it again is the same work. */
  operation: Buffer;
}

/** A finished answer, stored sealed: it is repeated as it was, to whoever held the key that asked. */
export class RepeatedReply {
  constructor(
    readonly status: number,
    readonly contentType: string,
    readonly body: string,
  ) {}
}

declare module 'fastify' {
  interface FastifyRequest {
    idempotency: Running | null;
  }
}

interface Caller {
  principal?: { tenantId: string; keyId: string };
}

/**
 * `Idempotency-Key` on every POST, scoped to tenant, key and address. A request without the header pays for one
 * look at it. Only successes are kept: a corrected request may use the key of one that was refused (BI-60).
 */
@Injectable()
export class IdempotencyGuard implements CanActivate {
  private readonly logger = loggerFor('idempotency');

  constructor(
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
    private readonly sealer: Sealer,
    private readonly keyRing: KeyRing,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = requestOf<FastifyRequest & Caller>(context);
    const key = request.headers['idempotency-key'];
    if (key === undefined || request.method !== 'POST' || !request.principal) return true;
    if (typeof key !== 'string' || !KEY.test(key)) throw new Problem('idempotency.invalid_key');
    return this.begin(request, context.getArgByIndex<FastifyReply>(1), key, request.principal);
  }

  /** Gives requests the field that `operationOf` reads. */
  attach(fastify: FastifyInstance): void {
    fastify.decorateRequest('idempotency', null);
  }

  /**
   * Has the answer kept before it leaves, by standing before `end`, as session stores do: a hook of the server would
   * cost every request that has no key.
   */
  private keepAnswer(running: Running, reply: FastifyReply): void {
    const response = reply.raw;
    const end = response.end.bind(response) as (payload?: unknown) => void;
    response.end = ((payload?: unknown) => {
      this.end(running, reply, payload)
        .catch((error: unknown) => {
          this.logger.warn(
            { error: describeError(error) },
            'answer not kept; the next request with this key runs the work again, under the same ids',
          );
        })
        .finally(() => end(payload));
      return response;
    }) as typeof response.end;
  }

  private async begin(
    request: FastifyRequest,
    reply: FastifyReply,
    key: string,
    principal: { tenantId: string; keyId: string },
  ): Promise<boolean> {
    const path = request.url.split('?', 1)[0]!;
    const name = `{i:${sha256([principal.tenantId, principal.keyId, path, key])}}`;
    // Keyed: a body may hold a code, and a plain hash of one is guessed in no time.
    const bodyHash = shortDigest(this.keyRing.installationKey, [
      'idempotency',
      JSON.stringify(request.body ?? null),
    ]);
    const running: Running = { name, bodyHash, operation: randomBytes(16) };
    if ((await this.redis.client.set(name, this.renderRunning(running), 'PX', LIFE_MS, 'NX')) === null) {
      const known = await this.redis.client.get(name);
      await this.meet(known, running, name);
    }
    request.idempotency = running;
    this.keepAnswer(running, reply);
    return true;
  }

  /** The key was used before: answer again, refuse, wait, or take over from a process that died. */
  private async meet(known: string | null, running: Running, name: string): Promise<void> {
    const [state, bodyHash, at, rest] = (known ?? '').split('|') as [string, string, string, string];
    const age = this.clock.now() - Number(at);
    if (known === null || age >= LIFE_MS) {
      await this.redis.client.set(name, this.renderRunning(running), 'PX', LIFE_MS);
      return;
    }
    if (bodyHash !== running.bodyHash) throw new Problem('idempotency.mismatch');
    if (state === 'done') {
      const { status, contentType, body } = JSON.parse(
        this.sealer.open('credential-seal', rest, name),
      ) as RepeatedReply;
      throw new RepeatedReply(status, contentType, body);
    }
    if (state === 'running' && age < TAKE_OVER_MS) {
      throw new Problem('idempotency.running', { retryAfterSeconds: (TAKE_OVER_MS - age) / 1_000 });
    }
    running.operation = Buffer.from(rest, 'base64url');
    await this.redis.client.set(name, this.renderRunning(running), 'PX', LIFE_MS);
  }

  private async end(running: Running, reply: FastifyReply, payload: unknown): Promise<void> {
    if (reply.statusCode >= 500) {
      // Nobody knows how far it came: whoever asks again goes on under the same ids, at once.
      await this.redis.client.set(running.name, this.renderRunning(running, 'failed'), 'PX', LIFE_MS);
    } else if (reply.statusCode >= 300) {
      await this.redis.client.del(running.name);
    } else {
      const answer = JSON.stringify({
        status: reply.statusCode,
        contentType: String(reply.getHeader('content-type') ?? ''),
        body: typeof payload === 'string' ? payload : '',
      });
      const sealed = this.sealer.seal('credential-seal', answer, running.name);
      await this.redis.client.set(
        running.name,
        `done|${running.bodyHash}|${this.clock.now()}|${sealed}`,
        'PX',
        LIFE_MS,
      );
    }
  }

  private renderRunning({ bodyHash, operation }: Running, state = 'running'): string {
    return `${state}|${bodyHash}|${this.clock.now()}|${operation.toString('base64url')}`;
  }
}

/** The bytes a repeated request shares with its first run; undefined without an Idempotency-Key. */
export function operationOf(request: Pick<FastifyRequest, 'idempotency'>): Buffer | undefined {
  return request.idempotency?.operation;
}

function sha256(fields: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('base64url');
}
