-- Compares one answer, counts it, and moves the challenge: all in one step, so that parallel answers
-- cannot pass the limit and a right one is accepted once (ATK-01, ATK-04, STD-04).
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:exp   3 {pNN}:due   4 {pNN}:journal
-- ARGV  1 clock offset, ms   2 operation   3 tenant   4 generator or ''   5 purpose or ''   6 context digest or ''
--       7 length of the answer: without separators, or '<that>/<as typed>' when it may be a code that was given
--       8… key id, MAC of the answer under it (one pair per unretired key)
-- Returns {verdict, state, why, failures, allowed, expires, resendFrom, sends, channel letter,
--          wrong answers of this receiver in a row when this one was counted, profile or ''}
--   verdict: approved | approving | repeated | wrong | locked | ended | unknown | format | format_limit | context |
--            disabled | retired (why is the key id) | kind (a question, or what is answered in a chat)
--   approving: right, and it waits for its row in PostgreSQL; until then `finish-approval` alone moves the challenge
-- @include record
local MALFORMED_PER_MINUTE = 20
local APPROVING_LEASE_MS = 5000
local now = clock(tonumber(ARGV[1]))
local operation = ARGV[2]
local record = redis.call('HMGET', KEYS[1], 's', 't', 'g', 'e', 'l', 'f', 'fm', 'h', 'hk', 'x', 'p', 'ra', 'n', 'w', 'ao',
  'o:' .. operation, 'cf', 'm1', 'i', 'y', 'st', 'pf', 'ck', 'tn', 'k')
local state, tenant, generator, expires, failures = record[1], record[2], record[3], record[4], record[6]

if not state or tenant ~= ARGV[3] then return { 'unknown' } end
if ARGV[4] ~= '' and string.sub(generator, 1, #ARGV[4] + 1) ~= ARGV[4] .. ':' then return { 'unknown' } end
local partition = partition_of(KEYS[1])
local channel = record[18] and string.sub(record[18], 3, 3) or ''

local in_a_row = ''
local function answer(verdict, new_state, why, count)
  return { verdict, new_state, why or '', count, record[7], expires, record[12], record[13], channel, in_a_row,
    record[22] or '' }
end

local function fits(lengths)
  if lengths == record[5] then return true end
  local plain, typed = string.match(lengths, '^(%d*)/(%d+)$')
  if not plain then return false end
  return (record[23] == 'e' and typed or plain) == record[5]
end

state = state_at(KEYS[1], partition, tenant, state, expires, now)
if record[25] == 'y' or record[25] == 'i' then return answer('kind', state, '', failures) end
if state == APPROVING and record[15] == operation then return answer('approving', state, '', failures) end
if state ~= PENDING then
  if record[15] == operation then return answer('repeated', state, record[14], failures) end
  if state == LOCKED and record[16] then return answer('locked', state, record[14], failures) end
  return answer('ended', state, record[14], failures)
end
if record[16] then return answer('wrong', state, '', failures) end

if (record[10] or '') ~= ARGV[6] then
  finish(KEYS[1], partition, tenant, CANCELED, 'context_mismatch', now)
  return answer('context', CANCELED, 'context_mismatch', failures)
end

if not fits(ARGV[7]) then
  local start, count = string.match(record[17] or '', '^(%d+):(%d+)$')
  if not start or now - tonumber(start) >= 60000 then start, count = string.format('%.0f', now), '0' end
  if tonumber(count) >= MALFORMED_PER_MINUTE then return answer('format_limit', state, '', failures) end
  redis.call('HSET', KEYS[1], 'cf', start .. ':' .. string.format('%d', count + 1))
  return answer('format', state, '', failures)
end

-- However many challenges are open, a receiver's answers count together (ATK-01, STD-06).
local purpose = record[11] or 'authentication'
local receiver = receiver_of(partition, tenant, record[19], record[24] and 'test' or record[20])
if receiver and is_disabled(receiver, purpose) then
  journal(KEYS[1], partition, tenant, 'limit.refused', now, { 'why', 'disabled' })
  return answer('disabled', state, '', failures)
end
-- A code whose key has left the ring cannot be compared by anyone: that is not the person's failure.
local known = false
for at = 8, #ARGV, 2 do
  if ARGV[at] == record[9] then known = true end
end
if record[9] and not known then return answer('retired', state, record[9], failures) end

-- Counted before it is compared: whatever happens next, this answer has been used up.
failures = redis.call('HINCRBY', KEYS[1], 'f', 1)
local right = false
for at = 8, #ARGV, 2 do
  if ARGV[at] == record[9] and ARGV[at + 1] == record[8] then right = true end
end
if ARGV[5] ~= '' and ARGV[5] ~= purpose then right = false end

if right and record[21] then
  local lease_ends = string.format('%.0f', now + APPROVING_LEASE_MS)
  redis.call('HSET', KEYS[1], 's', APPROVING, 'ao', operation, 'al', lease_ends)
  redis.call('ZADD', KEYS[2], lease_ends, id_of(KEYS[1]))
  journal(KEYS[1], partition, tenant, 'challenge.approving', now, { 'f', failures })
  return answer('approving', APPROVING, '', failures)
end
if right then
  if receiver then note_success(receiver, purpose) end
  if record[22] == 'a' then note_verified(partition, tenant, record[19]) end
  redis.call('HSET', KEYS[1], 'ao', operation)
  finish(KEYS[1], partition, tenant, APPROVED, '', now, { 'f', failures, 'ch', channel })
  return answer('approved', APPROVED, '', failures)
end
redis.call('HSET', KEYS[1], 'o:' .. operation, 1)
journal(KEYS[1], partition, tenant, 'challenge.answer_refused', now,
  { 'f', failures, 'i', string.match(record[19] or '', '^[^:]*') })
if receiver then in_a_row = note_failure(receiver, purpose) end
if failures >= tonumber(record[7]) then
  finish(KEYS[1], partition, tenant, LOCKED, '', now)
  return answer('locked', LOCKED, '', failures)
end
return answer('wrong', PENDING, '', failures)
