export { HttpClient, type OutboundResult } from './http-client.js';
export { HttpClientModule } from './http-client.module.js';
export { readRetryAfter } from './retry-after.js';
