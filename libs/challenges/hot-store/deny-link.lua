-- Ends a challenge because the person behind its link says that it is none of theirs.
--
-- KEYS  1 {pNN}:ch:<id>
-- ARGV  1 clock offset, ms   2… key id, MAC of token and number under it (one pair per unretired key)
-- Returns 'denied' | 'gone' when it has ended already, or for another token
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'h', 'hk')
if not record[1] then return 'gone' end
local partition = partition_of(KEYS[1])
if state_at(KEYS[1], partition, record[2], record[1], record[3], now) ~= PENDING then return 'gone' end
if not is_secret(record[5], record[4], 2) then return 'gone' end
finish(KEYS[1], partition, record[2], DENIED, 'not_me', now)
return 'denied'
