-- Opens a challenge with its first message, or names the one that is live already.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:live:<generator>:<name>   3 {pNN}:lim:<ref>   4 {pNN}:due   5 {pNN}:exp   6 {pNN}:journal
-- ARGV  1 clock offset, ms   2 id   3 life, ms   4 cool-down before the second message, ms
--       5 sweep after, ms    6 id of the live challenge this one replaces, or ''
--       7 channel letter     8 account   9 step of the channel plan
--      10 most messages, or 0 for no limit     11 receiver reference for the history
--      12 country or ''   13 digest of the number's prefix or ''   14 why this route was taken; '' for the first of the plan
--      15… receiver limits, as `read_limits` takes them
--       … then field, value pairs of the record
-- Returns {'opened', expires, resendFrom, sends, failures, opened, ages, shadowed} | {'live', id, opened, now}
--         | {why, ms, ages}: cool_down, send_limit, receiver, slowed, unsolicited, disabled; journalled
--         receiver also when a question finds no free reference
--         ages: seconds since each send to this receiver, '1,20,…'   shadowed: '1' when a window in shadow would have
--         refused it, else ''
-- Repeating the call with the same id after a lost reply changes nothing: the id is the operation.
-- @include record
local offset, id, life, cool_down, sweep_after = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local replaces = ARGV[6]
local now = clock(offset)
local partition = partition_of(KEYS[1])

local known = redis.call('HMGET', KEYS[1], 'e', 'ra', 'n', 'f', 'o')
if known[1] then return { 'opened', known[1], known[2], known[3], known[4], known[5], '', '' } end

local limits, after_limits = read_limits(15)
local fields, given = {}, {}
for at = after_limits, #ARGV, 2 do
  fields[#fields + 1] = ARGV[at]
  fields[#fields + 1] = ARGV[at + 1]
  given[ARGV[at]] = ARGV[at + 1]
end
local tenant, purpose = given.t, given.p or 'authentication'
local receiver = limits and read_receiver(KEYS[3], tenant)

-- What the history is told of a request, granted or refused.
local function describe()
  local sealed = { given.sr }
  for part = 2, 6 do sealed[part] = given['sr' .. part] end
  local data = { 'g', given.g, 'k', given.k, 'r', ARGV[11], 'sr', table.concat(sealed), 'ch', ARGV[7] }
  for _, name in ipairs({ 'p', 'lg', 'y', 'md', 'tn' }) do
    if given[name] then data[#data + 1] = name; data[#data + 1] = given[name] end
  end
  if ARGV[12] ~= '' then data[#data + 1] = 'cc'; data[#data + 1] = ARGV[12] end
  if ARGV[13] ~= '' then data[#data + 1] = 'px'; data[#data + 1] = ARGV[13] end
  return data
end

local failures, sends, expires, superseded = '0', 1, now + life, false
local resend_from = now + cool_down
local live = redis.call('GET', KEYS[2])
if live then
  local old = partition .. 'ch:' .. live
  local record = redis.call('HMGET', old, 's', 't', 'e', 'f', 'n', 'o', 'ra')
  if record[1] and (state_at(old, partition, record[2], record[1], record[3], now) == PENDING or record[1] == LOCKED or record[1] == APPROVING) then
    if record[1] ~= PENDING or live ~= replaces then
      if now < tonumber(record[3]) then return { 'live', live, record[6], string.format('%.0f', now) } end
    else
      -- The successor inherits what an attacker must not be able to reset: failures, sends, end of life.
      if now < tonumber(record[7]) then
        return refuse_message(old, partition, tenant, 'cool_down', tonumber(record[7]) - now, receiver, now)
      end
      failures, sends, expires = record[4], tonumber(record[5]) + 1, tonumber(record[3])
      if ARGV[10] ~= '0' and sends > tonumber(ARGV[10]) then
        return refuse_message(old, partition, tenant, 'send_limit', 0, receiver, now)
      end
      -- The record has room for nine messages; without a limit their numbers begin again.
      if sends > MOST_MESSAGES then sends = 1 end
      superseded = true
    end
  end
end

-- FR-18: where there is no challenge to tell it in, the one that was not opened is told of: refused, and nothing else.
local function refuse(why, wait)
  if superseded then return refuse_message(partition .. 'ch:' .. replaces, partition, tenant, why, wait, receiver, now) end
  redis.call('XADD', KEYS[6], '*', 'v', '1', 't', 'limit.refused', 'c', id, 'q', 1, 'n', tenant,
    'at', string.format('%.0f', now), 'why', why, unpack(describe()))
  return { why, string.format('%.0f', wait), ages_of(receiver, now) }
end

if receiver then
  local why, wait = receiver_refusal(receiver, purpose, limits, now)
  if why then return refuse(why, wait) end
end

-- A question is named by two digits that no other one of this receiver has, from a start that the caller drew.
local alerts = given.cr and partition .. 'alert:' .. tenant .. ':' .. string.match(given.i, '^[^:]+')
local function free_reference()
  for step = 0, 89 do
    local reference = tostring(10 + (given.cr - 10 + step) % 90)
    local taken = redis.call('HGET', alerts, reference)
    if not taken or redis.call('EXISTS', partition .. 'ch:' .. taken) == 0 then return reference end
  end
end
local reference = alerts and free_reference()
if alerts and not reference then return refuse('receiver', 60000) end

redis.call('HSET', KEYS[1], 's', PENDING, 'f', failures, 'n', sends, 'o', string.format('%.0f', now),
  'e', string.format('%.0f', expires), 'ra', string.format('%.0f', resend_from), unpack(fields))
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', expires + GRACE_MS - offset))
if reference then
  local keep = expires + GRACE_MS - now
  redis.call('HSET', KEYS[1], 'cr', reference)
  redis.call('HSET', alerts, reference, id)
  if redis.call('PTTL', alerts) < keep then redis.call('PEXPIRE', alerts, string.format('%.0f', keep)) end
end
if superseded then finish(partition .. 'ch:' .. replaces, partition, tenant, CANCELED, 'superseded', now) end
redis.call('SET', KEYS[2], id, 'PXAT', string.format('%.0f', expires - offset))
redis.call('ZADD', KEYS[5], string.format('%.0f', expires), id)
local shadowed = receiver and note_send(receiver, limits, now) or ''

local data = describe()
for _, value in ipairs({ 'e', string.format('%.0f', expires), 'ra', string.format('%.0f', resend_from), 'fm', given.fm }) do
  data[#data + 1] = value
end
if superseded then data[#data + 1] = 'was'; data[#data + 1] = replaces end
journal(KEYS[1], partition, tenant, 'challenge.requested', now, data)

-- A successor's messages continue its predecessor's numbers, so those before it hold a failed placeholder.
for number = 1, sends - 1 do
  redis.call('HSET', KEYS[1], 'm' .. number, pack_message({ state = 'f', channel = ARGV[7], attempt = 0, due = 0,
    token = '', account = '', flags = '', step = '0' }))
end
save_message(KEYS[1], partition, tenant, sends, { state = 'q', channel = ARGV[7], attempt = 0, due = now,
  token = '', account = ARGV[8], flags = '', step = ARGV[9] }, now, route_data(ARGV[14]))
redis.call('ZADD', KEYS[4], string.format('%.0f', now + sweep_after), id .. ':' .. sends)
return { 'opened', string.format('%.0f', expires), string.format('%.0f', resend_from), sends, failures,
  string.format('%.0f', now), ages_of(receiver, now), shadowed }
