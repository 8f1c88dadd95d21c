-- Takes one tenant's counts of a receiver away, to be given to another record: at most once, whoever repeats this.
--
-- KEYS  1 {pNN}:lim:<ref>
-- ARGV  1 tenant
-- Returns {sends since the last right answer, failures × 4, 'second,second,…'} | {} when there are none
-- @include record
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return {} end
local receiver = read_receiver(KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
local stamps = {}
for at = 1, #receiver.log, 4 do stamps[#stamps + 1] = string.format('%d', struct.unpack('>I4', receiver.log, at)) end
local failures = receiver.failures
return { receiver.since, failures[1], failures[2], failures[3], failures[4], table.concat(stamps, ',') }
