export { registerErrorRenderer, type RenderedError } from './error-renderers.js';
export { createHttpApp, PAGE_PREFIX } from './http-app.js';
export { IdempotencyGuard, operationOf } from './idempotency.js';
export { type Draining, drainApp, runProcess } from './lifecycle.js';
export { LoadShedder, Sheddable } from './load-shedder.js';
export { QueryGuard } from './query.guard.js';
export { requestOf } from './request-of.js';
