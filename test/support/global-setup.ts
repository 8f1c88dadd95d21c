// Before the suite: one PostgreSQL and one Redis for all specs, in TEST_DATABASE_URL and TEST_REDIS_URL. Embedded
// ones in a temporary folder, or DATABASE_URL and REDIS_URL when set: then in a database of the run's own, and only
// in a Redis that is empty, because specs flush it.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startPostgres, startRedis, type Service } from '../../apps/standalone/services.mjs';
import { createRun, removeRun, sweepAbandonedRuns } from './services.js';

type CleanUp = () => Promise<void>;

export default async function setup(): Promise<CleanUp> {
  await sweepAbandonedRuns();
  const run = createRun();
  const cleanUps: CleanUp[] = [() => removeRun(run)];
  const cleanUp = async () => {
    for (const step of cleanUps.reverse()) await step();
  };
  try {
    const redis = await startRedis({ dir: join(run, 'redis') });
    cleanUps.push(() => redis.stop());
    if (redis.via === 'url') cleanUps.push(await borrowRedis(redis));
    process.env.TEST_REDIS_URL = redis.url;

    const postgres = await startPostgres({ dir: join(run, 'postgres') });
    cleanUps.push(() => postgres.stop());
    process.env.TEST_DATABASE_URL = postgres.url;
    if (postgres.via === 'url') cleanUps.push(await createOwnDatabase(postgres));
  } catch (error) {
    await cleanUp();
    throw error;
  }
  return cleanUp;
}

async function borrowRedis(redis: Service): Promise<CleanUp> {
  const client = new Redis(redis.url, { maxRetriesPerRequest: 1 });
  try {
    // Every database of the server counts, not only the one in the URL.
    if ((await client.info('keyspace')).includes('keys=')) {
      throw new Error('REDIS_URL holds keys, and the tests flush it: give them an empty Redis of their own.');
    }
  } catch (error) {
    client.disconnect();
    throw error;
  }
  return async () => {
    await client.flushall();
    client.disconnect();
  };
}

async function createOwnDatabase(postgres: Service): Promise<CleanUp> {
  const name = `countersign_test_${randomBytes(4).toString('hex')}`;
  await execute(postgres.url, `CREATE DATABASE ${name}`);
  const own = new URL(postgres.url);
  own.pathname = `/${name}`;
  process.env.TEST_DATABASE_URL = own.href;
  return () => execute(postgres.url, `DROP DATABASE ${name} WITH (FORCE)`);
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
