import { Injectable } from '@nestjs/common';
import { KeyRing, shortDigest } from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';
import { LimitStore } from './hot-store/limit-store.js';

/** A receiver as shared counters know it: by digests. */
@Injectable()
export class ReceiverCounters {
  constructor(
    private readonly store: LimitStore,
    private readonly keyRing: KeyRing,
  ) {}

  /** Takes it out of this tenant's counters. `refs`: its names in the journal, which detectors go by. */
  async forget(tenantId: Identifier, canonical: string, refs: readonly string[]): Promise<void> {
    const counted = shortDigest(this.keyRing.installationKey, ['counted-receiver', canonical]);
    await this.store.forget(`{lim:${tenantId}}:`, counted, refs);
  }
}
