import {
  type CanActivate,
  type CustomDecorator,
  type ExecutionContext,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  SetMetadata,
} from '@nestjs/common';
import { Config } from '#platform/config';
import { Problem } from '#platform/errors';
import { loggerFor } from '#platform/logging';

const SAMPLE_MS = 50;
/** Weight of the newest sample: one long pause is not load, several in a row are. */
const NEWEST = 0.3;
const RETRY_AFTER_SECONDS = 1;
const LOG_EVERY_MS = 5_000;
const SHEDDABLE = 'countersign:sheddable';

/**
 * The route is refused while the process is overloaded: at its limits, or at `upTo` times them. What starts
 * something new goes first; what finishes something, such as a check, is let through twice as far.
 */
export const Sheddable = ({ upTo = 1 } = {}): CustomDecorator => SetMetadata(SHEDDABLE, upTo);

/**
 * Keeps a process that gets more than it can do answering in time: above MAX_LOOP_LAG_MS of event-loop lag or
 * MAX_IN_FLIGHT requests, sends get 503 at once, before any work. On the hot path this is a look-up and two comparisons.
 */
@Injectable()
export class LoadShedder implements CanActivate, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = loggerFor('load-shedder');
  private readonly limits = new WeakMap<object, number>();
  private inFlight = 0;
  private lagMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private loggedAt = -Infinity;

  constructor(private readonly config: Config) {}

  onApplicationBootstrap(): void {
    let expected = performance.now() + SAMPLE_MS;
    this.timer = setInterval(() => {
      const now = performance.now();
      this.lagMs += (Math.max(0, now - expected) - this.lagMs) * NEWEST;
      expected = now + SAMPLE_MS;
    }, SAMPLE_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** A request has come in. Each is followed by one `leave`. */
  enter(): void {
    this.inFlight++;
  }

  leave(): void {
    this.inFlight--;
  }

  canActivate(context: ExecutionContext): boolean {
    const upTo = this.limitOf(context.getHandler());
    const { maxLoopLagMs, maxInFlight } = this.config.http;
    if (this.lagMs <= maxLoopLagMs * upTo && this.inFlight <= maxInFlight * upTo) return true;
    this.report();
    throw new Problem('dependency.overloaded', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      members: { dependency: 'process' },
    });
  }

  /** Infinity for a route that is never shed. */
  private limitOf(handler: object): number {
    let limit = this.limits.get(handler);
    if (limit === undefined) {
      limit = (Reflect.getMetadata(SHEDDABLE, handler) as number | undefined) ?? Infinity;
      this.limits.set(handler, limit);
    }
    return limit;
  }

  private report(): void {
    const now = performance.now();
    if (now - this.loggedAt < LOG_EVERY_MS) return;
    this.loggedAt = now;
    this.logger.warn(
      { inFlight: this.inFlight, lagMs: Math.round(this.lagMs) },
      'more requests than this process can answer in time; sends are refused',
    );
  }
}
