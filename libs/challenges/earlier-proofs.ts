import { Injectable } from '@nestjs/common';
import { needsVerifiedNumber, type PublishedGenerator } from '#generators';
import { RetiredKey } from '#platform/crypto';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative } from '#platform/identifiers';
import { Clock } from '#platform/clock';
import { parseAddress, readReceiver } from './addresses.js';
import { fromRecord, type Purpose } from './challenge.js';
import { CodeVault } from './code-vault.js';
import { HotStore } from './hot-store/hot-store.js';

/** What a request asks to be believed because of an earlier challenge. */
export interface Claims {
  generator: PublishedGenerator;
  purpose: Purpose;
  channel: string;
  partition: number;
  /** `<tenant>:<receiver>`. */
  receiverName: string;
  replaces?: string;
  provenBy?: string;
}

const PROOF_MS = 300_000;

/** Looks at earlier challenges where a profile wants one: a number verified before, a change proven with the old factor. */
@Injectable()
export class EarlierProofs {
  constructor(
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly clock: Clock,
  ) {}

  /** Nothing to look up for most requests, and then no promise is made. */
  needed({ generator, purpose, channel, provenBy }: Omit<Claims, 'partition' | 'receiverName'>): boolean {
    return provenBy !== undefined || needsVerifiedNumber(generator, purpose, channel);
  }

  async refusal(tenantId: Identifier, claims: Claims): Promise<Problem | undefined> {
    const { generator, purpose, channel, partition, receiverName, replaces, provenBy } = claims;
    if (
      needsVerifiedNumber(generator, purpose, channel) &&
      !(await this.hotStore.isVerified(partition, receiverName))
    )
      return new Problem('receiver.not_verified');
    if (provenBy !== undefined && !(await this.proves(tenantId, provenBy, replaces!)))
      return new Problem('challenge.proof_not_accepted');
    return undefined;
  }

  /** An approved challenge of this tenant for the old receiver, not older than five minutes (STD-36). */
  private async proves(tenantId: Identifier, provenBy: string, replaces: string): Promise<boolean> {
    const id = parseNative('challenge', provenBy);
    const old = parseAddress(replaces);
    if (!id || typeof old === 'string') return false;
    const record = await this.hotStore.read(id, tenantId);
    if (!record) return false;
    const { state, endedAt, sealedReceiver } = fromRecord(id, record);
    if (state !== 'approved' || sealedReceiver === '' || this.clock.now() - endedAt! > PROOF_MS) return false;
    try {
      return readReceiver(this.vault.openReceiver(tenantId, id, sealedReceiver)).canonical === old.canonical;
    } catch (error) {
      if (error instanceof RetiredKey) return false;
      throw error;
    }
  }
}
