-- Writes what became of a message: the worker's own result, or a receipt from the provider. Forward only.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:due   3 {pNN}:journal
-- ARGV  1 clock offset, ms   2 message number   3 token of the try, or '' for a receipt
--       4 outcome: accepted | rejected | retry | postponed | unknown | unresolved  (a try)
--                  sent | delivered | read | failed  (a receipt)
--       5 reason or ''   6 provider's message id or ''   7 ms: retry after / resend an unknown after   8 sweep after, ms
--       9 account that the receipt came from, or ''   10 ms: accepted and silent for so long, the next step follows; 0 never
--      11 '1' when an unresolved message owes the next step   12 ms: accepted and not delivered for so long, it is dropped; 0 never
--      13 ms: it failed because its channel does not reach the receiver, remembered for so long; 0 for any other cause
--      14 what the provider charges, millionths of the currency, or ''   15 currency or ''
-- Returns {'settled', message state, challenge state, '1' when the next step is owed or ''}
--         | {'ignored', message state} | {'lost'} | {'gone'}
-- postponed: as retry, but nothing was called, so it was no attempt.
-- A price is kept by whichever receipt tells it, also one that moves nothing; one that is told again is no news.
-- unknown: asked again after its wait. unresolved: nobody will ever know, and nobody asks again.
-- @include record
local STATE = { accepted = 'a', rejected = 'f', retry = 'q', postponed = 'q', unknown = 'u', unresolved = 'u', sent = 't',
  delivered = 'd', read = 'r', failed = 'f' }
-- A job that is left over must not send it after all.
local NEVER = 9999999999999
local now = clock(tonumber(ARGV[1]))
local number, token, outcome, reason, provider_id = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local record = redis.call('HMGET', KEYS[1], 't', 'm' .. number, 's', 'i', 'y', 'tn', 'er')
if not record[2] then return { 'gone' } end
local partition, tenant, message = partition_of(KEYS[1]), record[1], unpack_message(record[2])
local member = id_of(KEYS[1]) .. ':' .. number
local target = STATE[outcome]
if ARGV[9] ~= '' and message.account ~= ARGV[9] then return { 'gone' } end

-- The pairs of a price that is news, and it is kept.
local function note_price()
  local price = ARGV[14] .. ':' .. ARGV[15]
  if ARGV[14] == '' or redis.call('HGET', KEYS[1], 'c' .. number) == price then return {} end
  redis.call('HSET', KEYS[1], 'c' .. number, price)
  return { 'pm', ARGV[14], 'pc', ARGV[15] }
end

-- A receipt that moves nothing may tell a price all the same.
local function ignore()
  local data = note_price()
  if #data > 0 then
    journal(KEYS[1], partition, tenant, 'message.priced', now,
      { 'm', number, 'ch', message.channel, 'ac', message.account, unpack(data) })
  end
  return { 'ignored', message.state }
end

-- Nobody waits for a message of a challenge that has ended.
local function watch()
  if record[3] ~= PENDING and record[3] ~= APPROVING then return end
  local silent, drop = tonumber(ARGV[10]), tonumber(ARGV[12])
  local look = drop
  if drop > 0 then redis.call('HSET', KEYS[1], 'x' .. number, string.format('%.0f', now + drop)) end
  if silent > 0 and (drop == 0 or silent < drop) then
    message.due = now + silent
    message.flags = message.flags .. 'w'
    look = silent
  end
  if look > 0 then redis.call('ZADD', KEYS[2], string.format('%.0f', now + look), member) end
end

if token ~= '' then
  -- A receipt may overtake the worker's own result; then it has said more than the worker knows.
  if message.token ~= token or (message.state ~= 's' and RANK[message.state] == 0) then return { 'lost' } end
  if message.state ~= 's' then
    if outcome == 'accepted' and RANK[message.state] < RANK.d then
      watch()
      redis.call('HSET', KEYS[1], 'm' .. number, pack_message(message))
    end
    return { 'ignored', message.state }
  end
elseif target == 'f' then
  if RANK[message.state] >= RANK.d then
    -- FI-33: it arrived, whatever is said now; but somebody may ask later who said so.
    if message.state ~= 'f' then
      journal(KEYS[1], partition, tenant, 'message.late_failure', now, { 'm', number, 'ch', message.channel, 'why', reason })
    end
    return ignore()
  end
elseif RANK[message.state] >= RANK[target] then
  return ignore()
end

-- It was only inferred: the record says what is so.
if message.state == 'x' then redis.call('HDEL', KEYS[1], 'r' .. number) end
message.state = target
if outcome == 'postponed' then message.attempt = message.attempt - 1 end
local data = note_price()
if reason ~= '' then
  redis.call('HSET', KEYS[1], 'r' .. number, reason)
  data[#data + 1] = 'why'; data[#data + 1] = reason
end
if provider_id ~= '' and not record[7] then data[#data + 1] = 'pid'; data[#data + 1] = provider_id end
local owed = false
if target == 'q' or outcome == 'unknown' then
  message.due = now + tonumber(ARGV[7])
  redis.call('ZADD', KEYS[2], string.format('%.0f', message.due + (target == 'q' and tonumber(ARGV[8]) or 0)), member)
elseif target == 'a' then
  redis.call('ZREM', KEYS[2], member)
  watch()
elseif target ~= 't' or not (has_flag(message, 'w') or drops_at(KEYS[1], number, message)) then
  redis.call('ZREM', KEYS[2], member)
  drop_flags(message, 'wn')
  if outcome == 'unresolved' then message.due = NEVER end
  if target == 'f' or (outcome == 'unresolved' and ARGV[11] == '1') then
    owed = owe_next_step(KEYS[1], KEYS[2], member, message, now)
  end
end
save_message(KEYS[1], partition, tenant, number, message, now, data)
local suppressed = suppression_key(partition, tenant, record[4], record[5], record[6], message.channel)
if suppressed and RANK[target] >= RANK.d then
  local remember = target == 'f' and tonumber(ARGV[13]) or 0
  if remember > 0 then
    redis.call('SET', suppressed, string.format('%.0f', now + remember), 'PX', remember)
  elseif target ~= 'f' then
    redis.call('DEL', suppressed)
  end
end
if target == 'f' and not owed then finish_if_undeliverable(KEYS[1], partition, tenant, now) end
return { 'settled', target, redis.call('HGET', KEYS[1], 's'), owed and '1' or '' }
