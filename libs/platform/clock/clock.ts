import { Injectable } from '@nestjs/common';
import { Config } from '#platform/config';

/**
 * Wall time of this process plus the test offset. Expiry and limits never use it: the Lua scripts read
 * Redis `TIME` and add the same `offsetMs`, so that skewed application clocks cannot disagree about a life.
 */
@Injectable()
export class Clock {
  /** Milliseconds added to every reading; 0 outside tests (boot refuses anything else). */
  offsetMs: number;

  constructor(config: Config) {
    this.offsetMs = config.clockOffsetMs;
  }

  /** Epoch milliseconds. */
  now(): number {
    return Date.now() + this.offsetMs;
  }

  date(): Date {
    return new Date(this.now());
  }
}
