import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How a question was decided, and what its receiver had read. */
export class Questions1700000000015 implements MigrationInterface {
  readonly name = 'Questions1700000000015';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE challenges ADD COLUMN decided_by text;
      ALTER TABLE challenges ADD COLUMN decided_message int;
      ALTER TABLE challenges ADD COLUMN shown text;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE challenges DROP COLUMN shown;
      ALTER TABLE challenges DROP COLUMN decided_message;
      ALTER TABLE challenges DROP COLUMN decided_by;
    `);
  }
}
