-- Expires the challenges of one partition whose life has ended, oldest first.
--
-- KEYS  1 {pNN}:exp   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 most to expire
-- Returns the number of challenges expired
-- @include record
local now = clock(tonumber(ARGV[1]))
local partition = partition_of(KEYS[1])
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, tonumber(ARGV[2]))
local expired = 0
for _, id in ipairs(ids) do
  local key = partition .. 'ch:' .. id
  local record = redis.call('HMGET', key, 's', 't', 'e')
  if record[1] and state_at(key, partition, record[2], record[1], record[3], now) == EXPIRED and record[1] == PENDING then
    expired = expired + 1
  end
  redis.call('ZREM', KEYS[1], id)
end
return expired
