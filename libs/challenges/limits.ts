import type { ReceiverLimits } from './hot-store/hot-store.js';

/** The limits a challenge is opened under, by the mode of the key that asks. */
export interface LimitProfile {
  /** What its receiver may be sent. Undefined: neither counted nor limited, and no record is kept. */
  receiver: ReceiverLimits | undefined;
  /** Whether the generator's cool-downs hold (FR-01). */
  coolDown: boolean;
  /** Whether the generator's most messages per challenge holds (FR-01). */
  maxMessages: boolean;
}

const DAY_SECONDS = 86_400;

const LIVE: LimitProfile = {
  receiver: {
    windows: [
      { limit: 3, seconds: 600 },
      { limit: 5, seconds: 3_600 },
      { limit: 10, seconds: DAY_SECONDS },
    ],
    platform: { limit: 20, seconds: DAY_SECONDS },
    unsolicited: { limit: 5, seconds: DAY_SECONDS },
  },
  coolDown: true,
  maxMessages: true,
};

/** Suites and benches must not meet fraud limits: test keys reach simulator accounts only. */
const TEST: LimitProfile = { receiver: undefined, coolDown: false, maxMessages: false };

export function limitsFor(mode: 'live' | 'test'): LimitProfile {
  return mode === 'test' ? TEST : LIVE;
}
