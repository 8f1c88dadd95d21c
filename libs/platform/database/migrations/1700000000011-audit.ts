import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who changed what, chained and signed; when a key was last used, and from where it may be. */
export class Audit1700000000011 implements MigrationInterface {
  readonly name = 'Audit1700000000011';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE audit_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        chain text NOT NULL,
        seq integer,
        hash text,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        subject text NOT NULL,
        before text,
        after text,
        request_id text,
        source text UNIQUE,
        UNIQUE (chain, seq)
      );
      CREATE INDEX audit_events_page ON audit_events (chain, id DESC);
      CREATE INDEX audit_events_waiting ON audit_events (id) WHERE seq IS NULL;

      CREATE TABLE audit_chains (
        chain text PRIMARY KEY,
        seq integer NOT NULL,
        hash text NOT NULL,
        checkpoint_seq integer NOT NULL,
        open_since timestamptz
      );

      CREATE TABLE audit_checkpoints (
        chain text NOT NULL,
        seq integer NOT NULL,
        hash text NOT NULL,
        at timestamptz NOT NULL,
        kid text NOT NULL,
        public_key text NOT NULL,
        signature text NOT NULL,
        copied_at timestamptz,
        PRIMARY KEY (chain, seq)
      );
      CREATE INDEX audit_checkpoints_waiting ON audit_checkpoints (at) WHERE copied_at IS NULL;

      ALTER TABLE api_keys ADD COLUMN last_used_at timestamptz;
      ALTER TABLE api_keys ADD COLUMN networks text[] NOT NULL DEFAULT '{}';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE api_keys DROP COLUMN networks, DROP COLUMN last_used_at;
      DROP TABLE audit_checkpoints, audit_chains, audit_events;
    `);
  }
}
