-- Asks whether a send may go to an account whose breaker is not closed: when its time is over, a few may try.
--
-- KEYS  1 {cfg}:breaker:<account>   2 {cfg}:breakers
-- ARGV  1 clock offset, ms   2 account   3 probes at a time   4 a probe without a result is forgotten after, ms
-- Returns 0 when it may, else the ms until it is worth asking again
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local record = redis.call('HMGET', KEYS[1], 'o', 'p', 'pt')
if not record[1] then
  redis.call('HDEL', KEYS[2], ARGV[2])
  return 0
end
local till = tonumber(record[1])
if now < till then return till - now end
local taken = tonumber(record[2] or 0)
local forgotten = record[3] and now - tonumber(record[3]) >= tonumber(ARGV[4])
if taken >= tonumber(ARGV[3]) and not forgotten then return tonumber(record[3]) + tonumber(ARGV[4]) - now end
if forgotten then taken = 0 end
redis.call('HSET', KEYS[1], 'p', taken + 1, 'pt', string.format('%.0f', now))
return 0
