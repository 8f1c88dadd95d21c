import type { ExecutionContext } from '@nestjs/common';

/** The request that a guard looks at. `switchToHttp` makes three closures each time, and four guards ask. */
export function requestOf<T>(context: ExecutionContext): T {
  return context.getArgByIndex<T>(0);
}
