export { queuePrefix, QueueModule, type QueueRole, Queues, WORKER_SETTINGS } from './queue.module.js';
