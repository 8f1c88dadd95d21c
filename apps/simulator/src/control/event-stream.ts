// Owns server-sent events over a hijacked reply: headers, a heartbeat, and giving
// up on a reader that has stopped reading.

import type { FastifyReply } from 'fastify';

interface EventStream {
  send(event: string, data: unknown): void;
  onClose(listener: () => void): void;
}

const HEARTBEAT_MS = 15_000;
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

export function openEventStream(reply: FastifyReply): EventStream {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.write('retry: 1000\n\n');
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), HEARTBEAT_MS);
  raw.on('close', () => clearInterval(heartbeat));
  return {
    send(event, data) {
      if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
      else raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    onClose(listener) {
      raw.on('close', listener);
    },
  };
}
