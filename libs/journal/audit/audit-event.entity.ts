import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { AuditAction } from './audit-actions.js';
import type { Chain } from './audit-chain.js';

/** One administrative change. Inserted by the transaction that makes it; `seq` and `hash` are given afterwards. */
@Entity('audit_events')
export class AuditEventEntity {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  /** A tenant's id, or `platform`. */
  @Column('text')
  chain!: Chain;

  /** Null until the sequencer has come by. */
  @Column({ type: 'int', nullable: true })
  seq!: number | null;

  @Column({ type: 'text', nullable: true })
  hash!: string | null;

  @Column('timestamptz')
  at!: Date;

  /** `key_…`, `cli` or `system`. */
  @Column('text')
  actor!: string;

  @Column('text')
  action!: AuditAction;

  /** As the API names it. Nothing by which a person could be found once it is erased. */
  @Column('text')
  subject!: string;

  /** Marks of what was there: equal states have equal marks. */
  @Column({ type: 'text', nullable: true })
  before!: string | null;

  @Column({ type: 'text', nullable: true })
  after!: string | null;

  @Column({ name: 'request_id', type: 'text', nullable: true })
  requestId!: string | null;

  /** The journal's event that it was taken from: taken once, however often it is told. */
  @Column({ type: 'text', nullable: true })
  source!: string | null;
}

/** Where a chain ends, and up to where it is signed. */
@Entity('audit_chains')
export class AuditChainEntity {
  @PrimaryColumn('text')
  chain!: Chain;

  @Column('int')
  seq!: number;

  @Column('text')
  hash!: string;

  @Column({ name: 'checkpoint_seq', type: 'int' })
  checkpointSeq!: number;

  /** When the first row after the last checkpoint was chained. */
  @Column({ name: 'open_since', type: 'timestamptz', nullable: true })
  openSince!: Date | null;
}

@Entity('audit_checkpoints')
export class AuditCheckpointEntity {
  @PrimaryColumn('text')
  chain!: Chain;

  @PrimaryColumn('int')
  seq!: number;

  @Column('text')
  hash!: string;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  kid!: string;

  /** Of the key that signed, for when it has left the ring. */
  @Column({ name: 'public_key', type: 'text' })
  publicKey!: string;

  @Column('text')
  signature!: string;

  /** When it was written outside the database too. */
  @Column({ name: 'copied_at', type: 'timestamptz', nullable: true })
  copiedAt!: Date | null;
}
