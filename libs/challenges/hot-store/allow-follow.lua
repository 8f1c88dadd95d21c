-- Whether a message may follow within a challenge now, as far as its own limits go. Changes nothing: who asks holds a
-- message that could also wait.
--
-- KEYS  1 {pNN}:ch:<id>
-- ARGV  1 clock offset, ms   2 most messages, or 0 for no limit   3… receiver limits, as `read_limits` takes them
-- Returns 1 or 0
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 't', 'n', 'i', 'p')
if not record[1] then return 0 end
local limits = read_limits(3)
local receiver = limits and receiver_of(partition_of(KEYS[1]), record[1], record[3])
return follow_refusal(receiver, record[4], limits, tonumber(record[2]), ARGV[2], now) and 0 or 1
