-- Opens a challenge that waits for a person to write to us: without a receiver, and without a message of ours.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:tok:<digest of the token>   3 {pNN}:exp   4 {pNN}:journal
-- ARGV  1 clock offset, ms   2 id   3 life, ms   4… field, value pairs of the record
-- Returns {'opened', expires} | {'taken'}: the token is another challenge's
-- Repeating the call with the same id after a lost reply changes nothing: the id is the operation.
-- @include record
local offset, id = tonumber(ARGV[1]), ARGV[2]
local now = clock(offset)
local known = redis.call('HGET', KEYS[1], 'e')
if known then return { 'opened', known } end
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'taken' } end

local at, expires = string.format('%.0f', now), string.format('%.0f', now + tonumber(ARGV[3]))
local gone = string.format('%.0f', now + tonumber(ARGV[3]) + GRACE_MS - offset)
redis.call('HSET', KEYS[1], 's', PENDING, 'f', 0, 'n', 0, 'o', at, 'ra', at, 'e', expires, unpack(ARGV, 4))
redis.call('PEXPIREAT', KEYS[1], gone)
-- As long as the record: who comes too late is told so.
redis.call('SET', KEYS[2], id, 'PXAT', gone)
redis.call('ZADD', KEYS[3], expires, id)

local record = redis.call('HMGET', KEYS[1], 't', 'g', 'k', 'fm', 'p', 'lg', 'y', 'md')
-- No receiver, no channel, no country: a page that nobody writes from says nothing about any of them.
local data = { 'g', record[2], 'k', record[3], 'e', expires, 'ra', at, 'fm', record[4] }
for index, name in ipairs({ 'p', 'lg', 'y', 'md' }) do
  if record[4 + index] then data[#data + 1] = name; data[#data + 1] = record[4 + index] end
end
journal(KEYS[1], partition_of(KEYS[1]), record[1], 'challenge.requested', now, data)
return { 'opened', expires }
