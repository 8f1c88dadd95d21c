import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row per challenge that was approved under `strictApproval`: what Redis may forget, this does not. */
export class Approvals1700000000005 implements MigrationInterface {
  readonly name = 'Approvals1700000000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE approvals (
        challenge_id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL,
        operation text NOT NULL,
        approved_at timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE approvals');
  }
}
