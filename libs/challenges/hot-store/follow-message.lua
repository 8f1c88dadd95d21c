-- Lets the next step of the plan follow a message that failed, was never resolved or stays silent: the same code, in
-- the same challenge. It is our doing and not the caller's, so no cool-down holds it up; it counts as a message, and to
-- its receiver as any other.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:due   3 {pNN}:journal
-- ARGV  1 clock offset, ms   2 message number that is followed   3 sweep after, ms   4 most messages, or 0 for no limit
--       5 channel letter of the next message, or '' when no step is left   6 account   7 step   8 language
--       9 why this route was taken
--      10 number n of steps that were refused before, then n × (channel letter, why)
--       … then receiver limits, as `read_limits` takes them
-- Returns {'followed', message number, '1' when a window in shadow would have refused it, else ''}
--         | {'not_owed', '1' when it was followed or given up before, else ''}
--         | {'none_left', challenge state}: also when a limit refused it; refusals are journalled
-- Once followed it is not owed any more, so that a repeat sends nothing and tells no refusal twice.
-- @include record
local now = clock(tonumber(ARGV[1]))
local number, channel = ARGV[2], ARGV[5]
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'n', 'm' .. number, 'i', 'p')
if not record[5] then return { 'not_owed', '' } end
local partition, tenant, sends = partition_of(KEYS[1]), record[2], tonumber(record[4])
local message = unpack_message(record[5])
local member = id_of(KEYS[1]) .. ':' .. number
local silent = has_flag(message, 'w') and RANK[message.state] < RANK.d and now >= message.due
local state = state_at(KEYS[1], partition, tenant, record[1], record[3], now)
if state ~= PENDING or not (has_flag(message, 'n') or silent) then
  return { 'not_owed', has_flag(message, 'z') and '1' or '' }
end

drop_flags(message, 'wn')
message.flags = message.flags .. 'z'
redis.call('HSET', KEYS[1], 'm' .. number, pack_message(message))
local drop = drops_at(KEYS[1], number, message)
if drop then
  redis.call('ZADD', KEYS[2], string.format('%.0f', drop), member)
else
  redis.call('ZREM', KEYS[2], member)
end

-- FR-18: told in the timeline of the challenge, beside the message that nothing follows.
local function tell_refusal(refused_channel, why)
  journal(KEYS[1], partition, tenant, 'limit.refused', now, { 'why', why, 'ch', refused_channel, 'fo', number })
end
local after_refused = 11 + 2 * ARGV[10]
for at = 11, after_refused - 1, 2 do tell_refusal(ARGV[at], ARGV[at + 1]) end

local limits = read_limits(after_refused)
local receiver = limits and receiver_of(partition, tenant, record[6])
local why = channel ~= '' and follow_refusal(receiver, record[7], limits, sends, ARGV[4], now)
if why then tell_refusal(channel, why) end
if why or channel == '' then
  finish_if_undeliverable(KEYS[1], partition, tenant, now)
  return { 'none_left', redis.call('HGET', KEYS[1], 's') }
end

local shadowed = receiver and note_send(receiver, limits, now) or ''
local next_number = sends + 1
redis.call('HSET', KEYS[1], 'n', next_number, 'lg', ARGV[8])
save_message(KEYS[1], partition, tenant, next_number, { state = 'q', channel = channel, attempt = 0, due = now, token = '',
  account = ARGV[6], flags = '', step = ARGV[7] }, now, { 'rt', ARGV[9], 'fo', number })
redis.call('ZADD', KEYS[2], string.format('%.0f', now + tonumber(ARGV[3])), id_of(KEYS[1]) .. ':' .. next_number)
return { 'followed', next_number, shadowed }
