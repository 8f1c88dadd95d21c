// Owns the answers that are wrong on purpose, below the level a controller works
// at: cut sockets, half a document, a proxy's page, a flood.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply } from 'fastify';
import type { Fault } from './behavior.js';

const HUGE_BYTES = 64 * 1024 * 1024;
const DRIP_MS = 1_000;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** What breaks between client and provider, before the provider has read anything. */
export function breakBefore(fault: Fault, reply: FastifyReply): void | Promise<void> {
  switch (fault.kind) {
    case 'hang':
      return void reply.hijack();
    case 'reset':
      return cut(reply);
    case 'html':
      return sendPage(fault, reply);
    default:
      return flood(reply);
  }
}

/** What breaks on the way back, after the message was accepted. False when nothing does. */
export function breakAfter(fault: Fault | undefined, answer: unknown, reply: FastifyReply): boolean {
  switch (fault?.kind) {
    case 'resetAfterAccept':
      cut(reply);
      return true;
    case 'malformed':
      sendHalf(answer, reply);
      return true;
    case 'drip':
      drip(answer, reply);
      return true;
    case 'empty':
      void reply.code(200).send();
      return true;
    default:
      return false;
  }
}

function cut(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
}

function sendHalf(answer: unknown, reply: FastifyReply): void {
  const text = JSON.stringify(answer);
  void reply
    .code(200)
    .type('application/json')
    .serializer(String)
    .send(text.slice(0, text.length / 2));
}

/** Goes on until the reader has had enough. */
function drip(answer: unknown, reply: FastifyReply): void {
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
