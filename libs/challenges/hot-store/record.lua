-- What every script here shares: the challenge record, its messages, its journal.
--
-- {pNN}:ch:<id>, a hash whose values stay within 64 bytes so that Redis keeps it packed:
--   v  record version            s  state letter               w  why it ended
--   k  kind                      t  tenant                     g  generator:version
--   h  MAC of the code           hk key id of that MAC         c  sealed code
--   l  code length               f  answers compared           fm answers allowed
--   o  opened, ms                e  expires, ms                a  ended, ms
--   sr sealed receiver (sr2… when longer)
--   x  context digest            p  purpose                    i  name within the live key
--   n  messages so far           ra resend allowed from, ms    q  journal sequence
--   lg language                  y  mode of the key            md metadata, JSON
--   m1..m9 messages (below)      r1..r9 why a message failed
--   pf profile: a asvs-l2, p psd2     ck code that was given: e as typed, d digits   tn a test number
--   cx sealed transaction for the text (cx2… when longer)
--   ao operation that approved   o:<op> operation that was counted as a wrong answer
--   cf window start : malformed answers in it                  ro operation : message of the last resend
--
-- A message is `state:channel:attempt:when:token:account:flags:step`.
--   state  q queued, s sending, a accepted, t sent, d delivered, r read, f failed, u unknown
--   when   q: not before; s: end of the lease; u: may be sent again from (ms)
--   flags  d: an earlier attempt may have arrived as well (duplicatePossible)
local GRACE_MS = 900000
local MOST_MESSAGES = 9
local PENDING, APPROVED, EXPIRED, LOCKED, CANCELED, UNDELIVERABLE = 'P', 'A', 'X', 'L', 'C', 'U'
local EVENT_OF_STATE = {
  A = 'challenge.approved', X = 'challenge.expired', L = 'challenge.locked',
  C = 'challenge.canceled', U = 'challenge.undeliverable',
}
local EVENT_OF_MESSAGE = {
  q = 'message.queued', s = 'message.sending', a = 'message.accepted', t = 'message.sent',
  d = 'message.delivered', r = 'message.read', f = 'message.failed', u = 'message.unknown',
}
local RANK = { q = 0, s = 0, u = 0, a = 1, t = 2, d = 3, r = 4, f = 9 }

-- Redis time moved by the test offset, in ms. No other clock decides about a life or a limit.
local function clock(offset)
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000) + offset
end

local function partition_of(key)
  return string.match(key, '^({[^}]*}:)')
end

local function id_of(key)
  return string.match(key, ':ch:(.+)$')
end

-- Appends one transition to the partition's journal. `data` is a flat list of pairs.
local function journal(key, partition, tenant, event, now, data)
  local sequence = redis.call('HINCRBY', key, 'q', 1)
  redis.call('XADD', partition .. 'journal', '*', 'v', '1', 't', event, 'c', id_of(key), 'q', sequence,
    'n', tenant, 'at', string.format('%.0f', now), unpack(data or {}))
end

-- Ends a challenge: wipes the code and its MAC, frees the live key (a locked one keeps it until it expires).
local function finish(key, partition, tenant, state, why, now, data)
  redis.call('HSET', key, 's', state, 'w', why, 'a', string.format('%.0f', now))
  redis.call('HDEL', key, 'c', 'h', 'hk', 'cx', 'cx2', 'cx3', 'cx4', 'cx5', 'cx6', 'cx7', 'cx8')
  local record = redis.call('HMGET', key, 'i', 'n', 'g')
  local id = id_of(key)
  if state ~= LOCKED and record[1] then
    local live = partition .. 'live:' .. string.match(record[3], '^[^:]+') .. ':' .. record[1]
    if redis.call('GET', live) == id then redis.call('DEL', live) end
  end
  redis.call('ZREM', partition .. 'exp', id)
  for number = 1, tonumber(record[2]) do redis.call('ZREM', partition .. 'due', id .. ':' .. number) end
  local pairs_ = data or {}
  if why ~= '' then pairs_[#pairs_ + 1] = 'why'; pairs_[#pairs_ + 1] = why end
  journal(key, partition, tenant, EVENT_OF_STATE[state], now, pairs_)
end

-- The state after the clock has had its say: a pending challenge past its life is expired here and now.
local function state_at(key, partition, tenant, state, expires, now)
  if state == PENDING and now >= tonumber(expires) then
    finish(key, partition, tenant, EXPIRED, '', now)
    return EXPIRED
  end
  return state
end

local function unpack_message(text)
  local state, channel, attempt, due, token, account, flags, step =
    string.match(text, '^(%a):(%a):(%d+):(%d+):([^:]*):([^:]*):(%a*):(%d+)$')
  return { state = state, channel = channel, attempt = tonumber(attempt), due = tonumber(due), token = token,
    account = account, flags = flags, step = step }
end

local function pack_message(message)
  return string.format('%s:%s:%d:%.0f:%s:%s:%s:%s', message.state, message.channel, message.attempt, message.due,
    message.token, message.account, message.flags, message.step)
end

local function save_message(key, partition, tenant, number, message, now, data)
  redis.call('HSET', key, 'm' .. number, pack_message(message))
  local pairs_ = { 'm', number, 'ch', message.channel, 'ac', message.account, 'try', message.attempt }
  if message.flags ~= '' then pairs_[#pairs_ + 1] = 'fl'; pairs_[#pairs_ + 1] = message.flags end
  for _, value in ipairs(data or {}) do pairs_[#pairs_ + 1] = value end
  journal(key, partition, tenant, EVENT_OF_MESSAGE[message.state], now, pairs_)
end

-- A challenge whose every message was certainly refused cannot be answered any more.
local function finish_if_undeliverable(key, partition, tenant, now)
  local record = redis.call('HMGET', key, 's', 'n')
  if record[1] ~= PENDING then return end
  for number = 1, tonumber(record[2]) do
    if string.sub(redis.call('HGET', key, 'm' .. number), 1, 1) ~= 'f' then return end
  end
  finish(key, partition, tenant, UNDELIVERABLE, '', now)
end

-- The receiver's log of sends: 4-byte seconds, oldest first. `windows` is a flat list limit, seconds, ….
-- Returns 0 when another send fits, else the milliseconds until it does.
local function receiver_wait(log, windows, now)
  local seconds = math.floor(now / 1000)
  local count = #log / 4
  for at = 1, #windows, 2 do
    local limit, span = tonumber(windows[at]), tonumber(windows[at + 1])
    if count >= limit then
      local nth = struct.unpack('>I4', log, (count - limit) * 4 + 1)
      if nth + span > seconds then return (nth + span) * 1000 - now end
    end
  end
  return 0
end

local function note_send(key, log, windows, now)
  if #windows == 0 then return end
  local longest, most = 0, 0
  for at = 1, #windows, 2 do
    most = math.max(most, tonumber(windows[at]))
    longest = math.max(longest, tonumber(windows[at + 1]))
  end
  local kept = string.sub(log, -4 * (most - 1))
  if most == 1 then kept = '' end
  redis.call('SET', key, kept .. struct.pack('>I4', math.floor(now / 1000)), 'PX', longest * 1000)
end
