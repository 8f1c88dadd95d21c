-- Takes the one message that brings a challenge its receiver: whoever wrote it, when they may.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 tenant   3 digest of the provider's message id   4 the person's name among receivers
--       5 1 when the provider names the person by a phone number, else 0   6 channel letter
--       7 receiver reference for the history   8 the provider's message id   9 assurance
--      10… field, value pairs: the sealed receiver
-- Returns {verdict, state, why}
--   verdict: received | again (from the same person) | taken (another person was first) | mismatched | locked | ended | unknown
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'w', 'f', 'fm', 'rr', 'xf', 'o:' .. ARGV[3])
local state, tenant = record[1], record[2]
if not state or tenant ~= ARGV[2] then return { 'unknown', '', '' } end
local partition, person = partition_of(KEYS[1]), ARGV[4]
state = state_at(KEYS[1], partition, tenant, state, record[3], now)
if record[9] then return { state == LOCKED and 'locked' or 'mismatched', state, record[4] or '' } end
if state ~= PENDING then return { 'ended', state, record[4] or '' } end
if record[7] then return { record[7] == person and 'again' or 'taken', state, '' } end

local function refuse(why)
  redis.call('HSET', KEYS[1], 'o:' .. ARGV[3], 1)
  local failures = redis.call('HINCRBY', KEYS[1], 'f', 1)
  journal(KEYS[1], partition, tenant, 'challenge.mismatched', now, { 'f', failures, 'ch', ARGV[6], 'pid', ARGV[8], 'why', why })
  if failures < tonumber(record[6]) then return { 'mismatched', state, why } end
  finish(KEYS[1], partition, tenant, LOCKED, '', now)
  return { 'locked', LOCKED, '' }
end

-- Somebody without a number is nobody, unless just they were expected.
if record[8] and record[8] ~= person then return refuse('unexpected_sender') end
if not record[8] and ARGV[5] ~= '1' then return refuse('no_phone') end

redis.call('HSET', KEYS[1], 'rv', string.format('%.0f', now), 'rc', ARGV[6], 'rr', person, unpack(ARGV, 10))
local sealed = {}
for at = 11, #ARGV, 2 do sealed[#sealed + 1] = ARGV[at] end
journal(KEYS[1], partition, tenant, 'challenge.received', now,
  { 'r', ARGV[7], 'sr', table.concat(sealed), 'ch', ARGV[6], 'pid', ARGV[8], 'as', ARGV[9] })
return { 'received', PENDING, '' }
