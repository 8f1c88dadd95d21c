import { Injectable } from '@nestjs/common';
import type { Channel } from '#providers';
import type { Principal } from '#tenants';
import { constantTimeEqual } from '#platform/crypto';
import { Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import { ChallengesService } from '../challenges.service.js';
import { newOperation } from '../hot-store/hot-store.js';
import { InboundStore } from '../hot-store/inbound-store.js';
import { endedProblem } from '../opening-problems.js';
import { s256 } from '../pkce.js';
import { type Assurance, assuranceOf } from './assurance.js';
import { InboundRecords } from './inbound-records.js';

/** An approval that nobody fetched by then is worth nothing: its browser is gone. */
const WITHIN_MS = 60_000;

export interface Exchanged {
  status: 'pending' | 'approved';
  receivedAt?: number;
  /** In clear: who it was. Of an approval. */
  receiver?: string;
  channel?: Channel;
  assurance?: Assurance;
}

/** Hands an approval to the browser that asked for it, which proves itself by its secret (RFC 7636). */
@Injectable()
export class InboundExchanges {
  constructor(
    private readonly store: InboundStore,
    private readonly records: InboundRecords,
    private readonly challenges: ChallengesService,
  ) {}

  async exchange(
    caller: Principal,
    id: Identifier,
    codeVerifier: string,
    operation = newOperation(),
  ): Promise<{ exchanged: Exchanged } | { refused: Problem }> {
    const record = await this.records.read(caller.tenantId, id);
    if (!record?.pkce) return { refused: await this.withoutSecret(caller, id) };
    const digest = s256(codeVerifier);
    if (!constantTimeEqual(digest, record.pkce)) return { refused: new Problem('exchange.not_accepted') };
    const { verdict, state, why } = await this.store.exchange(id, caller.tenantId, operation, WITHIN_MS);
    const { received } = record.challenge;
    switch (verdict) {
      case 'unknown':
        return { refused: new Problem('challenge.not_found') };
      case 'ended':
        return { refused: endedProblem(state, why) };
      case 'pending':
        return { exchanged: { status: 'pending', receivedAt: received?.at } };
      case 'exchanged':
        return {
          exchanged: {
            status: 'approved',
            receivedAt: received!.at,
            receiver: this.challenges.receiverOf(record.challenge),
            channel: received!.channel,
            assurance: assuranceOf(received!.channel),
          },
        };
    }
  }

  private async withoutSecret(caller: Principal, id: Identifier): Promise<Problem> {
    const found = await this.challenges.find(caller, id);
    return new Problem(found ? 'challenge.other_kind' : 'challenge.not_found');
  }
}
