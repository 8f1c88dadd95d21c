// All that Redis and PostgreSQL hold, as whoever stole a copy of them would read it.
import type { Redis } from 'ioredis';
import pg from 'pg';

const READ: Record<string, (key: Buffer) => [string, ...(Buffer | string | number)[]]> = {
  string: (key) => ['getBuffer', key],
  hash: (key) => ['hgetallBuffer', key],
  list: (key) => ['lrangeBuffer', key, 0, -1],
  set: (key) => ['smembersBuffer', key],
  zset: (key) => ['zrangeBuffer', key, 0, -1],
  stream: (key) => ['xrangeBuffer', key, '-', '+'],
};

/** Every key with its name and all it holds, as bytes. */
export async function dumpRedis(redis: Redis): Promise<Buffer> {
  const keys = await redis.keysBuffer('*');
  const types = await redis.pipeline(keys.map((key) => ['type', key] as never)).exec();
  // A key may have ended since it was named; of the type `none` there is nothing to read.
  const reads = keys.flatMap((key, at) => {
    const type = String(types![at]![1]);
    if (type === 'none') return [];
    if (!READ[type]) throw new Error(`a key of the type ${type}`);
    return [READ[type](key)];
  });
  const values = await redis.pipeline(reads as never).exec();
  const parts: Buffer[] = [...keys];
  const take = (value: unknown): void => {
    if (Buffer.isBuffer(value)) parts.push(value);
    else if (Array.isArray(value)) value.forEach(take);
    else if (typeof value === 'object' && value !== null)
      for (const [name, field] of Object.entries(value)) parts.push(Buffer.from(name), field as Buffer);
  };
  for (const [error, value] of values!) {
    if (error) throw error;
    take(value);
  }
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));
}

/** COPY … TO STDOUT of each table, as a backup would read it. */
export async function copyTables(databaseUrl: string): Promise<Buffer> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const parts: Buffer[] = [];
  // pg hands COPY data to nobody unless one listens where it arrives.
  (client as unknown as { connection: NodeJS.EventEmitter }).connection.on(
    'copyData',
    ({ chunk }: { chunk: Buffer }) => parts.push(Buffer.from(chunk)),
  );
  try {
    const { rows } = await client.query<{ name: string }>(
      "SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
    );
    if (rows.length <= 8) throw new Error('there are more tables than that');
    for (const { name } of rows) await client.query(`COPY ${name} TO STDOUT`);
  } finally {
    await client.end();
  }
  return Buffer.concat(parts);
}
