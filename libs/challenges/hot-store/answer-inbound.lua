-- Ends a challenge by what its receiver said in the chat, or counts it when it was wrong. Once for each message.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 tenant   3 digest of the provider's message id   4 the person's name among receivers
--       5 what was said: right, wrong or no   6… pairs for the journal: ch, pid, as, cs
-- Returns {verdict, state, why}
--   verdict: approved | denied | repeated (this message ended it) | wrong | locked | ended | unknown
-- @include record
local now = clock(tonumber(ARGV[1]))
local message, said = ARGV[3], ARGV[5]
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'w', 'fm', 'rr', 'ao', 'o:' .. message)
local state, tenant = record[1], record[2]
if not state or tenant ~= ARGV[2] or record[6] ~= ARGV[4] then return { 'unknown', '', '' } end
local partition = partition_of(KEYS[1])
state = state_at(KEYS[1], partition, tenant, state, record[3], now)
if record[8] then return { state == LOCKED and 'locked' or 'wrong', state, record[4] or '' } end
if state ~= PENDING then return { record[7] == message and 'repeated' or 'ended', state, record[4] or '' } end

local data = { unpack(ARGV, 6) }
if said == 'wrong' then
  local failures = redis.call('HINCRBY', KEYS[1], 'f', 1)
  redis.call('HSET', KEYS[1], 'o:' .. message, 1)
  for _, value in ipairs({ 'f', failures, 'i', record[6] }) do data[#data + 1] = value end
  journal(KEYS[1], partition, tenant, 'challenge.answer_refused', now, data)
  if failures < tonumber(record[5]) then return { 'wrong', PENDING, '' } end
  finish(KEYS[1], partition, tenant, LOCKED, '', now)
  return { 'locked', LOCKED, '' }
end
redis.call('HSET', KEYS[1], 'ao', message)
if said == 'no' then
  finish(KEYS[1], partition, tenant, DENIED, 'by_receiver', now, data)
  return { 'denied', DENIED, 'by_receiver' }
end
finish(KEYS[1], partition, tenant, APPROVED, '', now, data)
return { 'approved', APPROVED, '' }
