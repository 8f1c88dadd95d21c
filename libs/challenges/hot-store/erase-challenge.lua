-- Takes the receiver out of a challenge: a pending one is canceled first, and of any other stays how it ended.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 tenant
-- Returns 1 when nothing of the receiver is left | 0 while an approval waits for PostgreSQL or a message is being sent
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'g', 'i', 'n')
if not record[1] or record[2] ~= ARGV[2] then return 1 end
if record[1] == APPROVING then return 0 end
local partition = partition_of(KEYS[1])
if state_at(KEYS[1], partition, record[2], record[1], record[3], now) == PENDING then
  finish(KEYS[1], partition, record[2], CANCELED, 'erased', now)
end
for number = 1, tonumber(record[6]) do
  local message = unpack_message(redis.call('HGET', KEYS[1], 'm' .. number))
  if message.state == 's' and message.due > now then return 0 end
end
if record[5] then
  -- A locked challenge keeps its place until it expires.
  local live = partition .. 'live:' .. string.match(record[4], '^[^:]+') .. ':' .. record[5]
  if redis.call('GET', live) == id_of(KEYS[1]) then redis.call('DEL', live) end
end
-- What is reported later is told without the provider's id of it, which may spell the number.
redis.call('HSET', KEYS[1], 'er', 1)
redis.call('HDEL', KEYS[1], 'i', 'md', 'rr', 'xf', 'sr', 'sr2', 'sr3', 'sr4', 'sr5', 'sr6', 'fr', 'fr2', 'fr3', 'fr4', 'fr5', 'fr6')
return 1
