import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';

/** A receiver nobody owns, whose code is agreed on beforehand. */
@Entity('test_numbers')
export class TestNumberEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  /** E.164 with stars for the last digits, or an e-mail address. */
  @Column('text')
  pattern!: string;

  @Column({ name: 'sealed_code', type: 'text' })
  sealedCode!: string;

  @Column({ name: 'ends_at', type: 'timestamptz' })
  endsAt!: Date;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Kept, so that the count of what was done to a tenant's list only grows. */
  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}
