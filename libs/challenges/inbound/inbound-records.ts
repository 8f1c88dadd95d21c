import { Injectable } from '@nestjs/common';
import { GeneratorsService, type InboundOptions, type PublishedGenerator } from '#generators';
import { RetiredKey } from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';
import { type Challenge, fromRecord } from '../challenge.js';
import { type Asking, CodeVault, joinSealed } from '../code-vault.js';
import { HotStore } from '../hot-store/hot-store.js';

/** A live challenge of this kind, or one that ended not long ago, and what it was opened under. */
export interface InboundRecord {
  challenge: Challenge;
  generator: PublishedGenerator;
  options: InboundOptions;
  language: string;
  /** Digest of the secret that its browser keeps (RFC 7636, S256). */
  pkce?: string;
  /** What is said of the browser that asked. */
  asking: Asking;
  /** Epoch ms at which somebody wrote. */
  receivedAt?: number;
}

/** Reads what the scripts of this kind wrote. */
@Injectable()
export class InboundRecords {
  constructor(
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly generators: GeneratorsService,
  ) {}

  async read(tenantId: Identifier, id: Identifier): Promise<InboundRecord | undefined> {
    const record = await this.hotStore.read(id, tenantId);
    if (!record) return undefined;
    const challenge = fromRecord(id, record);
    const generator = await this.generators.loadVersion(record.get('g')!);
    if (!generator?.inbound) return undefined;
    return {
      challenge,
      generator,
      options: generator.inbound,
      language: challenge.language ?? generator.plan[0]!.language,
      pkce: record.get('pk'),
      asking: this.openAsking(tenantId, id, joinSealed(record, 'cx')),
      receivedAt: challenge.received?.at,
    };
  }

  /** For its page, whose address is proof enough. */
  async readPublic(id: Identifier): Promise<InboundRecord | undefined> {
    const tenantId = await this.hotStore.tenantOf(id);
    return tenantId === undefined ? undefined : this.read(tenantId, id);
  }

  /** The token in clear, while it can be sent; undefined when its key is gone. */
  async token({ tenantId, id }: Challenge): Promise<string | undefined> {
    const sealed = await this.hotStore.sealedCode(id);
    return sealed && opened(() => this.vault.openCode(tenantId, id, sealed));
  }

  private openAsking(tenantId: Identifier, id: Identifier, sealed: string): Asking {
    return (sealed && opened(() => this.vault.openAsking(tenantId, id, sealed))) || {};
  }
}

/** Undefined when the key that sealed it is gone. */
function opened<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof RetiredKey) return undefined;
    throw error;
  }
}
