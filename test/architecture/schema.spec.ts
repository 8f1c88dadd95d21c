// Protects against an entity that names what no migration made: it would fail in production, at its first query.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Column, type DataSource, Entity, getMetadataArgsStorage, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { challengeEntities } from '#challenges';
import { generatorEntities } from '#generators';
import { journalEntities } from '#journal';
import { limitEntities } from '#limits';
import { providerEntities } from '#providers';
import { templateEntities } from '#templates';
import { tenantEntities } from '#tenants';
import { webhookEntities } from '#webhooks';
import { createDataSource, type Entity as EntityClass, missingMigrations } from '#platform/database';
import { ConfigOutboxEntity } from '#platform/published-config';
import { createDatabase } from '../support/house.js';
import { ROOT } from './boundaries.mjs';

/** What an app opens: each hands its rooms' lists to DatabaseModule. */
const OPENED = [
  ...tenantEntities,
  ...journalEntities,
  ...providerEntities,
  ...templateEntities,
  ...generatorEntities,
  ...challengeEntities,
  ...limitEntities,
  ...webhookEntities,
  ConfigOutboxEntity,
];

@Entity('tenants')
class WrongTenant {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('int')
  name!: number;

  @Column('text')
  color!: string;
}

describe('entities and migrations', () => {
  let url: string;
  let source: DataSource;
  let entities: EntityClass[];

  beforeAll(async () => {
    url = await createDatabase();
    entities = await everyEntity();
    source = await createDataSource(url, entities).initialize();
    await source.runMigrations({ transaction: 'each' });
  });
  afterAll(() => source.destroy());

  it('agree on every column that is mapped', async () => {
    expect(entities.length).toBeGreaterThanOrEqual(OPENED.length);
    expect(await disagreements(source)).toEqual([]);
  });

  it('leave no column that an insert through an entity would have to fill, and cannot', async () => {
    for (const { tableName, columns } of source.entityMetadatas) {
      const required: { name: string }[] = await source.query(
        `SELECT column_name AS name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = $1
           AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'`,
        [tableName],
      );
      const mapped = new Set(columns.map(({ databaseName }) => databaseName));
      expect([tableName, required.filter(({ name }) => !mapped.has(name))]).toEqual([tableName, []]);
    }
  });

  it('are complete: each entity is in the list that its room gives to the apps', () => {
    expect(new Set(entities)).toEqual(new Set(OPENED));
  });

  it('disagree when an entity names another type or a column that is not there', async () => {
    const wrong = await createDataSource(url, [WrongTenant]).initialize();
    try {
      const found = (await disagreements(wrong)).join('\n');
      expect(found).toMatch(/"name" integer/);
      expect(found).toMatch(/"color" text/);
    } finally {
      await wrong.destroy();
    }
  });

  it('run, undo without a trace, and run again to the same schema', async () => {
    const own = await createDataSource(await createDatabase(), []).initialize();
    try {
      await own.runMigrations({ transaction: 'each' });
      const first = await schemaOf(own);
      expect(first.length).toBeGreaterThan(50);
      for (let undone = 0; undone < own.migrations.length; undone++)
        await own.undoLastMigration({ transaction: 'each' });
      const left = (await schemaOf(own)).filter((line) => !/\bmigrations\b/.test(line));
      expect(left).toEqual([]);
      await own.runMigrations({ transaction: 'each' });
      expect(await schemaOf(own)).toEqual(first);
      expect(await missingMigrations(own)).toEqual([]);
    } finally {
      await own.destroy();
    }
  });
});

/**
 * What TypeORM would change to make the database fit. Not counted: the database's own rules (indexes, unique, check
 * and foreign keys are written in migrations, under names of their own) and columns that no entity maps.
 */
async function disagreements(source: DataSource): Promise<string[]> {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  const statements = upQueries.map(({ query }) => query);
  const mapped = new Set(
    source.entityMetadatas.flatMap(({ tableName, columns }) =>
      columns.map(({ databaseName }) => `${tableName}.${databaseName}`),
    ),
  );
  return statements.filter((statement) => {
    if (/^DROP INDEX /.test(statement)) return false;
    const [, table, change] = /^ALTER TABLE "(\w+)" (.*)$/.exec(statement) ?? [];
    if (!table || !change) return true;
    if (/^DROP CONSTRAINT "\w+_(fkey|key|check)"$/.test(change)) return false;
    const [, foreignKey] = /^ADD CONSTRAINT "\w+" FOREIGN KEY \("(\w+)"\)/.exec(change) ?? [];
    // The same reference under TypeORM's name for it, when the migration made one.
    if (foreignKey)
      return !statements.includes(`ALTER TABLE "${table}" DROP CONSTRAINT "${table}_${foreignKey}_fkey"`);
    const [, dropped] = /^DROP COLUMN "(\w+)"$/.exec(change) ?? [];
    return !dropped || mapped.has(`${table}.${dropped}`);
  });
}

/** Columns, constraints and indexes, one line each. */
async function schemaOf(source: DataSource): Promise<string[]> {
  const rows: { line: string }[] = await source.query(`
    SELECT concat_ws(' ', 'column', table_name, column_name, data_type, is_nullable, column_default, is_identity) AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT concat_ws(' ', 'type or function', proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY line`);
  return rows.map(({ line }) => line);
}

async function everyEntity(): Promise<EntityClass[]> {
  const files = readdirSync(join(ROOT, 'libs'), { recursive: true, encoding: 'utf8' });
  const modules = await Promise.all(
    files
      .filter((file) => file.endsWith('.entity.ts'))
      .map((file) => import(join(ROOT, 'libs', file)) as Promise<Record<string, EntityClass>>),
  );
  const declared = new Set(getMetadataArgsStorage().tables.map(({ target }) => target));
  return modules.flatMap((module) => Object.values(module)).filter((value) => declared.has(value as never));
}
