import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';
import type { GeneratorPolicy } from './generator-policy.js';

@Entity('generators')
export class GeneratorEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  /** Messangi's id of it: an identity column, settable on import. */
  @Column({ type: 'bigint', insert: false, update: false })
  number!: string;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column('text')
  name!: string;

  @Column('int')
  version!: number;

  @Column('jsonb')
  policy!: GeneratorPolicy;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}

@Entity('generator_versions')
export class GeneratorVersionEntity {
  @PrimaryColumn({ name: 'generator_id', type: 'uuid', transformer: asUuid })
  generatorId!: Identifier;

  @PrimaryColumn('int')
  version!: number;

  @Column('jsonb')
  policy!: GeneratorPolicy;
}
