import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';

/** Something that happened to what a tenant owns, beside its challenges: an account, a sender, a template. */
@Entity('tenant_events')
export class TenantEventEntity {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column('timestamptz')
  at!: Date;

  /** `account.banned`, `template.paused`, `sender.pin_due`. */
  @Column('text')
  type!: string;

  /** What it happened to, as the API names it: `acc_…`, `tpl_…`, `snd_…`. */
  @Column('text')
  subject!: string;

  @Column('jsonb')
  data!: TenantEventData;
}

/** Identifiers, numbers and words of a fixed list: no receiver, no code, no secret, no sentence of a provider. */
export type TenantEventData = Record<string, string | number>;
