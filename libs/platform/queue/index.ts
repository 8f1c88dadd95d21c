export { Housekeeping, HOUSEKEEPING_QUEUE, HousekeepingModule } from './housekeeping.js';
export { QueueModule, Queues, WORKER_SETTINGS } from './queue.module.js';
