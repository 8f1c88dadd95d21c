-- Counts one look of one process, and tells whether Redis has forgotten what it knew: a count that is lower than
-- the process remembers was written and is gone. The epoch tells the others, whose own writes may all have survived.
--
-- KEYS  1 {cfg}:epoch   2 {cfg}:alive:<process>
-- ARGV  1 looks that the process has counted   2 epoch that it knows   3 life of the count, ms
-- Returns {looks, epoch, 1 when something was forgotten, else 0}
local looks = tonumber(redis.call('GET', KEYS[2]) or '0')
local epoch = tonumber(redis.call('GET', KEYS[1]) or '0')
local forgotten = looks < tonumber(ARGV[1]) or epoch < tonumber(ARGV[2])
if forgotten then
  epoch = math.max(epoch, tonumber(ARGV[2])) + 1
  looks = tonumber(ARGV[1])
  redis.call('SET', KEYS[1], epoch)
end
redis.call('SET', KEYS[2], looks + 1, 'PX', ARGV[3])
return { looks + 1, epoch, forgotten and 1 or 0 }
