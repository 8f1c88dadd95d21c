import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a provider thinks of a template language, and when it was last asked. */
export class Templates1700000000007 implements MigrationInterface {
  readonly name = 'Templates1700000000007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE template_languages
        ADD COLUMN quality text,
        ADD COLUMN provider_category text,
        ADD COLUMN checked_at timestamptz NOT NULL DEFAULT now();
      CREATE INDEX template_languages_checked ON template_languages (checked_at);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE template_languages
        DROP COLUMN quality,
        DROP COLUMN provider_category,
        DROP COLUMN checked_at;
    `);
  }
}
