// Stands between a provider and our webhooks, and can be down, or lose the answers of what it has passed on.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';

export class Relay {
  mode: 'pass' | 'down' | 'lose-answers' = 'pass';
  /** Posts that came while it was down, were passed on, and were passed on without their answer. */
  readonly counts = { down: 0, passed: 0, lost: 0 };
  private server!: Server;

  private constructor(private readonly target: string) {}

  static async start(target: string): Promise<Relay> {
    const relay = new Relay(target);
    relay.server = createServer((incoming, outgoing) => {
      void buffer(incoming).then(async (body) => {
        if (relay.mode === 'down') {
          relay.counts.down++;
          return void outgoing.socket?.resetAndDestroy();
        }
        const lose = relay.mode === 'lose-answers' && incoming.method === 'POST';
        const { 'x-hub-signature-256': proof } = incoming.headers;
        const answer = await request(relay.target + incoming.url, {
          method: incoming.method as 'POST',
          headers: {
            'content-type': 'application/json',
            ...(typeof proof === 'string' && { 'x-hub-signature-256': proof }),
          },
          body: incoming.method === 'GET' ? undefined : body,
        });
        const text = await answer.body.text();
        if (incoming.method === 'POST') relay.counts[lose ? 'lost' : 'passed']++;
        if (lose) outgoing.socket?.resetAndDestroy();
        else outgoing.writeHead(answer.statusCode, { 'content-type': 'text/plain' }).end(text);
      });
    });
    await new Promise<void>((resolve) => relay.server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
