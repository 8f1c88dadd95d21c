import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What retention and erasure look for, found without reading a table: rows that still name a person (partial indexes,
 * which shrink as they are cleared) and rows by age (block ranges, which cost an insert nothing). The erasures. And room
 * in the pages of what is changed in place, so that a change need not touch every index.
 */
export class Retention1700000000012 implements MigrationInterface {
  readonly name = 'Retention1700000000012';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX journal_personal ON journal (occurred_at) WHERE data ?| ARRAY['i', 'md', 'pid', 'r', 'rs', 'sr'];
      CREATE INDEX journal_receivers ON journal ((data ->> 'r'))
        WHERE type IN ('receiver.unblocked', 'consent.withdrawn');
      CREATE INDEX challenges_personal ON challenges (opened_at) WHERE sealed_receiver <> '';
      CREATE INDEX challenges_opened ON challenges USING brin (opened_at);
      CREATE INDEX approvals_approved ON approvals USING brin (approved_at);
      CREATE INDEX tenant_events_at ON tenant_events USING brin (at);
      CREATE INDEX limit_events_at ON limit_events USING brin (at);

      ALTER TABLE challenges SET (fillfactor = 80);
      ALTER TABLE messages SET (fillfactor = 70);

      CREATE TABLE erasures (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants,
        key_id uuid NOT NULL,
        sealed_receiver text,
        requested_at timestamptz NOT NULL,
        done_at timestamptz
      );
      CREATE INDEX erasures_pending ON erasures (requested_at) WHERE done_at IS NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE erasures;
      ALTER TABLE challenges RESET (fillfactor);
      ALTER TABLE messages RESET (fillfactor);
      DROP INDEX journal_personal, journal_receivers, challenges_personal, challenges_opened, approvals_approved,
        tenant_events_at, limit_events_at;
    `);
  }
}
