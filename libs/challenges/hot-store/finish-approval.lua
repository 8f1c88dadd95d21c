-- Ends the wait of a strict approval, once its row in PostgreSQL is known to be there or not to be there.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:exp   3 {pNN}:due   4 {pNN}:journal
-- ARGV  1 clock offset, ms   2 operation that waits, or '' for whichever does
--       3 approve: the row is this approval's   spent: the row is of an earlier approval   release: there is no row
--       4 why it is released, or ''
-- Returns what `check-answer` does
--   verdict: approved | repeated | ended | wrong (released) | unknown
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'f', 'fm', 'e', 'ra', 'n', 'w', 'ao', 'm1', 'i', 'y', 'p', 'pf', 'tn')
if not record[1] then return { 'unknown' } end
local partition, tenant, failures = partition_of(KEYS[1]), record[2], tonumber(record[3])
local channel = record[10] and string.sub(record[10], 3, 3) or ''

local function answer(verdict, state, why, count)
  return { verdict, state, why or '', count, record[4], record[5], record[6], record[7], channel, '', record[14] or '' }
end

local mine = ARGV[2] == '' or record[9] == ARGV[2]
if record[1] ~= APPROVING or not mine then
  if record[1] == APPROVED and record[9] == ARGV[2] then return answer('repeated', APPROVED, record[8], failures) end
  return answer('ended', record[1], record[8], failures)
end
redis.call('HDEL', KEYS[1], 'al')
local receiver = ARGV[3] ~= 'release' and receiver_of(partition, tenant, record[11], record[15] and 'test' or record[12])
if receiver then note_success(receiver, record[13] or 'authentication') end
if ARGV[3] ~= 'release' and record[14] == 'a' then note_verified(partition, tenant, record[11]) end
if ARGV[3] == 'approve' then
  finish(KEYS[1], partition, tenant, APPROVED, '', now, decision_of(KEYS[1], { 'f', failures, 'ch', channel }))
  return answer('approved', APPROVED, '', failures)
end
if ARGV[3] == 'spent' then
  -- Redis lost what PostgreSQL kept: the approval was given before, and its event was told then.
  finish(KEYS[1], partition, tenant, APPROVED, 'approved_before', now, {}, 'challenge.approval_repeated')
  return answer('ended', APPROVED, 'approved_before', failures)
end
failures = redis.call('HINCRBY', KEYS[1], 'f', -1)
redis.call('HSET', KEYS[1], 's', PENDING)
redis.call('HDEL', KEYS[1], 'ao')
redis.call('ZADD', KEYS[2], record[5], id_of(KEYS[1]))
journal(KEYS[1], partition, tenant, 'challenge.approval_released', now, { 'f', failures, 'why', ARGV[4] })
return answer('wrong', PENDING, '', failures)
