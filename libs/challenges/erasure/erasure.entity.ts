import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';

/** That a tenant asked for a receiver to be forgotten. Once it is, nothing here tells which one. */
@Entity('erasures')
export class ErasureEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  /** The key that asked. */
  @Column({ name: 'key_id', type: 'uuid', transformer: asUuid })
  keyId!: Identifier;

  /** As it was written; null once it is done. */
  @Column({ name: 'sealed_receiver', type: 'text', nullable: true })
  sealedReceiver!: string | null;

  @Column({ name: 'requested_at', type: 'timestamptz' })
  requestedAt!: Date;

  @Column({ name: 'done_at', type: 'timestamptz', nullable: true })
  doneAt!: Date | null;
}
