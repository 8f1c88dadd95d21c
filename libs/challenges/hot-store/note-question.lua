-- Writes down what a message of a question shows, before it is handed over: what is answered later is what was shown.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 message number   3 token of the try   4 digest of what is shown
-- Returns 1, or 0 when the message is not in the hands of this try
-- A later try that shows the same is not told again.
-- @include record
local now = clock(tonumber(ARGV[1]))
local number, digest = ARGV[2], ARGV[4]
local record = redis.call('HMGET', KEYS[1], 't', 'm' .. number, 'wd' .. number)
if not record[2] then return 0 end
local message = unpack_message(record[2])
if message.state ~= 's' or message.token ~= ARGV[3] then return 0 end
if record[3] == digest then return 1 end
redis.call('HSET', KEYS[1], 'wd' .. number, digest)
journal(KEYS[1], partition_of(KEYS[1]), record[1], 'message.rendered', now,
  { 'm', number, 'ch', message.channel, 'wd', digest })
return 1
