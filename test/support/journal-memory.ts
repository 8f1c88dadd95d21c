// What transitions weigh in Redis while they wait for PostgreSQL, and what an hour of them would.
import type { Redis } from 'ioredis';

/** Asked of an outage of an hour at this rate. */
export const HOUR = { challengesPerSecond: 200, mostBytes: 2_000_000_000 };

export interface Weight {
  transitions: number;
  bytes: number;
  bytesEach: number;
  /** Of an hour, at so many transitions for each challenge. */
  hourBytes: number;
  arithmetic: string;
}

export async function weighJournal(redis: Redis, challenges: number): Promise<Weight> {
  let [transitions, bytes] = [0, 0];
  for (const key of await redis.keys('{p*}:journal')) {
    transitions += await redis.xlen(key);
    bytes += Number(await redis.memory('USAGE', key, 'SAMPLES', 0));
  }
  const bytesEach = bytes / transitions;
  const each = transitions / challenges;
  const hourBytes = HOUR.challengesPerSecond * each * 3_600 * bytesEach;
  return {
    transitions,
    bytes,
    bytesEach,
    hourBytes,
    arithmetic:
      `${transitions} transitions of ${challenges} challenges take ${(bytes / 1e6).toFixed(1)} MB: ` +
      `${bytesEach.toFixed(0)} bytes each, ${each.toFixed(1)} for a challenge. An hour at ${HOUR.challengesPerSecond}/s: ` +
      `${HOUR.challengesPerSecond} × ${each.toFixed(1)} × 3600 × ${bytesEach.toFixed(0)} bytes = ${(hourBytes / 1e9).toFixed(2)} GB`,
  };
}
