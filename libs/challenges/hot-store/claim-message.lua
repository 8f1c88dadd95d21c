-- Takes a message for sending, under a lease. The fence before the provider call: of two workers that hold
-- the same job (one was paused and came back) only one is let through.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:due   3 {pNN}:journal
-- ARGV  1 clock offset, ms   2 message number   3 token of this try   4 lease, ms   5 least useful life, ms
--       6 most attempts
-- Returns {'claimed', attempt, flags, channel, account, step, expires, now, tenant, '1' when an earlier try's outcome
--          is not known or '', '1' when this channel is held not to reach the receiver or '', then field, value, … of the record}
--         | {'renewed'} | {'later', when, now} | {'done', state, '1' when the next step is owed or ''}
-- Calling again with the token that holds the lease extends it.
-- @include record
local NEEDED = { 'g', 'c', 'lg', 'y', 'p', 'tn', 'k', 'cr', 'sr', 'fr', 'cx', 'vx' }
local now = clock(tonumber(ARGV[1]))
local number, token, lease = ARGV[2], ARGV[3], tonumber(ARGV[4])
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'o', 'm' .. number, 'i', 'y', 'tn')
local partition = partition_of(KEYS[1])
local member = (id_of(KEYS[1]) or '') .. ':' .. number
if not record[1] or not record[5] then
  redis.call('ZREM', KEYS[2], member)
  return { 'done', 'gone' }
end
local tenant, message = record[2], unpack_message(record[5])

if message.state == 's' and message.token == token then
  message.due = now + lease
  redis.call('HSET', KEYS[1], 'm' .. number, pack_message(message))
  redis.call('ZADD', KEYS[2], string.format('%.0f', message.due), member)
  return { 'renewed' }
end
if RANK[message.state] > 0 then
  -- A job that is left over must not end the watch of a message, nor make the step that it owes forgotten.
  local owed = has_flag(message, 'n')
  if not owed and not has_flag(message, 'w') and not drops_at(KEYS[1], number, message) then
    redis.call('ZREM', KEYS[2], member)
  end
  return { 'done', message.state, owed and '1' or '' }
end
-- Not before its time; under another's lease; or unknown and still within the wait for a receipt.
if now < message.due then return { 'later', string.format('%.0f', message.due), string.format('%.0f', now) } end

local was = message.state
local function fail(why, next_may_help)
  message.state = (was == 'q' and not has_flag(message, 'd')) and 'f' or 'u'
  redis.call('HSET', KEYS[1], 'r' .. number, why)
  redis.call('ZREM', KEYS[2], member)
  local owed = next_may_help and owe_next_step(KEYS[1], KEYS[2], member, message, now)
  save_message(KEYS[1], partition, tenant, number, message, now, { 'why', why })
  if not owed then finish_if_undeliverable(KEYS[1], partition, tenant, now) end
  return { 'done', message.state, owed and '1' or '' }
end

local state = state_at(KEYS[1], partition, tenant, record[1], record[3], now)
if state ~= PENDING then return fail('challenge_ended') end
local life = tonumber(record[3]) - tonumber(record[4])
if tonumber(record[3]) - now < math.min(tonumber(ARGV[5]), life / 5) then return fail('too_late') end
-- An outcome nobody knows is followed by one more try with the same code, and told as such; never by a third.
if was ~= 'q' then
  if has_flag(message, 'd') then return fail('outcome_unknown', true) end
  message.flags = message.flags .. 'd'
end
if message.attempt >= tonumber(ARGV[6]) then return fail('attempts_exhausted', true) end

message.state, message.token, message.attempt, message.due = 's', token, message.attempt + 1, now + lease
save_message(KEYS[1], partition, tenant, number, message, now)
redis.call('ZADD', KEYS[2], string.format('%.0f', message.due), member)
local suppression = suppression_key(partition, tenant, record[6], record[7], record[8], message.channel)
local suppressed = suppression and tonumber(redis.call('GET', suppression) or 0) > now
local reply = { 'claimed', message.attempt, message.flags, message.channel, message.account, message.step, record[3],
  string.format('%.0f', now), tenant, was == 'q' and '' or '1', suppressed and '1' or '' }
local function add(names)
  for at, value in ipairs(redis.call('HMGET', KEYS[1], unpack(names))) do
    if value then
      reply[#reply + 1] = names[at]
      reply[#reply + 1] = value
      if MOST_FIELDS[names[at]] and #value == FIELD_BYTES then add(more_fields(names[at])) end
    end
  end
end
add(NEEDED)
return reply
