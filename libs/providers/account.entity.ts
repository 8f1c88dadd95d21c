import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';
import type { Channel } from './message-provider.js';

@Entity('accounts')
export class AccountEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column('text')
  name!: string;

  @Column('text')
  provider!: string;

  /** The adapter's config as JSON, sealed and bound to this account. */
  @Column({ name: 'sealed_config', type: 'text' })
  sealedConfig!: string;

  /** ISO 3166 codes it may send to; `*` alone means all, and has to be said (toll fraud). */
  @Column('text', { array: true })
  countries!: string[];

  @Column('int')
  revision!: number;

  /** The end of the credentials that the tenant was warned of; another one is told anew. */
  @Column({ name: 'token_end_told', type: 'timestamptz', nullable: true })
  tokenEndTold?: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @OneToMany(() => SenderEntity, (sender) => sender.account, { cascade: ['insert'] })
  senders!: SenderEntity[];
}

@Entity('senders')
export class SenderEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column({ name: 'account_id', type: 'uuid', transformer: asUuid })
  accountId!: Identifier;

  @ManyToOne(() => AccountEntity, (account) => account.senders)
  @JoinColumn({ name: 'account_id' })
  account!: AccountEntity;

  @Column('text')
  channel!: Channel;

  @Column('text')
  address!: string;

  @Column({ name: 'external_id', type: 'text', nullable: true })
  externalId!: string | null;
}
