import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';
import type { LimitOverrides } from './limit-policy.js';
import type { SwitchScope } from './switch.js';

@Entity('limit_policies')
export class LimitPolicyEntity {
  /** A tenant's id, or `platform`. */
  @PrimaryColumn('text')
  ref!: string;

  @Column('jsonb')
  overrides!: LimitOverrides;

  @Column('int')
  revision!: number;
}

@Entity('switches')
export class SwitchEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  /** Whose sends it stops; null when an operator stops those of all tenants. */
  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid, nullable: true })
  tenantId!: Identifier | null;

  @Column('text')
  scope!: SwitchScope;

  @Column('text')
  target!: string;

  @Column('text')
  reason!: string;

  @Column({ type: 'timestamptz', nullable: true })
  until!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Rows stay: who stopped what, and when it was let go again. */
  @Column({ name: 'lifted_at', type: 'timestamptz', nullable: true })
  liftedAt!: Date | null;
}

@Entity('limit_events')
export class LimitEventEntity {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid, nullable: true })
  tenantId!: Identifier | null;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  type!: string;

  /** How often within the half second that the row stands for. */
  @Column('int')
  times!: number;

  @Column('jsonb')
  data!: Record<string, string>;
}
