import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';

/** Somebody agreed to a wording. Never changed: what happened later is a row of its own. */
@Entity('consents')
export class ConsentEntity {
  /** Of the challenge that was answered with yes. */
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column({ name: 'generator_id', type: 'uuid', transformer: asUuid })
  generatorId!: Identifier;

  @Column({ name: 'generator_version', type: 'integer' })
  generatorVersion!: number;

  @Column('text')
  mode!: 'live' | 'test';

  @Column({ name: 'receiver_ref', type: 'text' })
  receiverRef!: string;

  @Column({ name: 'sealed_receiver', type: 'text' })
  sealedReceiver!: string;

  @Column('text')
  channel!: string;

  @Column('text')
  assurance!: string;

  /** The provider's id of the message that said yes. */
  @Column({ name: 'message_id', type: 'text' })
  messageId!: string;

  @Column('text')
  wording!: string;

  /** SHA-256 of it, hex. */
  @Column({ name: 'wording_hash', type: 'text' })
  wordingHash!: string;

  @Column({ type: 'text', nullable: true })
  language!: string | null;

  @Column({ name: 'given_at', type: 'timestamptz' })
  givenAt!: Date;
}

/** Somebody said STOP: whatever they agreed to before is withdrawn. */
@Entity('consent_withdrawals')
export class ConsentWithdrawalEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  /** One row for each name that the receiver may have in history. */
  @PrimaryColumn({ name: 'receiver_ref', type: 'text' })
  receiverRef!: string;

  @Column({ name: 'sealed_receiver', type: 'text' })
  sealedReceiver!: string;

  @Column('text')
  channel!: string;

  @Column({ name: 'message_id', type: 'text' })
  messageId!: string;

  @Column({ name: 'withdrawn_at', type: 'timestamptz' })
  withdrawnAt!: Date;
}
