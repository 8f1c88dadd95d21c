// Single parts of Countersign without the house around them, on a Redis and a database that are really there.
import { migrate } from '../../apps/cli/src/migrate.js';
import { Database, type Entity } from '#platform/database';
import { RedisConnection } from '#platform/redis';
import { testConfig } from './configuration.js';

/** One process's connection, ready. */
export function connectRedis(url: string, cork = false): Promise<RedisConnection> {
  return new RedisConnection(testConfig({ REDIS_URL: url }), cork).connect();
}

/** The database with every migration run, as a process sees it. */
export async function openDatabase(url: string, entities: readonly Entity[] = []): Promise<Database> {
  const config = testConfig({ DATABASE_URL: url });
  await migrate(config);
  const database = new Database(config, entities);
  await database.start();
  return database;
}
