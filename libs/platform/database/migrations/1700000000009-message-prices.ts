import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a provider charges for a message. */
export class MessagePrices1700000000009 implements MigrationInterface {
  readonly name = 'MessagePrices1700000000009';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE messages ADD COLUMN price_micros bigint, ADD COLUMN price_currency text;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE messages DROP COLUMN price_micros, DROP COLUMN price_currency;');
  }
}
