-- Adds a message to a live challenge: the same code again, or under `rotate` a new one that kills the old.
-- Never resets the failures, never extends the life (STD-05, ATK-03).
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:due   3 {pNN}:journal
-- ARGV  1 clock offset, ms   2 operation   3 tenant   4 sweep after, ms   5 most messages, or 0 for no limit
--       6 channel letter   7 account   8 step   9 new MAC key id or ''   10 new MAC   11 new sealed code
--      12 language   13 why this route was taken; '' for the first of the plan   14 number of cool-downs n, then n × ms
--       … then receiver limits, as `read_limits` takes them
--       last: length of the new code, or 0
-- Returns {'resent', message number, expires, resendFrom, failures, allowed, ages, shadowed} | {'unknown'}
--         | {'ended', state, why}
--         | {why, ms, ages}: cool_down, send_limit, receiver, slowed, unsolicited, disabled; journalled
--         ages: seconds since each send to this receiver, '1,20,…'   shadowed: '1' when a window in shadow would have
--         refused it, else ''
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'f', 'fm', 'n', 'ra', 'w', 'ro', 'p', 'i')
if not record[1] or record[2] ~= ARGV[3] then return { 'unknown' } end
local partition = partition_of(KEYS[1])
local tenant, expires = record[2], record[3]

local last_operation, last_number = string.match(record[9] or '', '^([^:]+):(%d+)$')
if last_operation == ARGV[2] then return { 'resent', last_number, expires, record[7], record[4], record[5], '', '' } end

local state = state_at(KEYS[1], partition, tenant, record[1], expires, now)
if state ~= PENDING then return { 'ended', state, record[8] or '' } end
local cool_downs = {}
for index = 1, tonumber(ARGV[14]) do cool_downs[index] = tonumber(ARGV[14 + index]) end
local limits = read_limits(15 + #cool_downs)
local receiver = limits and receiver_of(partition, tenant, record[11])
local function refuse(why, wait)
  return refuse_message(KEYS[1], partition, tenant, why, wait, receiver, now)
end

local sends = tonumber(record[6])
if sends >= MOST_MESSAGES or (ARGV[5] ~= '0' and sends >= tonumber(ARGV[5])) then return refuse('send_limit', 0) end
if now < tonumber(record[7]) then return refuse('cool_down', tonumber(record[7]) - now) end
local shadowed = ''
if receiver then
  local why, wait = receiver_refusal(receiver, record[10] or 'authentication', limits, now)
  if why then return refuse(why, wait) end
  shadowed = note_send(receiver, limits, now)
end

local number = sends + 1
local pause = cool_downs[math.min(number, #cool_downs)] or 0
local resend_from = string.format('%.0f', now + pause)
redis.call('HSET', KEYS[1], 'n', number, 'ra', resend_from, 'ro', ARGV[2] .. ':' .. number, 'lg', ARGV[12])
-- A code that was given is not ours to change.
if ARGV[9] ~= '' and redis.call('HEXISTS', KEYS[1], 'ck') == 0 then
  redis.call('HSET', KEYS[1], 'hk', ARGV[9], 'h', ARGV[10], 'c', ARGV[11], 'l', ARGV[#ARGV])
end
save_message(KEYS[1], partition, tenant, number, { state = 'q', channel = ARGV[6], attempt = 0, due = now, token = '',
  account = ARGV[7], flags = '', step = ARGV[8] }, now, route_data(ARGV[13], { 'ra', resend_from }))
redis.call('ZADD', KEYS[2], string.format('%.0f', now + tonumber(ARGV[4])), id_of(KEYS[1]) .. ':' .. number)
return { 'resent', number, expires, resend_from, record[4], record[5], ages_of(receiver, now), shadowed }
