-- Takes, keeps or gives back the lease of one partition.
--
-- KEYS  1 {pNN}:lease
-- ARGV  1 holder   2 life in ms, or 0 to give it back
-- Returns 1 when the holder has the lease, else 0
local holder = redis.call('GET', KEYS[1])
if ARGV[2] == '0' then
  if holder == ARGV[1] then redis.call('DEL', KEYS[1]) end
  return 0
end
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
