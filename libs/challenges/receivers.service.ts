import { Injectable } from '@nestjs/common';
import type { Principal } from '#tenants';
import { newChallengeId } from '#platform/identifiers';
import type { CanonicalReceiver } from '#platform/phone';
import type { Purpose } from './challenge.js';
import { CodeVault } from './code-vault.js';
import { HotStore } from './hot-store/hot-store.js';
import { ReceiverAliases } from './receiver-aliases.js';

/** What a tenant may decide about a receiver, rather than about one of its challenges. */
@Injectable()
export class ReceiversService {
  constructor(
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly aliases: ReceiverAliases,
  ) {}

  /**
   * The tenant has bound this receiver to its owner anew, by other means than a code: what counts in a row begins
   * again. Journalled. Returns the wrong answers in a row there were.
   */
  async unblock(caller: Principal, to: CanonicalReceiver, purpose: Purpose): Promise<number> {
    const { partition, ref } = this.aliases.locate(caller.tenantId, to.canonical);
    return this.hotStore.unblock(newChallengeId(partition), caller, {
      limitName: ref,
      receiverRef: this.vault.receiverRef(caller.tenantId, to.canonical),
      purpose,
    });
  }
}
