import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { BootRefused } from '#platform/config';
import { describeError, loggerFor } from '#platform/logging';

/** Longer than any drain we promise: a process that is still there after this is stuck. */
const FORCED_EXIT_MS = 40_000;
const CLOSE_IDLE_EVERY_MS = 100;
const logger = loggerFor('lifecycle');

/**
 * Runs a process from boot to exit: refuses with one clear line, drains on SIGTERM or SIGINT, leaves at once on
 * the second signal, and follows its launcher when that dies.
 */
export async function runProcess(name: string, start: () => Promise<Draining>): Promise<void> {
  let app: Draining | undefined;
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(signal === 'disconnect' ? 0 : 130);
    stopping = true;
    setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref();
    logger.info({ signal }, 'stopping');
    // During boot there is nothing to drain yet: nothing was accepted.
    if (!app) process.exit(0);
    app.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error: describeError(error) }, 'drain failed');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  process.on('disconnect', () => stop('disconnect'));
  process.on('unhandledRejection', (error) =>
    logger.error({ error: describeError(error) }, 'unhandled rejection'),
  );
  process.on('uncaughtException', (error) => {
    logger.fatal({ error: describeError(error) }, 'uncaught exception');
    process.exit(1);
  });
  try {
    app = await start();
  } catch (error) {
    process.stderr.write(
      `${error instanceof BootRefused ? error.message : `${name} could not start: ${(error as Error).stack ?? String(error)}`}\n`,
    );
    process.exit(1);
  }
}

export interface Draining {
  /** Stops accepting, finishes what runs, closes everything. */
  drain(): Promise<void>;
}

/** The usual drain: not ready, wait until the load balancer noticed, close. */
export async function drainApp(app: INestApplication, announce: () => void, delayMs: number): Promise<void> {
  announce();
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  const server = app.getHttpServer() as Server;
  // The server closes the connections that are idle when it begins to close. One whose request was still being answered
  // becomes idle after that, and would be waited for as long as its caller likes to keep it.
  const closing = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
  await app.close().finally(() => clearInterval(closing));
}
