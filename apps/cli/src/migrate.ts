import type { Config } from '#platform/config';
import { createDataSource, missingMigrations } from '#platform/database';

/** One number for all processes: two rollouts at once must not run the same migration twice. */
const MIGRATION_LOCK = 7_205_759;

/** Runs what the database lacks of this build's migrations. Safe to run from several places at once. */
export async function migrate(config: Config): Promise<string[]> {
  const source = await createDataSource(config.database.url, [], { statementTimeoutMs: 0 }).initialize();
  const runner = source.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const missing = await missingMigrations(source);
    await source.runMigrations({ transaction: 'each' });
    return missing;
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await runner.release();
    await source.destroy();
  }
}
