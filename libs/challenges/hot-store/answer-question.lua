-- Takes what a person said to a question: a yes or a no decides it, once; anything else is noted, and perhaps asked again.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:exp   3 {pNN}:journal
-- ARGV  1 clock offset, ms   2 operation: names the person's message   3 tenant   4 yes | no | unclear | distrust
--       5 how it was said: button | quote | text   6 number of the message that was answered
--       7 why it is unclear, or ''   8 how often it may be asked again
-- Returns {verdict, state, '1' when it is to be asked again or ''}
--   verdict: approved | denied | approving | unclear | untrusted | ended | repeated | unknown
--   approving: yes, and it waits for its row in PostgreSQL; until then `finish-approval` alone moves the challenge
--   distrust: the number may be in other hands. A yes is not taken from then on (untrusted); a no still is.
-- What one message said counts once, however often it is told.
-- @include record
local APPROVING_LEASE_MS = 5000
local now = clock(tonumber(ARGV[1]))
local operation, said, how, number = ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local record = redis.call('HMGET', KEYS[1], 's', 't', 'k', 'e', 'ao', 'o:' .. operation, 'i', 'y', 'tn', 'p', 'st', 'uc',
  'ic', 'm' .. number)
local state, tenant, untrusted = record[1], record[2], record[13]
if not state or tenant ~= ARGV[3] or record[3] ~= 'y' or not record[14] then return { 'unknown', '', '' } end
local partition = partition_of(KEYS[1])
local channel = unpack_message(record[14]).channel

state = state_at(KEYS[1], partition, tenant, state, record[4], now)
if record[5] == operation then return { state == APPROVING and 'approving' or 'repeated', state, '' } end
if state ~= PENDING then return { 'ended', state, '' } end
if record[6] then return { 'unclear', state, record[6] } end

local function note_unclear(why, data)
  local pairs_ = { 'why', why, 'm', number, 'ch', channel }
  for _, value in ipairs(data or {}) do pairs_[#pairs_ + 1] = value end
  journal(KEYS[1], partition, tenant, 'challenge.unclear', now, pairs_)
end

if said == 'distrust' then
  if redis.call('HSETNX', KEYS[1], 'ic', 1) == 1 then note_unclear(ARGV[7]) end
  return { 'untrusted', state, '' }
end
if said == 'yes' and untrusted then
  if redis.call('HSETNX', KEYS[1], 'o:untrusted', '') == 1 then note_unclear('identity_changed', { 'via', how }) end
  return { 'untrusted', state, '' }
end
if said == 'unclear' then
  -- Whoever goes on talking is neither answered nor written down any more: silence holds.
  local count = redis.call('HINCRBY', KEYS[1], 'uc', 1)
  local most = tonumber(ARGV[8])
  if count > most + 1 then return { 'unclear', state, '' } end
  local again = count <= most and '1' or ''
  redis.call('HSET', KEYS[1], 'o:' .. operation, again)
  note_unclear(ARGV[7], { 'uc', count })
  return { 'unclear', state, again }
end

redis.call('HSET', KEYS[1], 'ao', operation, 'dv', how, 'dm', number)
local failures = redis.call('HINCRBY', KEYS[1], 'f', 1)
if said == 'no' then
  finish(KEYS[1], partition, tenant, DENIED, '', now, decision_of(KEYS[1], { 'f', failures, 'ch', channel }))
  return { 'denied', DENIED, '' }
end
if record[11] then
  local lease_ends = string.format('%.0f', now + APPROVING_LEASE_MS)
  redis.call('HSET', KEYS[1], 's', APPROVING, 'al', lease_ends)
  redis.call('ZADD', KEYS[2], lease_ends, id_of(KEYS[1]))
  journal(KEYS[1], partition, tenant, 'challenge.approving', now, { 'f', failures })
  return { 'approving', APPROVING, '' }
end
local receiver = receiver_of(partition, tenant, record[7], record[9] and 'test' or record[8])
if receiver then note_success(receiver, record[10] or 'authentication') end
finish(KEYS[1], partition, tenant, APPROVED, '', now, decision_of(KEYS[1], { 'f', failures, 'ch', channel }))
return { 'approved', APPROVED, '' }
