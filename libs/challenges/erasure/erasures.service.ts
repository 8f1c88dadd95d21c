import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit, type Author, TenantEvents } from '#journal';
import type { Principal } from '#tenants';
import { Clock } from '#platform/clock';
import { Sealer } from '#platform/crypto';
import { Database } from '#platform/database';
import { type Identifier, newId, renderNative } from '#platform/identifiers';
import { ErasureEntity } from './erasure.entity.js';

const MOST_AT_ONCE = 100;

/**
 * Who asked for what to be forgotten. Whatever is asked is taken: an answer that differed for a receiver we do not know
 * would tell which ones we do (BI-85).
 */
@Injectable()
export class ErasuresService {
  constructor(
    private readonly database: Database,
    private readonly events: TenantEvents,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
    private readonly audit: Audit,
  ) {}

  /** `receiver` as the caller wrote it, readable or not. The worker does the rest. */
  async request({ tenantId, keyId }: Principal, receiver: string, by: Author): Promise<ErasureEntity> {
    const id = newId();
    const sealedReceiver = this.sealer.seal('receiver-seal', receiver, boundTo(tenantId, id));
    const erasure = { id, tenantId, keyId, sealedReceiver, requestedAt: this.clock.date(), doneAt: null };
    await this.database.transaction(async (manager) => {
      await manager.insert(ErasureEntity, erasure);
      const [subject, key] = [renderNative('erasure', id), renderNative('key', keyId)];
      await this.audit.record(manager, by, { tenantId, action: 'receiver.erasure_requested', subject });
      await this.events.record(
        tenantId,
        { type: 'receiver.erasure_requested', subject, data: { key } },
        manager,
      );
    });
    return erasure;
  }

  find(tenantId: Identifier, id: Identifier): Promise<ErasureEntity | null> {
    return this.database.repository(ErasureEntity).findOneBy({ tenantId, id });
  }

  /** Those that are not done, the oldest first. */
  pending(): Promise<ErasureEntity[]> {
    return this.database
      .repository(ErasureEntity)
      .find({ where: { doneAt: IsNull() }, order: { requestedAt: 'ASC' }, take: MOST_AT_ONCE });
  }

  /** Throws `RetiredKey` when the key that sealed it has left the ring. */
  receiverOf({ tenantId, id, sealedReceiver }: ErasureEntity): string {
    return this.sealer.open('receiver-seal', sealedReceiver!, boundTo(tenantId, id));
  }
}

function boundTo(tenantId: Identifier, id: Identifier): string {
  return `${tenantId}:${id}:erasure`;
}
