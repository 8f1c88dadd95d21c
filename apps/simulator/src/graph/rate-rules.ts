// Owns Graph's two sending rates, off unless behaviour switches them on: messages
// a second per sender (130429) and one message per 6 s to one receiver with a
// burst of 45 (131056).

import { Injectable } from '@nestjs/common';
import { BehaviorSwitch } from '../core/behavior.js';
import { Clock } from '../core/clock.js';
import { messagingError } from './graph-error.js';

const PAIR_INTERVAL_MS = 6_000;
const PAIR_BURST = 45;
const PAIRS_REMEMBERED = 100_000;

@Injectable()
export class RateRules {
  private readonly seconds = new Map<string, { second: number; count: number }>();
  /** When the allowance of a pair is full again. */
  private readonly pairs = new Map<string, number>();

  constructor(
    private readonly behavior: BehaviorSwitch,
    private readonly clock: Clock,
  ) {}

  check(phoneNumberId: string, to: string): void {
    const { perSenderPerSecond, pair } = this.behavior.current.rates;
    if (perSenderPerSecond > 0) this.countSecond(phoneNumberId, perSenderPerSecond);
    if (pair) this.countPair(`${phoneNumberId} ${to}`);
  }

  private countSecond(phoneNumberId: string, allowed: number): void {
    const second = Math.floor(this.clock.now() / 1_000);
    const known = this.seconds.get(phoneNumberId);
    const count = known?.second === second ? known.count : 0;
    if (count >= allowed) {
      throw messagingError(130429, 'Cloud API message throughput has been reached.');
    }
    this.seconds.set(phoneNumberId, { second, count: count + 1 });
  }

  private countPair(key: string): void {
    const now = this.clock.now();
    const full = Math.max(now, this.pairs.get(key) ?? 0) + PAIR_INTERVAL_MS;
    if (full - now > PAIR_BURST * PAIR_INTERVAL_MS) {
      throw messagingError(
        131056,
        'Too many messages sent from this phone number to the same recipient in a short period of time.',
      );
    }
    if (this.pairs.size >= PAIRS_REMEMBERED) this.pairs.clear();
    this.pairs.set(key, full);
  }
}
