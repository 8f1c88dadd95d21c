export { HttpClient, type OutboundRequest, type OutboundResult } from './http-client.js';
export { HttpClientModule } from './http-client.module.js';
