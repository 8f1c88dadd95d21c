import { deleteOlder, type RetentionRule } from '#journal';

export const limitRetention: RetentionRule[] = [
  { name: 'limit_events', keep: 'history', sql: deleteOlder('limit_events', 'at') },
];
