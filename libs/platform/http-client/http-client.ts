import type { LookupFunction } from 'node:net';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent } from 'undici';
import { loggerFor } from '#platform/logging';
import { AddressGuard, type GuardRules } from './address-guard.js';
import { Exchange } from './exchange.js';
import type { OutboundRequest, OutboundResult } from './outbound.js';
import { resolveOnce } from './resolver.js';

export interface HttpClientOptions {
  guard?: Partial<GuardRules>;
  /** How names are resolved; the operating system's way unless a test has another. */
  lookup?: LookupFunction;
  /** Certificate authorities to trust in place of the system's. */
  ca?: string[];
}

const POOL = { connections: 64, pipelining: 1, keepAliveTimeout: 30_000 };
/** Said here, too, so that no variable of the environment (NODE_TLS_REJECT_UNAUTHORIZED) takes it away. */
const CONNECT = { timeout: 3_000, rejectUnauthorized: true };

/** The one door to the outside: pooled, bounded in time and size, never following redirects. */
@Injectable()
export class HttpClient implements OnApplicationShutdown {
  private readonly logger = loggerFor('http-client');
  private readonly guard: AddressGuard;
  private readonly agent: Agent;
  private readonly guardedAgent: Agent;

  constructor({ guard, lookup = resolveOnce, ca }: HttpClientOptions = {}) {
    this.guard = new AddressGuard(guard, lookup);
    this.agent = new Agent({ ...POOL, connect: { ...CONNECT, ca, lookup } });
    // Pools of its own: a connection that was made without the checks is never used where they are wanted.
    this.guardedAgent = new Agent({ ...POOL, connect: { ...CONNECT, ca, lookup: this.guard.lookup } });
  }

  async send({
    deadlineMs,
    signal,
    answerBytes,
    guarded,
    url,
    ...request
  }: OutboundRequest): Promise<OutboundResult> {
    const exchange = new Exchange(deadlineMs, signal, answerBytes);
    try {
      const { origin, pathname, search, trusted } = this.target(url, guarded);
      const agent = guarded && !trusted ? this.guardedAgent : this.agent;
      agent.dispatch({ ...request, origin, path: pathname + search }, exchange);
    } catch (error) {
      exchange.fail(error);
    }
    const result = await exchange.result;
    if (result.kind === 'not_sent' && result.distrusted)
      this.logger.error(
        { host: new URL(url).host, reason: result.reason },
        'the server could not prove who it is; nothing was sent',
      );
    return result;
  }

  /** Why a guarded request to this URL would be refused now; undefined when it would not. For the moment it is saved. */
  whyForbidden(url: string): Promise<string | undefined> {
    return this.guard.whyForbidden(url);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.agent.close(), this.guardedAgent.close()]);
  }

  private target(
    text: string,
    guarded = false,
  ): { origin: string; pathname: string; search: string; trusted: boolean } {
    const url = new URL(text);
    const { origin, pathname, search } = url;
    const trusted = this.guard.trusts(origin);
    if (guarded && !trusted) this.guard.check(url);
    return { origin, pathname, search, trusted };
  }
}
