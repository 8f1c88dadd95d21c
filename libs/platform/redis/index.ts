export {
  corkWrites,
  isRedisFailure,
  openRedis,
  REQUEST_OPTIONS,
  untilReady,
  WORKER_OPTIONS,
} from './connection.js';
export { LuaScripts, readScript } from './lua-scripts.js';
export { RedisConnection } from './redis-connection.js';
export { RedisModule } from './redis.module.js';
export { RedisWatch } from './redis-watch.js';
