import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tenants changed about their limits, the switches, and what limits and detectors said. */
export class Limits1700000000002 implements MigrationInterface {
  readonly name = 'Limits1700000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE limit_policies (
        ref text PRIMARY KEY,
        overrides jsonb NOT NULL,
        revision integer NOT NULL
      );

      CREATE TABLE switches (
        id uuid PRIMARY KEY,
        tenant_id uuid REFERENCES tenants,
        scope text NOT NULL CHECK (scope IN ('global', 'tenant', 'channel', 'country', 'prefix', 'account')),
        target text NOT NULL,
        reason text NOT NULL,
        until timestamptz,
        created_at timestamptz NOT NULL,
        lifted_at timestamptz
      );
      CREATE UNIQUE INDEX switches_in_force ON switches (COALESCE(tenant_id, '00000000-0000-0000-0000-000000000000'), scope, target)
        WHERE lifted_at IS NULL;

      CREATE TABLE limit_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant_id uuid,
        at timestamptz NOT NULL,
        type text NOT NULL,
        times integer NOT NULL,
        data jsonb NOT NULL
      );
      CREATE INDEX limit_events_tenant ON limit_events (tenant_id, id DESC);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE limit_events, switches, limit_policies;');
  }
}
