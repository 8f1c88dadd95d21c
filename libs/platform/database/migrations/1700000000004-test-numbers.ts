import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Test numbers of tenants, and which challenges were to one. */
export class TestNumbers1700000000004 implements MigrationInterface {
  readonly name = 'TestNumbers1700000000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE test_numbers (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants,
        pattern text NOT NULL,
        sealed_code text NOT NULL,
        ends_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz
      );
      CREATE UNIQUE INDEX test_numbers_pattern ON test_numbers (tenant_id, pattern) WHERE deleted_at IS NULL;
      CREATE INDEX test_numbers_tenant ON test_numbers (tenant_id);

      ALTER TABLE challenges ADD COLUMN test_number boolean NOT NULL DEFAULT false;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE challenges DROP COLUMN test_number;
      DROP TABLE test_numbers;
    `);
  }
}
