// A provider's server that does what a test tells it to, on a real socket: answers, silence, cuts, drips and floods.
// It knows nothing of any provider.
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface ReceivedRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What happens to a request once it has been read to its end. */
export type Play = (response: ServerResponse, request: ReceivedRequest) => void;

const DRIP_MS = 20;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

export class ScriptedServer {
  readonly received: ReceivedRequest[] = [];
  /** However far they got: one that was cut before a request counts. */
  connections = 0;
  /** Bytes of flooded answers that were taken over by a socket. */
  floodedBytes = 0;
  private play: Play = json(500, { error: 'nobody told me what to do' });

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedServer> {
    const server = createServer();
    const scripted = new ScriptedServer(server);
    server.on('connection', () => void scripted.connections++);
    server.on('request', (incoming, response) => {
      // A cut while the request is being read is the client's doing; there is nobody left to answer.
      buffer(incoming).then(
        (body) => {
          const { method = '', url = '', headers } = incoming;
          const request = { method, url, headers, body: body.toString() };
          scripted.received.push(request);
          scripted.play(response, request);
        },
        () => undefined,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return scripted;
  }

  /** Without a trailing slash. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on, for every request. */
  will(play: Play): void {
    this.play = play;
  }

  /** An answer that goes on for as long as somebody takes it, `upToBytes` at most. */
  flood(upToBytes = Infinity): Play {
    return (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"padding":"');
      const more = (): void => {
        while (!response.destroyed && this.floodedBytes < upToBytes) {
          this.floodedBytes += CHUNK.length;
          if (!response.write(CHUNK)) return void response.once('drain', more);
        }
        response.end('"}');
      };
      more();
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Play {
  return text(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

export function text(status: number, body: string, headers: Record<string, string> = {}): Play {
  return (response) => void response.writeHead(status, headers).end(body);
}

/** The request is taken, and that was that. */
export const silence: Play = () => undefined;

/** RST, after the request has been read: nobody can say what became of it. */
export const reset: Play = (response) => void response.socket?.resetAndDestroy();

/** The connection ends in order, without an answer. */
export const hangUp: Play = (response) => void response.socket?.end();

/** Bytes as they are, in place of an answer. */
export function raw(bytes: string): Play {
  return (response) => void response.socket?.end(bytes);
}

/** The answer stops in the middle of its body. */
export function cutShort(status: number, body: string): Play {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
    response.write(body.slice(0, body.length / 2), () => response.socket?.resetAndDestroy());
  };
}

/** Slow-loris: never idle for long, never done. */
export const dripBody: Play = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  drip(response, (character) => response.write(character));
};

export const dripHeaders: Play = (response) => {
  response.socket?.write('HTTP/1.1 200 OK\r\nX-Slow: ');
  drip(response, (character) => response.socket?.write(character));
};

function drip(response: ServerResponse, write: (character: string) => unknown): void {
  const timer = setInterval(() => {
    if (response.socket === null || response.socket.destroyed) clearInterval(timer);
    else write('a');
  }, DRIP_MS);
}

/** An address at which nobody listens: its port was free a moment ago. */
export async function closedAddress(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
