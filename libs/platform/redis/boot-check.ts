import type { Redis } from 'ioredis';
import { BootRefused } from '#platform/config';

const MIN_VERSION = [6, 2] as const;

/**
 * Refuses a Redis that may lose or drop live codes. Reads `INFO` only: managed services hide `CONFIG`.
 * BullMQ merely warns about a wrong eviction policy and goes on, so this check is ours.
 */
export async function checkRedis(redis: Redis, allowVolatile: boolean): Promise<void> {
  const problems = await findRedisProblems(redis, allowVolatile);
  if (problems.length > 0) throw new BootRefused(`Countersign cannot use this Redis: ${problems.join('; ')}`);
}

/** What is wrong with this Redis now, each with the setting to change. Asked at boot and by readiness. */
export async function findRedisProblems(redis: Redis, allowVolatile: boolean): Promise<string[]> {
  const info = parseInfo(await redis.info());
  const problems: string[] = [];
  const [major = 0, minor = 0] = (info['redis_version'] ?? '0').split('.').map(Number);
  if (major < MIN_VERSION[0] || (major === MIN_VERSION[0] && minor < MIN_VERSION[1])) {
    problems.push(`redis_version is ${info['redis_version']}; 6.2 or newer is needed`);
  }
  const policy = info['maxmemory_policy'];
  if (policy !== undefined && policy !== 'noeviction') {
    problems.push(`maxmemory-policy is ${policy}; live codes would be evicted: set it to noeviction`);
  }
  if (!allowVolatile && info['aof_enabled'] !== '1') {
    problems.push('appendonly is off; a restart would lose every live code: set appendonly yes');
  }
  if (info['role'] !== undefined && info['role'] !== 'master') {
    problems.push(`role is ${info['role']}; connect to the primary, a replica refuses writes`);
  }
  return problems;
}

function parseInfo(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields[line.slice(0, colon)] = line.slice(colon + 1).trim();
  }
  return fields;
}
