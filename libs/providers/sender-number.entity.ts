import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';

/** What is kept of a sender that is a number at a provider. There is no row before the first look at it. */
@Entity('sender_numbers')
export class SenderNumberEntity {
  @PrimaryColumn({ name: 'sender_id', type: 'uuid', transformer: asUuid })
  senderId!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  /** The two-step PIN, sealed and bound to this sender; null with `storePin: false`. */
  @Column({ name: 'sealed_pin', type: 'text', nullable: true })
  sealedPin!: string | null;

  /** A keyed hash of the PIN within the tenant: tells reuse, and a PIN that is not the one that was set. */
  @Column({ name: 'pin_mark', type: 'text', nullable: true })
  pinMark!: string | null;

  @Column({ name: 'pin_set_at', type: 'timestamptz', nullable: true })
  pinSetAt!: Date | null;

  /** When the tenant is next reminded to change it. */
  @Column({ name: 'pin_due_at', type: 'timestamptz', nullable: true })
  pinDueAt!: Date | null;

  /** Of register and deregister in the last 72 hours, the first one first. */
  @Column('timestamptz', { name: 'registration_calls', array: true, default: [] })
  registrationCalls!: Date[];

  /** Until when the provider takes no more of them. */
  @Column({ name: 'registration_blocked_until', type: 'timestamptz', nullable: true })
  registrationBlockedUntil!: Date | null;

  /** As last seen at the provider. */
  @Column({ type: 'boolean', nullable: true })
  registered!: boolean | null;

  @Column({ type: 'boolean', nullable: true })
  verified!: boolean | null;

  @Column({ name: 'seen_at', type: 'timestamptz', nullable: true })
  seenAt!: Date | null;
}
