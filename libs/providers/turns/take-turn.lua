-- Takes a sender's turn to send one message: as often as its rate allows, and to one receiver as its pair rate does.
-- Takes a turn of both or of neither, and none that is too far off to be waited for.
--
-- KEYS  1 {turn:<account>}:<sender>   2 {turn:<account>}:<sender>:rate, messages a second where it is not the usual one
--       3 {turn:<account>}:<sender>:<receiver>, only where a pair rate holds
-- ARGV  1 clock offset, ms   2 usual messages a second, 0 for no limit   3 ms between two to one receiver   4 of them at
--       once   5 the longest wait for a turn, ms
-- Returns ms until the turn, whether it was taken (1 or 0)
--
-- A key holds when the next turn is due if turns were taken evenly (GCRA), ms. A provider counts by its own seconds: a
-- tenth of the rate is left to the difference.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local rate = tonumber(redis.call('GET', KEYS[2]) or ARGV[2])
local turns = {}
if rate > 0 then
  turns[1] = { key = KEYS[1], every = 1100 / rate, at_once = math.max(1, math.floor(rate * 0.08)) }
end
if KEYS[3] then turns[#turns + 1] = { key = KEYS[3], every = tonumber(ARGV[3]), at_once = tonumber(ARGV[4]) } end

local wait = 0
for _, turn in ipairs(turns) do
  turn.due = math.max(tonumber(redis.call('GET', turn.key) or 0), now)
  wait = math.max(wait, turn.due - (turn.at_once - 1) * turn.every - now)
end
if wait > tonumber(ARGV[5]) then return { math.ceil(wait), 0 } end
for _, turn in ipairs(turns) do
  local due = turn.due + turn.every
  redis.call('SET', turn.key, string.format('%.1f', due), 'PX', math.ceil(due - now))
end
return { math.ceil(wait), 1 }
