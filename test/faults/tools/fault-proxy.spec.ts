import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultProxy } from './fault-proxy.js';

let server: Server;
let proxy: FaultProxy;
/** What arrived at the server. */
let arrived = '';

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      arrived += chunk.toString();
      socket.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  proxy = await FaultProxy.before(`tcp://127.0.0.1:${port}`);
});
afterEach(() => {
  proxy.heal();
  arrived = '';
});
afterAll(async () => {
  await proxy.close();
  server.close();
});

async function dial(): Promise<{ socket: Socket; read(): string; closed: Promise<unknown> }> {
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (text += chunk.toString()));
  // Not `once`: it rejects on the reset that is waited for.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([once(socket, 'connect'), closed]);
  return { socket, read: () => text, closed };
}

describe('the fault proxy', () => {
  it('passes everything on when nothing is set, and in slices the same', async () => {
    const { socket, read } = await dial();
    socket.write('one');
    await expect.poll(read).toBe('one');
    proxy.set({ mode: 'slicer', bytes: 1 });
    socket.write('two');
    await expect.poll(read).toBe('onetwo');
    proxy.set({ mode: 'latency', ms: 20, jitterMs: 10 });
    socket.write('three');
    await expect.poll(read).toBe('onetwothree');
    socket.destroy();
  });

  it('loses the reply of the chosen command, which is done, and the connection with it', async () => {
    proxy.set({ mode: 'drop_reply', command: 'EVALSHA' });
    const first = await dial();
    first.socket.write('PING');
    await expect.poll(first.read).toBe('PING');
    first.socket.write('EVALSHA');
    await first.closed;
    expect([arrived, first.read(), proxy.met]).toEqual(['PINGEVALSHA', 'PING', 1]);
    const second = await dial();
    second.socket.write('EVALSHA');
    await expect.poll(second.read).toBe('EVALSHA');
    second.socket.destroy();
  });

  it.each([
    ['swallow_from', 'A'],
    ['swallow_after', 'AB'],
  ] as const)('%s: silence from the chosen command on', async (mode, expected) => {
    proxy.set({ mode, command: 'B' });
    const { socket, read } = await dial();
    socket.write('A');
    await expect.poll(read).toBe('A');
    socket.write('B');
    await expect.poll(() => proxy.met).toBe(1);
    socket.write('C');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([arrived, read()]).toEqual([expected, 'A']);
    socket.destroy();
  });

  it('down: those it has are cut off, and nobody else is let in, until it is healed', async () => {
    const { closed } = await dial();
    proxy.set({ mode: 'down' });
    await closed;
    await (
      await dial().catch(() => undefined)
    )?.closed;
    proxy.heal();
    const { socket, read } = await dial();
    socket.write('back');
    await expect.poll(read).toBe('back');
    socket.destroy();
  });

  it('limit_data: cut off after so many bytes', async () => {
    proxy.set({ mode: 'limit_data', bytes: 4 });
    const { socket, closed } = await dial();
    socket.write('12345678');
    await closed;
    expect(arrived.length).toBeLessThanOrEqual(4);
  });

  it('timeout: swallows, then cuts', async () => {
    proxy.set({ mode: 'timeout', ms: 50 });
    const { socket, closed, read } = await dial();
    socket.write('lost');
    await closed;
    expect([arrived, read()]).toEqual(['', '']);
  });
});
