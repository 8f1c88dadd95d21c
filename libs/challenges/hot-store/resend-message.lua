-- Adds a message to a live challenge: the same code again, or under `rotate` a new one that kills the old.
-- Never resets the failures, never extends the life (STD-05, ATK-03).
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:lim:<tenant>:<ref>   3 {pNN}:due   4 {pNN}:journal
-- ARGV  1 clock offset, ms   2 operation   3 tenant   4 sweep after, ms   5 most messages, or 0 for no limit
--       6 channel letter   7 account   8 step   9 new MAC key id or ''   10 new MAC   11 new sealed code
--      12 language   13 number of cool-downs n, then n × ms   … then number of receiver windows n, then n × (limit, seconds)
--       last: length of the new code, or 0
-- Returns {'resent', message number, expires, resendFrom, failures, allowed} | {'unknown'} | {'ended', state, why}
--         | {'cool_down', ms} | {'send_limit'} | {'receiver', ms}
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'f', 'fm', 'n', 'ra', 'w', 'ro')
if not record[1] or record[2] ~= ARGV[3] then return { 'unknown' } end
local partition = partition_of(KEYS[1])
local tenant, expires = record[2], record[3]

local last_operation, last_number = string.match(record[9] or '', '^([^:]+):(%d+)$')
if last_operation == ARGV[2] then return { 'resent', last_number, expires, record[7], record[4], record[5] } end

local state = state_at(KEYS[1], partition, tenant, record[1], expires, now)
if state ~= PENDING then return { 'ended', state, record[8] or '' } end
local sends = tonumber(record[6])
if sends >= MOST_MESSAGES or (ARGV[5] ~= '0' and sends >= tonumber(ARGV[5])) then return { 'send_limit' } end
if now < tonumber(record[7]) then return { 'cool_down', string.format('%.0f', tonumber(record[7]) - now) } end

local at = 13
local cool_downs = {}
for index = 1, tonumber(ARGV[at]) do cool_downs[index] = tonumber(ARGV[at + index]) end
at = at + #cool_downs + 1
local windows = {}
for index = 1, tonumber(ARGV[at]) * 2 do windows[index] = ARGV[at + index] end
local log = ''
if #windows > 0 then
  log = redis.call('GET', KEYS[2]) or ''
  local wait = receiver_wait(log, windows, now)
  if wait > 0 then return { 'receiver', string.format('%.0f', wait) } end
end
note_send(KEYS[2], log, windows, now)

local number = sends + 1
local pause = cool_downs[math.min(number, #cool_downs)] or 0
local resend_from = string.format('%.0f', now + pause)
redis.call('HSET', KEYS[1], 'n', number, 'ra', resend_from, 'ro', ARGV[2] .. ':' .. number, 'lg', ARGV[12])
-- A code that was given is not ours to change.
if ARGV[9] ~= '' and redis.call('HEXISTS', KEYS[1], 'ck') == 0 then
  redis.call('HSET', KEYS[1], 'hk', ARGV[9], 'h', ARGV[10], 'c', ARGV[11], 'l', ARGV[#ARGV])
end
save_message(KEYS[1], partition, tenant, number, { state = 'q', channel = ARGV[6], attempt = 0, due = now, token = '',
  account = ARGV[7], flags = '', step = ARGV[8] }, now)
redis.call('ZADD', KEYS[3], string.format('%.0f', now + tonumber(ARGV[4])), id_of(KEYS[1]) .. ':' .. number)
return { 'resent', number, expires, resend_from, record[4], record[5] }
