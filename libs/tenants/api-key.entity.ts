import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';
import type { KeyMode } from './api-key.js';

@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column('text')
  name!: string;

  @Column('text')
  mode!: KeyMode;

  /** SHA-256 of the secret, hex. The secret has 256 random bits: a fast hash leaks nothing (SEC-02). */
  @Column({ name: 'secret_hash', type: 'text' })
  secretHash!: string;

  @Column('text', { array: true })
  scopes!: string[];

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;

  /** In CIDR form; accepted from everywhere when empty. */
  @Column('text', { array: true, default: [] })
  networks!: string[];

  /** To the hour; null before its first use. */
  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;

  @Column('int')
  revision!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
