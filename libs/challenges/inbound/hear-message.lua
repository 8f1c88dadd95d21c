-- Lets a person's message in once, and no more of them than a person types.
--
-- KEYS  1 {heard:<person>}, when the next message of this person to this sender is due   2 {heard:<person>}:<message>
-- ARGV  1 clock offset, ms   2 ms between two messages   3 of them at once   4 lease of whoever reads it, ms
-- Returns `new`, `reading` (somebody does, or died of it), `repeated` or `throttled`
--
-- The first key holds when the next message is due if they came evenly (GCRA), ms. The second is `r` while the message is
-- read and `k` once it was.
local known = redis.call('GET', KEYS[2])
if known then return known == 'k' and 'repeated' or 'reading' end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local every = tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
if due - (tonumber(ARGV[3]) - 1) * every > now then return 'throttled' end
redis.call('SET', KEYS[1], string.format('%.0f', due + every), 'PX', math.ceil(due + every - now))
redis.call('SET', KEYS[2], 'r', 'PX', ARGV[4])
return 'new'
