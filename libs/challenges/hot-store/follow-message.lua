-- Lets the next step of the plan follow a message that failed, was never resolved or stays silent: the same code, in
-- the same challenge. It is our doing and not the caller's, so no cool-down holds it up; it counts as a message.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:due   3 {pNN}:journal
-- ARGV  1 clock offset, ms   2 message number that is followed   3 sweep after, ms   4 most messages, or 0 for no limit
--       5 channel letter of the next message, or '' when no step is left   6 account   7 step   8 language
--       9 why this route was taken
-- Returns {'followed', message number} | {'not_owed'} | {'none_left', challenge state}
-- Once followed it is not owed any more, so that a repeat sends nothing.
-- @include record
local now = clock(tonumber(ARGV[1]))
local number = ARGV[2]
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'n', 'm' .. number)
if not record[5] then return { 'not_owed' } end
local partition, tenant, sends = partition_of(KEYS[1]), record[2], tonumber(record[4])
local message = unpack_message(record[5])
local member = id_of(KEYS[1]) .. ':' .. number
local silent = has_flag(message, 'w') and RANK[message.state] < RANK.d and now >= message.due
local state = state_at(KEYS[1], partition, tenant, record[1], record[3], now)
if state ~= PENDING or not (has_flag(message, 'n') or silent) then return { 'not_owed' } end

drop_flags(message, 'wn')
message.flags = message.flags .. 'z'
redis.call('HSET', KEYS[1], 'm' .. number, pack_message(message))
redis.call('ZREM', KEYS[2], member)
if ARGV[5] == '' or sends >= MOST_MESSAGES or (ARGV[4] ~= '0' and sends >= tonumber(ARGV[4])) then
  finish_if_undeliverable(KEYS[1], partition, tenant, now)
  return { 'none_left', redis.call('HGET', KEYS[1], 's') }
end
local next_number = sends + 1
redis.call('HSET', KEYS[1], 'n', next_number, 'lg', ARGV[8])
save_message(KEYS[1], partition, tenant, next_number, { state = 'q', channel = ARGV[5], attempt = 0, due = now, token = '',
  account = ARGV[6], flags = '', step = ARGV[7] }, now, { 'rt', ARGV[9], 'fo', number })
redis.call('ZADD', KEYS[2], string.format('%.0f', now + tonumber(ARGV[3])), id_of(KEYS[1]) .. ':' .. next_number)
return { 'followed', next_number }
