// Owns the answers that are wrong on purpose, below the level a controller works
// at: cut sockets, half a document, a proxy's page, a flood.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply } from 'fastify';
import type { Fault } from '../core/behavior.js';
import { GraphError, messagingError } from './graph-error.js';

const HUGE_BYTES = 64 * 1024 * 1024;
const DRIP_MS = 1_000;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Faults that refuse the message. The others accept it and are the controller's. */
export async function refuseWith(fault: Fault, reply: FastifyReply): Promise<void> {
  switch (fault.kind) {
    case 'status':
      throw new GraphError(
        fault.status ?? 503,
        { message: 'Service temporarily unavailable', type: 'OAuthException', code: 2, is_transient: true },
        fault.retryAfter,
      );
    case 'graphError':
      throw messagingError(fault.code ?? 131000, 'The simulator was asked for this error.', {
        httpStatus: fault.status,
        retryAfter: fault.retryAfter,
      });
    case 'hang':
      reply.hijack();
      return;
    case 'reset':
      return cut(reply);
    case 'html':
      return sendPage(fault, reply);
    case 'huge':
      return flood(reply);
    case 'resetAfterAccept':
    case 'malformed':
    case 'empty':
    case 'drip':
    case 'notOnWhatsApp':
      throw new Error(`${fault.kind} accepts the message`);
  }
}

export function cut(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
}

export function sendHalf(answer: unknown, reply: FastifyReply): void {
  const text = JSON.stringify(answer);
  void reply
    .code(200)
    .type('application/json')
    .serializer(String)
    .send(text.slice(0, text.length / 2));
}

/** Goes on until the reader has had enough. */
export function drip(answer: unknown, reply: FastifyReply): void {
  reply.hijack();
  const text = JSON.stringify(answer);
  reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
  let at = 0;
  const timer = setInterval(() => {
    if (reply.raw.destroyed || at >= text.length) clearInterval(timer);
    else reply.raw.write(text[at++]);
  }, DRIP_MS);
  timer.unref();
}

function sendPage(fault: Fault, reply: FastifyReply): void {
  const page =
    '<!doctype html><html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';
  if (fault.retryAfter !== undefined) void reply.header('retry-after', String(fault.retryAfter));
  void reply
    .code(fault.status ?? 502)
    .type('text/html; charset=utf-8')
    .send(page);
}

async function flood(reply: FastifyReply): Promise<void> {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'application/json' });
  // A reader that hangs up early is what this fault is for.
  await pipeline(Readable.from(hugeDocument()), reply.raw).catch(() => undefined);
}

function* hugeDocument(): Generator<Buffer> {
  yield Buffer.from('{"messaging_product":"whatsapp","padding":"');
  for (let sent = 0; sent < HUGE_BYTES; sent += CHUNK.length) yield CHUNK;
  yield Buffer.from('"}');
}
