-- Opens a challenge with its first message, or names the one that is live already.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:live:<generator>:<name>   3 {pNN}:lim:<tenant>:<ref>   4 {pNN}:due   5 {pNN}:exp   6 {pNN}:journal
-- ARGV  1 clock offset, ms   2 id   3 life, ms   4 cool-down before the second message, ms
--       5 sweep after, ms    6 id of the live challenge this one replaces, or ''
--       7 channel letter     8 account   9 step of the channel plan
--      10 most messages, or 0 for no limit     11 receiver reference for the history
--      12 number of receiver windows n, then n × (limit, seconds)
--       … then field, value pairs of the record
-- Returns {'opened', expires, resendFrom, sends, failures, opened} | {'live', id, opened, now}
--         | {'cool_down', ms} | {'send_limit'} | {'receiver', ms}
-- Repeating the call with the same id after a lost reply changes nothing: the id is the operation.
-- @include record
local offset, id, life, cool_down, sweep_after = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local replaces, window_count = ARGV[6], tonumber(ARGV[12])
local now = clock(offset)
local partition = partition_of(KEYS[1])

local known = redis.call('HMGET', KEYS[1], 'e', 'ra', 'n', 'f', 'o')
if known[1] then return { 'opened', known[1], known[2], known[3], known[4], known[5] } end

local failures, sends, expires, superseded = '0', 1, now + life, false
local resend_from = now + cool_down
local live = redis.call('GET', KEYS[2])
if live then
  local old = partition .. 'ch:' .. live
  local record = redis.call('HMGET', old, 's', 't', 'e', 'f', 'n', 'o', 'ra')
  if record[1] and (state_at(old, partition, record[2], record[1], record[3], now) == PENDING or record[1] == LOCKED) then
    if record[1] == LOCKED or live ~= replaces then
      if now < tonumber(record[3]) then return { 'live', live, record[6], string.format('%.0f', now) } end
    else
      -- The successor inherits what an attacker must not be able to reset: failures, sends, end of life.
      if now < tonumber(record[7]) then return { 'cool_down', string.format('%.0f', tonumber(record[7]) - now) } end
      failures, sends, expires = record[4], tonumber(record[5]) + 1, tonumber(record[3])
      if ARGV[10] ~= '0' and sends > tonumber(ARGV[10]) then return { 'send_limit' } end
      -- The record has room for nine messages; without a limit their numbers begin again.
      if sends > MOST_MESSAGES then sends = 1 end
      superseded = true
    end
  end
end

local windows = {}
for at = 1, window_count * 2 do windows[at] = ARGV[12 + at] end
local log = ''
if window_count > 0 then
  log = redis.call('GET', KEYS[3]) or ''
  local wait = receiver_wait(log, windows, now)
  if wait > 0 then return { 'receiver', string.format('%.0f', wait) } end
end

local fields = {}
for at = 13 + window_count * 2, #ARGV do fields[#fields + 1] = ARGV[at] end
redis.call('HSET', KEYS[1], 's', PENDING, 'f', failures, 'n', sends, 'o', string.format('%.0f', now),
  'e', string.format('%.0f', expires), 'ra', string.format('%.0f', resend_from), unpack(fields))
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', expires + GRACE_MS - offset))
if superseded then
  finish(partition .. 'ch:' .. replaces, partition, redis.call('HGET', KEYS[1], 't'), CANCELED, 'superseded', now)
end
redis.call('SET', KEYS[2], id, 'PXAT', string.format('%.0f', expires - offset))
redis.call('ZADD', KEYS[5], string.format('%.0f', expires), id)
note_send(KEYS[3], log, windows, now)

local record = redis.call('HMGET', KEYS[1], 't', 'g', 'k', 'sr', 'p', 'lg', 'y', 'md', 'tn', 'sr2', 'sr3', 'sr4', 'sr5', 'sr6')
local receiver = table.concat({ record[4], record[10] or '', record[11] or '', record[12] or '', record[13] or '', record[14] or '' })
local data = { 'g', record[2], 'k', record[3], 'r', ARGV[11], 'sr', receiver, 'e', string.format('%.0f', expires) }
for at, name in ipairs({ 'p', 'lg', 'y', 'md', 'tn' }) do
  if record[4 + at] then data[#data + 1] = name; data[#data + 1] = record[4 + at] end
end
if superseded then data[#data + 1] = 'was'; data[#data + 1] = replaces end
journal(KEYS[1], partition, record[1], 'challenge.requested', now, data)

-- A successor's messages continue its predecessor's numbers, so those before it hold a failed placeholder.
for number = 1, sends - 1 do
  redis.call('HSET', KEYS[1], 'm' .. number, pack_message({ state = 'f', channel = ARGV[7], attempt = 0, due = 0,
    token = '', account = '', flags = '', step = '0' }))
end
save_message(KEYS[1], partition, record[1], sends, { state = 'q', channel = ARGV[7], attempt = 0, due = now,
  token = '', account = ARGV[8], flags = '', step = ARGV[9] }, now)
redis.call('ZADD', KEYS[4], string.format('%.0f', now + sweep_after), id .. ':' .. sends)
return { 'opened', string.format('%.0f', expires), string.format('%.0f', resend_from), sends, failures, string.format('%.0f', now) }
