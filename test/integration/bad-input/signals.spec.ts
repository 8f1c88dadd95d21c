import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type House, openHouse, until } from '../../support/house.js';
import { freePort, startBuilt } from '../../support/processes.js';
import { launch, pause, within } from './launched.js';

describe('FI-41 signals', () => {
  let house: House;
  /** How long a boot takes on this machine now, so that a share of it is a moment within it. */
  let bootMs: number;
  beforeAll(async () => {
    house = await openHouse({ worker: false });
    const from = performance.now();
    const [api, worker] = await Promise.all([
      startBuilt('api', house.environment),
      startBuilt('worker', house.environment),
    ]);
    bootMs = performance.now() - from;
    await Promise.all([api.kill(), worker.kill()]);
  });
  afterAll(() => house.close());

  // Two at a time, as many as there are cores where this runs.
  it('a second one ends at once what drains after the first', async () => {
    const end = async (first: NodeJS.Signals, second: NodeJS.Signals): Promise<void> => {
      const running = await startBuilt('api', { ...house.environment, SHUTDOWN_DELAY_MS: '30000' });
      const ended = once(running.child, 'exit');
      running.child.kill(first);
      await until(
        () => ask('GET', `${running.url}/health/ready`),
        (answer) => answer.status === 503,
        2_000,
      );
      expect(running.child.exitCode).toBeNull();
      running.child.kill(second);
      expect((await within(1_000, ended))[0]).toBe(130);
    };
    await Promise.all([end('SIGTERM', 'SIGTERM'), end('SIGINT', 'SIGTERM')]);
  });

  it('a single one ends a process in good order', async () => {
    const end = async (app: 'api' | 'worker', signal: NodeJS.Signals): Promise<void> => {
      const running = await startBuilt(app, house.environment);
      const ended = once(running.child, 'exit');
      running.child.kill(signal);
      expect((await within(5_000, ended))[0], running.output()).toBe(0);
    };
    await Promise.all([end('api', 'SIGTERM'), end('worker', 'SIGINT')]);
  }, 60_000);

  it('a caller who is being answered, and then keeps its connection, does not hold the end up', async () => {
    const running = await startBuilt('api', house.environment);
    const { host, hostname, port } = new URL(running.url);
    const caller = connect(Number(port), hostname);
    const body = '{"code":"000000"}';
    caller.write(
      `POST /v1/challenges/chl_${'0'.repeat(26)}/check HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${house.demo.apiKey}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await pause(200);
    const ended = once(running.child, 'exit');
    running.child.kill('SIGTERM');
    await pause(1_000);
    expect(running.child.exitCode).toBeNull();
    const answered = once(caller, 'data');
    caller.write(body.slice(5));
    expect(String((await within(2_000, answered))[0])).toMatch(/^HTTP\/1\.1 404 /);
    expect((await within(5_000, ended))[0], running.output()).toBe(0);
  });

  it.each([0.1, 0.5, 0.75, 0.9, 0.98])(
    'SIGTERM after %d of the boot ends it, and leaves nothing begun',
    async (share) => {
      const keys = await lasting();
      const end = async (app: 'api' | 'worker'): Promise<void> => {
        const { child, ended } = launch(app, house.environment);
        await pause(share * bootMs);
        child.kill('SIGTERM');
        const { code, signal, stderr } = await within(5_000, ended);
        // Before its first line it has no handler yet, and the signal itself ends it.
        expect(code === 0 || signal === 'SIGTERM', `${app}: ${code} ${signal}`).toBe(true);
        expect(stderr).toBe('');
      };
      await Promise.all([end('api'), end('worker')]);
      expect(await lasting()).toEqual(keys);
    },
  );

  it('while it waits for a Redis that is not there, they end it too', async () => {
    const end = async (app: 'api' | 'worker', signal: NodeJS.Signals): Promise<void> => {
      const nowhere = `redis://127.0.0.1:${await freePort()}`;
      const { child, written, ended } = launch(app, {
        ...house.environment,
        LOG_LEVEL: 'info',
        REDIS_URL: nowhere,
      });
      await until(
        () => Promise.resolve(written()),
        (text) => text.includes('Redis connection trouble'),
        // Two processes boot beside the rest of the suite.
        40_000,
      );
      expect(child.exitCode).toBeNull();
      child.kill(signal);
      expect((await within(1_000, ended)).code).toBe(0);
    };
    await Promise.all([end('api', 'SIGTERM'), end('worker', 'SIGINT')]);
  });

  /** Without what names a process while it lives, and what the queues keep about themselves. */
  async function lasting(): Promise<string[]> {
    return (await house.redis.keys('*')).filter((key) => !/ready|lease|alive|^\{q-/.test(key)).sort();
  }
});
