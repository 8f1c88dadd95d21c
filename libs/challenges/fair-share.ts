import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import type { Identifier } from '#platform/identifiers';

/** Messages of one tenant that this process puts straight into a queue, and how many a second it forgets. */
const SHARE = 100;
const SHARE_PER_SECOND = 100;
/** The queue's own bound. */
const LOWEST_PRIORITY = 2 ** 21;

interface Use {
  level: number;
  at: number;
}

/**
 * Keeps one tenant's burst from delaying another's messages. A tenant's first hundred, refilled at a hundred a second,
 * stand in the ordinary line. What it adds beyond that stands behind everybody's ordinary messages, and the further
 * back the more it is; with nobody else waiting it is worked off as fast. See decision 11.
 */
@Injectable()
export class FairShare {
  private readonly uses = new Map<Identifier, Use>();

  constructor(private readonly clock: Clock) {}

  /** The priority of this tenant's next message: 0 is the ordinary line, then 1, 2, … further back. */
  take(tenantId: Identifier): number {
    const now = this.clock.now();
    let use = this.uses.get(tenantId);
    if (!use) this.uses.set(tenantId, (use = { level: 0, at: now }));
    const forgotten = (Math.max(0, now - use.at) * SHARE_PER_SECOND) / 1_000;
    use.level = Math.max(0, use.level - forgotten) + 1;
    use.at = now;
    return use.level <= SHARE ? 0 : Math.min(LOWEST_PRIORITY, Math.ceil((use.level - SHARE) / SHARE));
  }
}
