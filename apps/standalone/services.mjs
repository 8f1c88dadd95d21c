// The front door to the embedded PostgreSQL and Redis, for the launcher and for tests. An address of yours
// (DATABASE_URL, REDIS_URL) always comes first; then nothing is started and nothing is ever stopped.
import { startEmbeddedPostgres } from './postgres.mjs';
import { startEmbeddedRedis } from './redis.mjs';

export { identify, isAlive } from './processes.mjs';
export { reapOrphan } from './server.mjs';

export async function startPostgres({ dir, external = process.env.DATABASE_URL, onExit }) {
  return external ? notOurs('PostgreSQL', external) : startEmbeddedPostgres({ dir, onExit });
}

export async function startRedis({ dir, external = process.env.REDIS_URL, onExit }) {
  return external ? notOurs('Redis', external) : startEmbeddedRedis({ dir, onExit });
}

function notOurs(name, url) {
  const refuse = async () => {
    throw new Error(`${name} was not started here, so it is not ours to kill or restart.`);
  };
  const { port } = new URL(url);
  return {
    name,
    url,
    via: 'url',
    volatile: false,
    port: Number(port),
    stop: async () => {},
    kill: refuse,
    restart: refuse,
  };
}
