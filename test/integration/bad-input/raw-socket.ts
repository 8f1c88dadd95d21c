// Bytes on a socket, for what no HTTP client would send.
import { connect, type Socket } from 'node:net';

export interface Heard {
  /** Everything the server wrote. */
  text: string;
  /** Whether the server ended the connection. */
  closed: boolean;
}

/** Writes `bytes` and listens until the server closes, `enough` says so, or time is over. */
export function speak(
  url: string,
  bytes: string | Buffer,
  { enough = () => false, waitMs = 2_000 }: { enough?: (text: string) => boolean; waitMs?: number } = {},
): Promise<Heard> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname);
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (enough(text)) finish(false);
    });
    socket.on('close', () => finish(true));
    // The server may close while we are still writing; what it said before is what counts.
    socket.on('error', () => undefined);
    socket.write(bytes);
  });
}

/** A connection that says nothing by itself. */
export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

export interface HeardAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- specs reach into answers of every shape
  json: any;
}

/** The last complete answer in what was heard, e.g. the one after `100 Continue`. */
export function lastAnswer(heard: Heard): HeardAnswer {
  const start = heard.text.lastIndexOf('HTTP/1.1 ');
  const [head = '', ...rest] = heard.text.slice(start).split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const text = rest.join('\r\n\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, text, json: parse(text) };
}

/** True once an answer with its whole body is there. */
export function answered(text: string): boolean {
  const end = text.indexOf('\r\n\r\n', text.lastIndexOf('HTTP/1.1 '));
  const length = /content-length: (\d+)/i.exec(text.slice(text.lastIndexOf('HTTP/1.1 ')))?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
