-- Expires the challenges of one partition whose life has ended, oldest first, and names the approvals whose wait has.
--
-- KEYS  1 {pNN}:exp   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 most to look at   3 look at a waiting approval again after, ms
-- Returns {number looked at, id of a challenge whose approval waits too long, …}
-- @include record
local now = clock(tonumber(ARGV[1]))
local partition = partition_of(KEYS[1])
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, tonumber(ARGV[2]))
local reply = { #ids }
for _, id in ipairs(ids) do
  local key = partition .. 'ch:' .. id
  local record = redis.call('HMGET', key, 's', 't', 'e')
  if record[1] == APPROVING then
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[3])), id)
    reply[#reply + 1] = id
  else
    if record[1] then state_at(key, partition, record[2], record[1], record[3], now) end
    redis.call('ZREM', KEYS[1], id)
  end
end
return reply
