import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What every answer about a challenge tells, also when it has left Redis: attempts allowed, and when to send again. */
export class ReceiverLimits1700000000003 implements MigrationInterface {
  readonly name = 'ReceiverLimits1700000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE challenges
        ADD COLUMN max_attempts integer,
        ADD COLUMN resend_after timestamptz;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE challenges
        DROP COLUMN max_attempts,
        DROP COLUMN resend_after;
    `);
  }
}
