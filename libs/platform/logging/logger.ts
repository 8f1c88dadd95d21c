import type { LoggerService } from '@nestjs/common';
import { pino, type Logger as PinoLogger } from 'pino';

/**
 * JSON lines on stdout. Callers pass named fields, each of which they chose: there is no place where a body,
 * a header or a job is logged whole, so that codes and numbers cannot slip in (STD-30, SEC-12).
 */
export type Logger = PinoLogger;

let root: Logger = pino({ level: 'info', base: undefined });

/** Sets level and process name; called once by each `main.ts`. */
export function configureLogging(level: string, processName: string): void {
  root = pino({ level, base: { process: processName }, timestamp: pino.stdTimeFunctions.isoTime });
}

/**
 * A logger that names the part of the service it speaks for. Resolved at each call, because modules are
 * loaded (and take their logger) before `configureLogging` knows the level.
 */
export function loggerFor(part: string): Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'> {
  let parent = root;
  let child = root.child({ part });
  const current = (): Logger => {
    if (parent !== root) [parent, child] = [root, root.child({ part })];
    return child;
  };
  return {
    get debug() {
      const logger = current();
      return logger.debug.bind(logger);
    },
    get info() {
      const logger = current();
      return logger.info.bind(logger);
    },
    get warn() {
      const logger = current();
      return logger.warn.bind(logger);
    },
    get error() {
      const logger = current();
      return logger.error.bind(logger);
    },
    get fatal() {
      const logger = current();
      return logger.fatal.bind(logger);
    },
  };
}

/** What may be said of an unknown error: its class, code and message of our own errors; never its properties. */
export function describeError(error: unknown): {
  type: string;
  code?: string;
  message?: string;
  stack?: string;
} {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as { code?: unknown }).code;
  return {
    type: error.constructor.name,
    code: typeof code === 'string' ? code : undefined,
    message: error.message.slice(0, 200),
    stack: error.stack
      ?.split('\n')
      .slice(1, 6)
      .map((line) => line.trim())
      .join(' | '),
  };
}

/** Nest's own messages, through pino. */
export class NestLogger implements LoggerService {
  private readonly logger = loggerFor('nest');
  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  error(message: unknown, stack?: string, context?: string): void {
    this.logger.error({ context, stack: stack?.slice(0, 2000) }, String(message));
  }
  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
}
