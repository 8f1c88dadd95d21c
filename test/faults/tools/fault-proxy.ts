// A TCP proxy that misbehaves on demand; its modes are those of toxiproxy, and one that cuts at a chosen command.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Toxic =
  | { mode: 'latency'; ms: number; jitterMs?: number; random?: () => number; lossRate?: number }
  /** Refuses new connections and cuts those it has. */
  | { mode: 'down' }
  | { mode: 'bandwidth'; bytesPerSecond: number }
  /** Passes the end of a connection on so much later. */
  | { mode: 'slow_close'; ms: number }
  /** Swallows everything, and cuts after a while. */
  | { mode: 'timeout'; ms: number }
  | { mode: 'reset_peer'; afterMs: number }
  | { mode: 'slicer'; bytes: number }
  | { mode: 'limit_data'; bytes: number }
  /** The command that holds this text is done, and its reply lost with the connection. */
  | { mode: 'drop_reply'; command: string; times?: number }
  /**
   * From the command that holds this text on, nothing of this connection arrives: neither it nor its reply. `within`: in
   * a transaction that held this text before.
   */
  | { mode: 'swallow_from'; command: string; within?: string }
  /** As before, but the command itself still arrives. */
  | { mode: 'swallow_after'; command: string; within?: string };

interface Life {
  passed: number;
  swallowing: boolean;
  /** The transaction that is open held the text that was looked for. */
  within: boolean;
}

/** A lost packet comes again after TCP's least time-out. */
const RETRANSMIT_MS = 200;
/** The first reply may be that of an earlier command. */
const SETTLED_MS = 100;

export class FaultProxy {
  private toxic: Toxic | undefined;
  private readonly pairs = new Set<[Socket, Socket]>();
  /** How often a chosen command was met. */
  met = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  /** Stands before the server of this URL. */
  static async before(url: string, host = '127.0.0.1'): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new FaultProxy(server, new URL(url));
    server.on('connection', (client) => proxy.accept(client));
    server.listen(0, host);
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    const { address, port } = this.server.address() as { address: string; port: number };
    const url = new URL(this.target);
    url.hostname = address;
    url.port = String(port);
    return url.href;
  }

  set(toxic: Toxic): void {
    this.toxic = toxic;
    this.met = 0;
    if (toxic.mode === 'down') this.cut();
    if (toxic.mode === 'reset_peer') setTimeout(() => this.cut(), toxic.afterMs).unref();
    if (toxic.mode === 'timeout') setTimeout(() => this.cut(), toxic.ms).unref();
  }

  heal(): void {
    this.toxic = undefined;
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  /** RST on every connection. */
  private cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
    this.pairs.clear();
  }

  private accept(client: Socket): void {
    if (this.toxic?.mode === 'down') return void client.resetAndDestroy();
    const upstream = connect({
      host: this.target.hostname,
      port: Number(this.target.port),
      allowHalfOpen: true,
    });
    const pair: [Socket, Socket] = [client, upstream];
    this.pairs.add(pair);
    const life: Life = { passed: 0, swallowing: false, within: false };
    this.carry(client, upstream, pair, life, true);
    this.carry(upstream, client, pair, life, false);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  }

  private carry(from: Socket, to: Socket, pair: [Socket, Socket], life: Life, isRequest: boolean): void {
    let order = Promise.resolve();
    const inOrder = (work: () => Promise<void> | void): void => {
      order = order.then(work, work);
    };
    from.on('data', (chunk: Buffer) => {
      const arrivedAt = performance.now();
      inOrder(() => this.pass(chunk, arrivedAt, to, pair, life, isRequest));
    });
    from.on('end', () =>
      inOrder(async () => {
        if (this.toxic?.mode === 'slow_close') await sleep(this.toxic.ms);
        to.end();
      }),
    );
  }

  private async pass(
    chunk: Buffer,
    arrivedAt: number,
    to: Socket,
    pair: [Socket, Socket],
    life: Life,
    isRequest: boolean,
  ): Promise<void> {
    if (life.swallowing) return;
    const toxic = this.toxic;
    switch (toxic?.mode) {
      case undefined:
      case 'down':
      case 'reset_peer':
      case 'slow_close':
        return void to.write(chunk);
      case 'latency': {
        const { ms, jitterMs = 0, lossRate = 0, random = () => 0.5 } = toxic;
        const delayMs = ms + (random() * 2 - 1) * jitterMs + (random() < lossRate ? RETRANSMIT_MS : 0);
        // From its arrival: what came meanwhile is under way as well, as on a long wire.
        await sleep(Math.max(0, arrivedAt + delayMs - performance.now()));
        return void to.write(chunk);
      }
      case 'bandwidth':
        await sleep((chunk.length / toxic.bytesPerSecond) * 1_000);
        return void to.write(chunk);
      case 'timeout':
        return;
      case 'slicer':
        for (let at = 0; at < chunk.length; at += toxic.bytes) {
          to.write(chunk.subarray(at, at + toxic.bytes));
          await sleep(1);
        }
        return;
      case 'limit_data':
        life.passed += chunk.length;
        to.write(chunk.subarray(0, Math.max(0, chunk.length - Math.max(0, life.passed - toxic.bytes))));
        if (life.passed >= toxic.bytes) for (const socket of pair) socket.resetAndDestroy();
        return;
      case 'drop_reply':
        if (!isRequest || !chunk.includes(toxic.command) || this.met >= (toxic.times ?? 1))
          return void to.write(chunk);
        this.met++;
        life.swallowing = true;
        // Its reply arrives at `to` and goes no further; then both ends are told that the connection is gone.
        to.once('data', () => {
          setTimeout(() => pair.forEach((socket) => socket.resetAndDestroy()), SETTLED_MS).unref();
        });
        return void to.write(chunk);
      case 'swallow_from':
      case 'swallow_after':
        if (isRequest && toxic.within !== undefined) {
          if (chunk.includes('START TRANSACTION')) life.within = false;
          if (chunk.includes(toxic.within)) life.within = true;
        }
        if (isRequest && chunk.includes(toxic.command) && (toxic.within === undefined || life.within)) {
          this.met++;
          life.swallowing = true;
          if (toxic.mode === 'swallow_from') return;
        }
        return void to.write(chunk);
    }
  }
}
