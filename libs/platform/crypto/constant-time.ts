import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares without telling where two values differ. `timingSafeEqual` throws on unequal lengths (ATK-32), so both sides are hashed. */
export function constantTimeEqual(left: string, right: string): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

function sha256(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
