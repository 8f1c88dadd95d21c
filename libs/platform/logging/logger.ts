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
export function loggerFor(part: string): Pick<Logger, (typeof LEVELS)[number]> {
  let parent = root;
  let child = root.child({ part });
  const current = (): Logger => {
    if (parent !== root) [parent, child] = [root, root.child({ part })];
    return child;
  };
  const methods = LEVELS.map((level) => [
    level,
    (fields: object, message: string) => current()[level](fields, message),
  ]);
  return Object.fromEntries(methods) as Pick<Logger, (typeof LEVELS)[number]>;
}
const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

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
