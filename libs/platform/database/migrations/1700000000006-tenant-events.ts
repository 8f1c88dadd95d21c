import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happened to accounts, senders and templates. */
export class TenantEvents1700000000006 implements MigrationInterface {
  readonly name = 'TenantEvents1700000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE tenant_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant_id uuid NOT NULL,
        at timestamptz NOT NULL,
        type text NOT NULL,
        subject text NOT NULL,
        data jsonb NOT NULL
      );
      CREATE INDEX tenant_events_tenant ON tenant_events (tenant_id, id DESC);
      CREATE INDEX tenant_events_subject ON tenant_events (subject, id DESC);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE tenant_events;');
  }
}
