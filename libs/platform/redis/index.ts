export { findRedisProblems } from './boot-check.js';
export {
  corkWrites,
  isRedisFailure,
  openRedis,
  REQUEST_OPTIONS,
  untilReady,
  WORKER_OPTIONS,
} from './connection.js';
export { LuaScripts, readScript } from './lua-scripts.js';
export { RedisConnection, RedisModule } from './redis.module.js';
