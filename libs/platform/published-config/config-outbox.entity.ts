import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A record whose publication to Redis is still owed. Written in the transaction that changed it. */
@Entity('config_outbox')
export class ConfigOutboxEntity {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column('text')
  kind!: string;

  @Column('text')
  ref!: string;
}
