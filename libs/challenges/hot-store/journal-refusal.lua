-- Writes down a refusal that was decided outside the scripts (a country, a switch, a shared limit): in the timeline of
-- the challenge it was about, or as a challenge that was refused when there is none (FR-18).
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 id   3 tenant   4 why   5… pairs for the journal: g, k, r, sr, ch, …
-- Returns 1
-- @include record
local now = clock(tonumber(ARGV[1]))
if redis.call('EXISTS', KEYS[1]) == 1 then
  journal(KEYS[1], partition_of(KEYS[1]), ARGV[3], 'limit.refused', now, { 'why', ARGV[4] })
  return 1
end
redis.call('XADD', KEYS[2], '*', 'v', '1', 't', 'limit.refused', 'c', ARGV[2], 'q', 1, 'n', ARGV[3],
  'at', string.format('%.0f', now), 'why', ARGV[4], unpack(ARGV, 5))
return 1
