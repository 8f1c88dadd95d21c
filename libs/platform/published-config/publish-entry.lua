-- Publishes one administrative record for the hot path, unless a newer revision is there already.
--
-- KEYS  1 {cfg}:<kind>:<id>   2 {cfg}:version   3 {cfg}:changed
-- ARGV  1 `kind:id`   2 revision   3 payload, or '' to withdraw   4 life in seconds, or 0
-- Returns the configuration version
local known = redis.call('GET', KEYS[1])
if known then
  local revision = tonumber(string.match(known, '^(%d+)|'))
  if revision and revision > tonumber(ARGV[2]) then return redis.call('GET', KEYS[2]) end
end
if ARGV[3] == '' then
  -- A withdrawn record leaves its revision for a while, so that a late repeat of an older one cannot revive it.
  redis.call('SET', KEYS[1], ARGV[2] .. '|', 'EX', 86400)
elseif ARGV[4] ~= '0' then
  redis.call('SET', KEYS[1], ARGV[2] .. '|' .. ARGV[3], 'EX', ARGV[4])
else
  redis.call('SET', KEYS[1], ARGV[2] .. '|' .. ARGV[3])
end
local version = redis.call('INCR', KEYS[2])
redis.call('ZADD', KEYS[3], version, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1001)
redis.call('PUBLISH', '{cfg}:changes', version)
return version
