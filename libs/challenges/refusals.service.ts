import { Injectable } from '@nestjs/common';
import type { PublishedGenerator } from '#generators';
import type { Channel } from '#providers';
import type { Principal } from '#tenants';
import type { ErrorCode } from '#platform/errors';
import { type Identifier, newChallengeId } from '#platform/identifiers';
import { Partitions } from '#platform/partitions';
import { readWritten } from './addresses.js';
import type { Purpose } from './challenge.js';
import { LETTER_OF_CHANNEL } from './channel-letters.js';
import { CodeVault } from './code-vault.js';
import { HotStore } from './hot-store/hot-store.js';

export interface RefusedRequest {
  generator: PublishedGenerator;
  /** As the caller wrote it. */
  receiver: string;
  channel?: string;
  purpose?: Purpose;
}

/** Refusals of these rooms are about a receiver; what is wrong with a request is told to its caller only. */
const JOURNALLED = /^(limit|receiver|switch|budget)\./;

/**
 * Writes down what was refused before a script was asked (FR-18): the same entry that the scripts write, so that
 * one list shows every refusal of a receiver.
 */
@Injectable()
export class RefusalsService {
  constructor(
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly partitions: Partitions,
  ) {}

  /** `live`: the challenge that was to be sent again. A receiver without a canonical form has no history to be in. */
  async note(
    { tenantId, mode }: Principal,
    request: RefusedRequest,
    code: ErrorCode,
    live?: Identifier,
  ): Promise<void> {
    const to = JOURNALLED.test(code) ? readWritten(request.receiver) : undefined;
    if (!to) return;
    const { generator, purpose } = request;
    const channel = request.channel ?? generator.plan[0]!.channel;
    // Never the operation's id: the same request may be granted later, under that one.
    const id = live ?? newChallengeId(this.partitions.locate(to.canonical).partition);
    const sealed = this.vault.sealReceiver(tenantId, id, to.address);
    await this.hotStore.journalRefusal(id, tenantId, reasonOf(code), {
      g: `${generator.id}:${generator.version}`,
      k: 'c',
      r: this.vault.receiverRef(tenantId, to.canonical),
      sr: Object.values(sealed).join(''),
      ch: LETTER_OF_CHANNEL[channel as Channel],
      ...(purpose && purpose !== 'authentication' && { p: purpose }),
      ...(mode === 'test' && { y: mode }),
      ...(to.country && { cc: to.country }),
      px: this.vault.prefixDigest(to.canonical),
    });
  }
}

/** A refusal as the journal names it: `limit.budget` → `budget`. */
export function reasonOf(code: ErrorCode): string {
  return code.slice(code.indexOf('.') + 1);
}
