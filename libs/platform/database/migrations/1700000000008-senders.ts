import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is kept of numbers: the two-step PIN, their registration, and which end of a token was told. */
export class Senders1700000000008 implements MigrationInterface {
  readonly name = 'Senders1700000000008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE sender_numbers (
        sender_id uuid PRIMARY KEY REFERENCES senders ON DELETE CASCADE,
        tenant_id uuid NOT NULL REFERENCES tenants,
        sealed_pin text,
        pin_mark text,
        pin_set_at timestamptz,
        pin_due_at timestamptz,
        registration_calls timestamptz[] NOT NULL DEFAULT '{}',
        registration_blocked_until timestamptz,
        registered boolean,
        verified boolean,
        seen_at timestamptz
      );
      CREATE UNIQUE INDEX sender_numbers_pin ON sender_numbers (tenant_id, pin_mark);
      CREATE INDEX sender_numbers_due ON sender_numbers (pin_due_at);

      ALTER TABLE accounts ADD COLUMN token_end_told timestamptz;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE accounts DROP COLUMN token_end_told;
      DROP TABLE sender_numbers;
    `);
  }
}
