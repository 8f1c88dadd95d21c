import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events as tenants hear of them, their endpoints and secrets, and each delivery with its attempts. */
export class OutboundEvents1700000000010 implements MigrationInterface {
  readonly name = 'OutboundEvents1700000000010';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE event_outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        events jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      -- Gone within a second: not worth being compressed.
      ALTER TABLE event_outbox ALTER COLUMN events SET STORAGE EXTERNAL;

      CREATE TABLE events (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE,
        tenant_id uuid NOT NULL,
        type text NOT NULL,
        subject text NOT NULL,
        challenge_id uuid,
        at timestamptz NOT NULL,
        data jsonb NOT NULL
      );
      CREATE INDEX events_tenant ON events (tenant_id, position);
      CREATE INDEX events_tenant_at ON events (tenant_id, at);
      CREATE INDEX events_at ON events USING brin (at);

      CREATE TABLE webhook_endpoints (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants,
        generator_id uuid,
        url text NOT NULL,
        description text,
        format text NOT NULL,
        events text[] NOT NULL,
        disabled_at timestamptz,
        disabled_why text,
        failing_since timestamptz,
        failed_at timestamptz,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX webhook_endpoints_tenant ON webhook_endpoints (tenant_id, created_at);
      CREATE UNIQUE INDEX webhook_endpoints_generator ON webhook_endpoints (generator_id, url, format);

      CREATE TABLE webhook_secrets (
        owner_id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL REFERENCES tenants,
        sealed text NOT NULL,
        sealed_previous text,
        previous_until timestamptz,
        set_at timestamptz NOT NULL
      );

      CREATE TABLE webhook_secret_marks (
        tenant_id uuid NOT NULL REFERENCES tenants,
        mark text NOT NULL,
        PRIMARY KEY (tenant_id, mark)
      );

      CREATE TABLE webhook_deliveries (
        id uuid PRIMARY KEY,
        tenant_id uuid NOT NULL,
        endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
        event_id text NOT NULL,
        event_type text NOT NULL,
        position bigint NOT NULL,
        state text NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        next_at timestamptz,
        leased_until timestamptz,
        created_at timestamptz NOT NULL,
        ended_at timestamptz,
        UNIQUE (endpoint_id, event_id)
      );
      CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_at, position) WHERE next_at IS NOT NULL;
      CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (endpoint_id, leased_until) WHERE leased_until IS NOT NULL;
      CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at);

      CREATE TABLE webhook_attempts (
        delivery_id uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
        number integer NOT NULL,
        at timestamptz NOT NULL,
        ms integer NOT NULL,
        status integer,
        reason text,
        PRIMARY KEY (delivery_id, number)
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TABLE webhook_attempts, webhook_deliveries, webhook_secret_marks, webhook_secrets, webhook_endpoints, events,
        event_outbox;
    `);
  }
}
