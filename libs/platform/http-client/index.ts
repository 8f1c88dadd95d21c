export { HttpClient } from './http-client.js';
export { HttpClientModule } from './http-client.module.js';
export { readRetryAfter } from './retry-after.js';
export type { OutboundResult } from './outbound.js';
