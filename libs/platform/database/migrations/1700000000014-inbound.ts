import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who wrote to us, and what they agreed to. Consents and withdrawals are only ever added to. */
export class Inbound1700000000014 implements MigrationInterface {
  readonly name = 'Inbound1700000000014';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE challenges ADD COLUMN received_at timestamptz, ADD COLUMN received_channel text;

      CREATE TABLE consents (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants,
        generator_id uuid NOT NULL,
        generator_version integer NOT NULL,
        mode text NOT NULL,
        receiver_ref text NOT NULL,
        sealed_receiver text NOT NULL,
        channel text NOT NULL,
        assurance text NOT NULL,
        message_id text NOT NULL,
        wording text NOT NULL,
        wording_hash text NOT NULL,
        language text,
        given_at timestamptz NOT NULL
      );
      CREATE INDEX consents_tenant ON consents (tenant_id, given_at DESC, id DESC);
      CREATE INDEX consents_receiver ON consents (tenant_id, receiver_ref, given_at DESC);

      CREATE TABLE consent_withdrawals (
        id uuid NOT NULL,
        tenant_id uuid NOT NULL REFERENCES tenants,
        receiver_ref text NOT NULL,
        sealed_receiver text NOT NULL,
        channel text NOT NULL,
        message_id text NOT NULL,
        withdrawn_at timestamptz NOT NULL,
        PRIMARY KEY (id, receiver_ref)
      );
      CREATE INDEX consent_withdrawals_receiver ON consent_withdrawals (tenant_id, receiver_ref, withdrawn_at);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE consent_withdrawals;
      DROP TABLE consents;
      ALTER TABLE challenges DROP COLUMN received_channel, DROP COLUMN received_at;
    `);
  }
}
