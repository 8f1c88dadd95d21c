export { PartitionLeases } from './partition-leases.js';
export { Partitions } from './partitions.js';
export { PartitionsModule } from './partitions.module.js';
