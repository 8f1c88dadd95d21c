import type { ReceiverLimits as TenantLimits } from '#limits';
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
/** Messages since the last right answer (STD-10). It lapses with the day, so that nobody is shut out for good. */
const UNSOLICITED = { limit: 5, seconds: DAY_SECONDS };

/** Suites and benches must not meet fraud limits: test keys reach simulator accounts only. */
export const UNLIMITED: LimitProfile = { receiver: undefined, coolDown: false, maxMessages: false };

/** A tenant's limits as the scripts take them. */
export function profileOf(mode: 'live' | 'test', limits: TenantLimits): LimitProfile {
  if (mode === 'test') return UNLIMITED;
  const [platform] = limits.platform;
  return {
    receiver: {
      windows: limits.receiver,
      windowsInShadow: limits.receiverInShadow,
      platform: platform ?? NO_WINDOW,
      unsolicited: UNSOLICITED,
    },
    coolDown: limits.coolDown,
    maxMessages: limits.maxMessages,
  };
}

/** More than a record can hold: it never fills. */
const NO_WINDOW = { limit: 255, seconds: DAY_SECONDS };
