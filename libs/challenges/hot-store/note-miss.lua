-- Counts what a person sent us in vain, or looks at the count. It begins again when nothing was counted for a while.
--
-- KEYS  1 {pNN}:miss:<tenant>:<person>, or {pNN}:unclear:<challenge>: a hash, n how many, u until when, ms
-- ARGV  1 clock offset, ms   2 1 to count, 0 to look   3 for how long, ms
-- Returns how many there were
-- @include record
local now = clock(tonumber(ARGV[1]))
local known = redis.call('HMGET', KEYS[1], 'n', 'u')
local count = known[2] and now < tonumber(known[2]) and tonumber(known[1]) or 0
if ARGV[2] == '0' then return count end
redis.call('HSET', KEYS[1], 'n', count + 1, 'u', string.format('%.0f', now + tonumber(ARGV[3])))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return count + 1
