import type { Window } from './hot-store/hot-store.js';

/** The limits a challenge is opened under, by the mode of the key that asks. */
export interface LimitProfile {
  /** Messages to one receiver of one tenant (FR-02). */
  receiver: readonly Window[];
  /** Whether the generator's cool-downs hold. */
  coolDown: boolean;
  /** Whether the generator's most messages per challenge holds. */
  maxMessages: boolean;
}

const LIVE: LimitProfile = {
  receiver: [
    { limit: 3, seconds: 600 },
    { limit: 5, seconds: 3_600 },
    { limit: 10, seconds: 86_400 },
  ],
  coolDown: true,
  maxMessages: true,
};

/** Suites and benches must not meet fraud limits: test keys reach simulator accounts only. */
const TEST: LimitProfile = { receiver: [], coolDown: false, maxMessages: false };

export function limitsFor(mode: 'live' | 'test'): LimitProfile {
  return mode === 'test' ? TEST : LIVE;
}
