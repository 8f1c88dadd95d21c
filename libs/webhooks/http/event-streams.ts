import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { KeyStore } from '#tenants';
import { Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import { describeError, loggerFor } from '#platform/logging';
import { EventRenderer } from '../outbound/event-renderer.js';
import { EventStore } from '../outbound/event-store.js';

export interface StreamWish {
  tenantId: Identifier;
  /** The credentials it was opened with: it ends when they do. */
  header: string;
  from: string;
  types?: readonly string[];
}

interface Stream extends StreamWish {
  reply: FastifyReply;
  /** Nothing is read for a reader that has not taken what it was sent. */
  full: boolean;
}

const LOOK_MS = 500;
const HEARTBEAT_MS = 15_000;
const MOST_STREAMS = 200;
const MOST_OF_TENANT = 10;
const PAGE = 100;
/** What a browser waits before it connects again, ms. */
const RETRY_MS = 2_000;

/** Server-sent events. One look at where the events end serves all streams of this process. */
@Injectable()
export class EventStreams implements OnModuleDestroy {
  private readonly logger = loggerFor('event-streams');
  private readonly streams = new Set<Stream>();
  private timer: NodeJS.Timeout | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly events: EventStore,
    private readonly renderer: EventRenderer,
    private readonly keys: KeyStore,
  ) {}

  /** Throws when there are too many. The reply is this stream's from here on. */
  open(reply: FastifyReply, wish: StreamWish): void {
    const own = [...this.streams].filter(({ tenantId }) => tenantId === wish.tenantId).length;
    if (this.stopped || own >= MOST_OF_TENANT || this.streams.size >= MOST_STREAMS)
      throw new Problem('event.stream_limit', { retryAfterSeconds: 5 });
    const stream: Stream = { ...wish, reply, full: false };
    begin(reply);
    this.streams.add(stream);
    reply.raw.on('close', () => this.streams.delete(stream));
    reply.raw.on('drain', () => (stream.full = false));
    reply.raw.write(`retry: ${RETRY_MS}\n\n`);
    this.start();
  }

  /** Before the server waits for its connections to end. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.heartbeat);
    await this.looking;
    for (const { reply } of this.streams) reply.raw.end();
  }

  private start(): void {
    if (this.timer !== undefined) return;
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
    this.heartbeat.unref();
    this.schedule();
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.looking = this.look()
        .catch((error: unknown) => this.logger.debug({ error: describeError(error) }, 'events not read'))
        .finally(() => this.schedule());
    }, LOOK_MS);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    if (this.streams.size === 0) return;
    this.endRevoked();
    const end = await this.events.end();
    const behind = [...this.streams].filter(({ from, full }) => !full && BigInt(from) < BigInt(end));
    await Promise.all(behind.map((stream) => this.send(stream, end)));
  }

  private async send(stream: Stream, end: string): Promise<void> {
    const { tenantId, from: after, types } = stream;
    const { events, next, more } = await this.events.page(tenantId, { after, types, limit: PAGE });
    const told = await this.renderer.render(events);
    for (const [at, event] of told.entries()) {
      const { position } = events[at]!;
      const text = `id: ${position}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
      if (!stream.reply.raw.write(text)) stream.full = true;
    }
    // All of this tenant's up to where all events ended were seen.
    stream.from = more || BigInt(next) > BigInt(end) ? next : end;
  }

  /** A reader that takes nothing for that long is gone, whatever its socket says. */
  private beat(): void {
    for (const { reply, full } of this.streams) {
      if (full) reply.raw.destroy();
      else reply.raw.write(': \n\n');
    }
  }

  private endRevoked(): void {
    for (const stream of this.streams) {
      if (this.keys.remembered(stream.header)) continue;
      const text = stream.header.replace(/^Bearer /i, '');
      this.keys.verify(stream.header, text).then(
        (principal) => {
          if (principal?.tenantId !== stream.tenantId || !principal.scopes.has('events:read'))
            stream.reply.raw.end();
        },
        // Redis is away: as long as nobody can say that the key has ended, it has not.
        () => undefined,
      );
    }
  }
}

function begin(reply: FastifyReply): void {
  // What the hooks have set so far goes with it.
  const headers = reply.getHeaders();
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(headers as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  });
}
