-- Adds the counts that `take-receiver` took to those of another record: one person under two numbers.
--
-- KEYS  1 {pNN}:lim:<ref>
-- ARGV  1 tenant   2 sends since the last right answer   3… failures × 4, then seconds of the sends
-- Returns 1
-- @include record
-- As many as fit 64 bytes beside the counts.
local MOST_SENDS = 14
local receiver = read_receiver(KEYS[1], ARGV[1])
receiver.since = math.min(255, receiver.since + tonumber(ARGV[2]))
for at = 1, 4 do receiver.failures[at] = math.min(255, receiver.failures[at] + tonumber(ARGV[at + 2])) end
local stamps = {}
for at = 1, #receiver.log, 4 do stamps[#stamps + 1] = struct.unpack('>I4', receiver.log, at) end
for at = 7, #ARGV do stamps[#stamps + 1] = tonumber(ARGV[at]) end
table.sort(stamps)
local packed = {}
for at = math.max(1, #stamps - MOST_SENDS + 1), #stamps do packed[#packed + 1] = struct.pack('>I4', stamps[at]) end
receiver.log = table.concat(packed)
save_receiver(receiver)
return 1
