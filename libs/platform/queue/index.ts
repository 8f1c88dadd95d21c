export { QueueModule, Queues, WORKER_SETTINGS } from './queue.module.js';
