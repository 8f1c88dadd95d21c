import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';

/** Why nothing is delivered any more: by hand, a 410, five days of failure. */
export type DisabledWhy = 'manual' | 'gone' | 'failing';

@Entity('webhook_endpoints')
export class WebhookEndpointEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  /** Of an endpoint that a generator's `callbackUrl` made; null of one that the tenant made. */
  @Column({ name: 'generator_id', type: 'uuid', transformer: asUuid, nullable: true })
  generatorId!: Identifier | null;

  @Column('text')
  url!: string;

  @Column({ type: 'text', nullable: true })
  description!: string | null;

  /** Whose words are posted: `cloudevents`, or the name of a dialect. */
  @Column('text')
  format!: string;

  /** Names of the catalogue, `room.*`, or `*`. */
  @Column('text', { array: true })
  events!: string[];

  @Column({ name: 'disabled_at', type: 'timestamptz', nullable: true })
  disabledAt!: Date | null;

  @Column({ name: 'disabled_why', type: 'text', nullable: true })
  disabledWhy!: DisabledWhy | null;

  /** Since when nothing succeeded; null while things do. */
  @Column({ name: 'failing_since', type: 'timestamptz', nullable: true })
  failingSince!: Date | null;

  /** When it last failed. */
  @Column({ name: 'failed_at', type: 'timestamptz', nullable: true })
  failedAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

@Entity('webhook_secrets')
export class WebhookSecretEntity {
  /** An endpoint, or the tenant itself: the secret of its call-backs. */
  @PrimaryColumn({ name: 'owner_id', type: 'uuid', transformer: asUuid })
  ownerId!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column('text')
  sealed!: string;

  @Column({ name: 'sealed_previous', type: 'text', nullable: true })
  sealedPrevious!: string | null;

  @Column({ name: 'previous_until', type: 'timestamptz', nullable: true })
  previousUntil!: Date | null;

  @Column({ name: 'set_at', type: 'timestamptz' })
  setAt!: Date;
}

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One event on its way to one endpoint. */
@Entity('webhook_deliveries')
export class WebhookDeliveryEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column({ name: 'endpoint_id', type: 'uuid', transformer: asUuid })
  endpointId!: Identifier;

  @Column({ name: 'event_id', type: 'text' })
  eventId!: string;

  @Column({ name: 'event_type', type: 'text' })
  eventType!: string;

  /** Of the event. */
  @Column('bigint')
  position!: string;

  @Column('text')
  state!: DeliveryState;

  /** Of the present round: a replay begins another. */
  @Column('int', { default: 0 })
  attempts!: number;

  /** When it is due; null once it has ended. */
  @Column({ name: 'next_at', type: 'timestamptz', nullable: true })
  nextAt!: Date | null;

  /** Until when a worker has it. */
  @Column({ name: 'leased_until', type: 'timestamptz', nullable: true })
  leasedUntil!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}

/** What came of one try. Of the answer its status alone: what it says is nobody's to read (ATK-13). */
@Entity('webhook_attempts')
export class WebhookAttemptEntity {
  @PrimaryColumn({ name: 'delivery_id', type: 'uuid', transformer: asUuid })
  deliveryId!: Identifier;

  /** 1, 2, 3, … over all rounds. */
  @PrimaryColumn('int')
  number!: number;

  @Column('timestamptz')
  at!: Date;

  @Column('int')
  ms!: number;

  @Column({ type: 'int', nullable: true })
  status!: number | null;

  /** Why it failed, where no status says so. */
  @Column({ type: 'text', nullable: true })
  reason!: string | null;
}
