import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request as undiciRequest } from 'undici';

export interface OutboundRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Total time from connect to the last byte of the answer, ms. */
  deadlineMs: number;
  signal?: AbortSignal;
}

/**
 * `response`: an answer came, whatever its status. `not_sent`: the request certainly never reached a server.
 * `unknown`: it may have been received and acted on; only a receipt or the server can tell.
 */
export type OutboundResult =
  | { kind: 'response'; status: number; headers: Record<string, string | string[] | undefined>; body: string }
  | { kind: 'not_sent'; reason: string }
  | { kind: 'unknown'; reason: string };

const MAX_ANSWER_BYTES = 256 * 1024;
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
  'ERR_INVALID_URL',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The one door to the outside: pooled, bounded in time and size, never following redirects. */
@Injectable()
export class HttpClient implements OnApplicationShutdown {
  private readonly agent = new Agent({
    connections: 64,
    pipelining: 1,
    connect: { timeout: 3_000 },
    keepAliveTimeout: 30_000,
  });

  async send(outbound: OutboundRequest): Promise<OutboundResult> {
    const deadline = AbortSignal.timeout(outbound.deadlineMs);
    const signal = outbound.signal ? AbortSignal.any([deadline, outbound.signal]) : deadline;
    try {
      const response = await undiciRequest(outbound.url, {
        dispatcher: this.agent,
        method: outbound.method,
        headers: outbound.headers,
        body: outbound.body,
        signal,
      });
      const body = await readCapped(response.body);
      if (body === undefined) return { kind: 'unknown', reason: 'answer_too_large' };
      return { kind: 'response', status: response.statusCode, headers: response.headers, body };
    } catch (error) {
      return classify(error, deadline.aborted ? 'timeout' : outbound.signal?.aborted ? 'aborted' : undefined);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }
}

async function readCapped(
  stream: AsyncIterable<Buffer> & { destroy: () => void },
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      stream.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function classify(error: unknown, givenUp: string | undefined): OutboundResult {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (typeof code === 'string' && NEVER_CONNECTED.has(code))
    return { kind: 'not_sent', reason: code.toLowerCase() };
  if (givenUp !== undefined) return { kind: 'unknown', reason: givenUp };
  return { kind: 'unknown', reason: typeof code === 'string' ? code.toLowerCase() : 'connection_lost' };
}
