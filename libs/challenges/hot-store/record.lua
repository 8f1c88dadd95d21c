-- What every script here shares: the challenge record, its messages, its journal.
--
-- {pNN}:ch:<id>, a hash whose values stay within 64 bytes so that Redis keeps it packed:
--   v  record version            s  state letter               w  why it ended
--   k  kind (c code, l link, i inbound, y confirm)
--   t  tenant                    g  generator:version
--   h  MAC of the code           hk key id of that MAC         c  sealed code; of a link its token
--   l  code length               f  answers compared           fm answers allowed
--   o  opened, ms                e  expires, ms                a  ended, ms
--   sr sealed receiver (sr2… when longer)
--   x  context digest            p  purpose                    i  name within the live key
--   n  messages so far           ra resend allowed from, ms    q  journal sequence
--   lg language                  y  mode of the key            md metadata, JSON
--   m1..m9 messages (below)      r1..r9 why a message failed
--   x1..x9 a message that is not delivered by then, ms, is dropped     c1..c9 what the provider charges, millionths:currency
--   ps steps of the channel plan when there are several
--   cv some of them are equal accounts, tried in any order: a step is left as long as one was not tried
--   fr sealed address of the other kind for later steps (fr2… when longer)
--   st strict: an approval waits for its row in PostgreSQL      al approving: end of that lease, ms
--   pf profile: a asvs-l2, p psd2     ck code that was given: e as typed, d digits   tn a test number
--   cx sealed transaction for the text, or what a question in the chat says (cx2… when longer)
--   cr reference of a question, two digits       vx sealed values of its words (vx2… when longer)
--   wd1..wd9 digest of what each message of it shows          uc replies that were not understood
--   dv how it was answered (button, quote, text)   dm message that was answered   ic its number may be in other hands
--   eu sealed words for the asking browser (eu2… when longer)   ru where a person is led back to
--   pk what the browser that asked proves itself by: S256 of PKCE
--   xk, xm key id and MAC of the exchange token   xe it ends, ms   xu operation that used it
--   ao operation that decided    o:<op> operation that was counted as a wrong answer, or was not understood
--   rv somebody wrote to us, ms   rc on which channel      rr their name among receivers   xf the name that was expected
--   ex operation that fetched the approval
--   er its receiver was erased: sr, fr, i and md are gone
--   cf window start : malformed answers in it                  ro operation : message of the last resend
--
-- A message is `state:channel:attempt:when:token:account:flags:step`.
--   state  q queued, s sending, a accepted, t sent, d delivered, r read, f failed, u unknown,
--          x dropped: nobody said so, but its time at the provider is over without a `delivered`
--   when   q: not before; s: end of the lease; u: may be sent again from; a, t under watch: silent from (ms)
--   flags  d: an earlier attempt may have arrived as well (duplicatePossible)
--          w: watched, the next step follows when it stays silent   n: the next step is owed   z: it has followed
--
-- {pNN}:lim:<ref>, one hash per receiver beside its challenges, so that one script moves both. Binary values within
-- 64 bytes. Gone a day after the last send, or 90 days while consecutive failures are kept. Test keys write none.
--   <tenant>  1 byte: sends since the last right answer · 4 bytes: consecutive failures, one for each purpose
--             · the last sends, 4-byte seconds, oldest first
--   *         every tenant's sends of a day: 4-byte minute of the first · 2-byte minutes after it, for each
--
-- {pNN}:sup:<tenant>:<ref>:<channel>: until when, ms, this channel is held not to reach the receiver, because a provider
-- said for certain that it does not. Test keys write none and read none: their receivers are the simulator's.
--
-- {pNN}:alert:<tenant>:<ref>, one hash per receiver: reference of a question → its challenge, as long as that is known,
-- so that a reply that names no message finds what it may be about.
-- {pNN}:tok:<digest>, {pNN}:asked:<tenant>:<person>, {pNN}:miss:…, {pNN}:unclear:…, {pNN}:stop:…: what the kind `inbound`
-- finds its challenges and its people by; see inbound-store.ts.

-- A value that may be longer than a field has so many of them at most: `sr`, `sr2`, … Only a full one is followed by another.
local FIELD_BYTES = 64
local MOST_FIELDS = { sr = 6, fr = 6, cx = 8, vx = 12, eu = 4 }
local GRACE_MS = 900000
local VERIFIED_MS = 180 * 86400000
local MOST_MESSAGES = 9
local PENDING, APPROVING, APPROVED, EXPIRED, LOCKED, CANCELED, DENIED, UNDELIVERABLE = 'P', 'G', 'A', 'X', 'L', 'C', 'D', 'U'
local EVENT_OF_STATE = {
  A = 'challenge.approved', X = 'challenge.expired', L = 'challenge.locked',
  C = 'challenge.canceled', D = 'challenge.denied', U = 'challenge.undeliverable',
}
local EVENT_OF_MESSAGE = {
  q = 'message.queued', s = 'message.sending', a = 'message.accepted', t = 'message.sent',
  d = 'message.delivered', r = 'message.read', f = 'message.failed', u = 'message.unknown',
  x = 'message.dropped',
}
-- A dropped one may arrive after all, but it is not `sent` again.
local RANK = { q = 0, s = 0, u = 0, a = 1, t = 2, x = 2.5, d = 3, r = 4, f = 9 }

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

-- What the person's own answer adds to the event that it decides: how it came, to which message, and what that showed.
local function decision_of(key, data)
  local decided = redis.call('HMGET', key, 'dv', 'dm')
  if not decided[1] then return data end
  local added = { 'via', decided[1], 'm', decided[2], 'wd', redis.call('HGET', key, 'wd' .. decided[2]) or '' }
  for _, value in ipairs(added) do data[#data + 1] = value end
  return data
end

-- The fields of a long value after its first one.
local function more_fields(name)
  local names = {}
  for number = 2, MOST_FIELDS[name] do names[number - 1] = name .. number end
  return names
end

-- Ends a challenge: wipes the code, its MAC and what the words say, frees the live key (a locked one keeps it until it
-- expires).
local function finish(key, partition, tenant, state, why, now, data, event)
  redis.call('HSET', key, 's', state, 'w', why, 'a', string.format('%.0f', now))
  local record = redis.call('HMGET', key, 'i', 'n', 'g', 'cx', 'eu', 'vx')
  redis.call('HDEL', key, 'c', 'h', 'hk')
  for at, name in ipairs({ 'cx', 'eu', 'vx' }) do
    if record[3 + at] then redis.call('HDEL', key, name, unpack(more_fields(name))) end
  end
  local id = id_of(key)
  if state ~= LOCKED and record[1] then
    local live = partition .. 'live:' .. string.match(record[3], '^[^:]+') .. ':' .. record[1]
    if redis.call('GET', live) == id then redis.call('DEL', live) end
  end
  redis.call('ZREM', partition .. 'exp', id)
  for number = 1, tonumber(record[2]) do redis.call('ZREM', partition .. 'due', id .. ':' .. number) end
  local pairs_ = data or {}
  if why ~= '' then pairs_[#pairs_ + 1] = 'why'; pairs_[#pairs_ + 1] = why end
  journal(key, partition, tenant, event or EVENT_OF_STATE[state], now, pairs_)
end

-- The state after the clock has had its say: a pending challenge past its life is expired here and now.
local function state_at(key, partition, tenant, state, expires, now)
  if state == PENDING and now >= tonumber(expires) then
    finish(key, partition, tenant, EXPIRED, '', now)
    return EXPIRED
  end
  return state
end

-- Whether one of the pairs key id, MAC from this argument on is the one that was stored.
local function is_secret(kid, mac, from)
  for at = from, #ARGV, 2 do
    if kid and ARGV[at] == kid and ARGV[at + 1] == mac then return true end
  end
  return false
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

-- What the journal is told of a message's way, beside `data`: nothing where it is the first of the plan.
local function route_data(route, data)
  local told = data or {}
  if route ~= '' then told[#told + 1] = 'rt'; told[#told + 1] = route end
  return told
end

local function has_flag(message, flag)
  return string.find(message.flags, flag, 1, true) ~= nil
end

local function drop_flags(message, flags)
  message.flags = string.gsub(message.flags, '[' .. flags .. ']', '')
end

-- When an accepted message that is not delivered is dropped, ms; nil when never or no longer.
local function drops_at(key, number, message)
  if message.state ~= 'a' and message.state ~= 't' then return nil end
  return tonumber(redis.call('HGET', key, 'x' .. number) or nil)
end

-- How many steps of the plan were tried. A successor's places for its predecessor's messages have no account.
local function tried_steps(key, sends)
  local tried, count = {}, 0
  for number = 1, sends do
    local message = unpack_message(redis.call('HGET', key, 'm' .. number))
    if message.account ~= '' and not tried[message.step] then
      tried[message.step] = true
      count = count + 1
    end
  end
  return count
end

-- Owes the next step of the plan, when there is one and the challenge can still use it. The sweeper finds what
-- nobody follows at once. Returns true when owed.
local function owe_next_step(key, due, member, message, now)
  local record = redis.call('HMGET', key, 's', 'ps', 'cv', 'n')
  local gone = record[3] and tried_steps(key, tonumber(record[4])) or message.step + 1
  if record[1] ~= PENDING or has_flag(message, 'z') or gone >= tonumber(record[2] or 1) then return false end
  drop_flags(message, 'wn')
  message.flags = message.flags .. 'n'
  redis.call('ZADD', due, string.format('%.0f', now), member)
  return true
end

-- The key under which a channel is held not to reach a challenge's receiver, by the challenge's fields; nil for test keys.
local function suppression_key(partition, tenant, name, mode, test_number, channel)
  if mode == 'test' or test_number or not name then return nil end
  return partition .. 'sup:' .. tenant .. ':' .. string.match(name, '^[^:]+') .. ':' .. channel
end

-- A challenge whose every message was certainly refused, with none to follow, cannot be answered any more. One whose
-- earlier try may have arrived can.
local function finish_if_undeliverable(key, partition, tenant, now)
  local record = redis.call('HMGET', key, 's', 'n')
  if record[1] ~= PENDING then return end
  for number = 1, tonumber(record[2]) do
    local message = unpack_message(redis.call('HGET', key, 'm' .. number))
    if message.state ~= 'f' or has_flag(message, 'n') or has_flag(message, 'd') then return end
  end
  finish(key, partition, tenant, UNDELIVERABLE, '', now)
end

-- ── The receiver's record ──

local PURPOSE = { authentication = 1, address_verification = 2, recovery = 3, transaction = 4 }
-- STD-06: so many wrong answers in a row, over all challenges of one purpose, and the receiver must be bound anew.
local MOST_CONSECUTIVE_FAILURES = 100
-- STD-07: from so many consecutive failures on, so many seconds between sends.
local SLOWED = { { 75, 3600 }, { 50, 600 }, { 25, 30 } }
local KEEP_MS, KEEP_FAILURES_MS = 86400000, 7776000000

-- A flat list limit, seconds, … from ARGV[at]: their number n, then n × (limit, seconds). Returns what comes after, too.
local function read_windows(at)
  local windows = {}
  for index = 1, tonumber(ARGV[at]) * 2 do windows[index] = tonumber(ARGV[at + index]) end
  return windows, at + #windows + 1
end

-- The receiver's limits as `flattenLimits` of hot-store.ts writes them, from ARGV[at]: the windows (only -1: exempt), then
-- limit, seconds over all tenants, then limit, seconds since the last right answer, then the windows in shadow.
local function read_limits(at)
  if tonumber(ARGV[at]) < 0 then return nil, at + 1 end
  local limits = {}
  limits.windows, at = read_windows(at)
  limits.platform = { tonumber(ARGV[at]), tonumber(ARGV[at + 1]) }
  limits.unsolicited = { tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]) }
  limits.shadow, at = read_windows(at + 4)
  return limits, at
end

local function read_receiver(key, tenant)
  local packed = redis.call('HMGET', key, tenant, '*')
  local receiver = { key = key, tenant = tenant, since = 0, failures = { 0, 0, 0, 0 }, log = '', platform = packed[2] or '' }
  if packed[1] then
    receiver.since = string.byte(packed[1], 1)
    receiver.failures = { string.byte(packed[1], 2, 5) }
    receiver.log = string.sub(packed[1], 6)
  end
  return receiver
end

-- The record of the receiver that a challenge was opened for, by the challenge's fields `i` and `y`; nil for a test key's.
local function receiver_of(partition, tenant, name, mode)
  if mode == 'test' or not name then return nil end
  return read_receiver(partition .. 'lim:' .. string.match(name, '^[^:]+'), tenant)
end

local function save_receiver(receiver, platform)
  local own = string.char(receiver.since, unpack(receiver.failures)) .. receiver.log
  if platform then
    redis.call('HSET', receiver.key, receiver.tenant, own, '*', platform)
  else
    redis.call('HSET', receiver.key, receiver.tenant, own)
  end
  local keep = math.max(unpack(receiver.failures)) > 0 and KEEP_FAILURES_MS or KEEP_MS
  if redis.call('PTTL', receiver.key) < keep then redis.call('PEXPIRE', receiver.key, keep) end
end

-- Returns 0 when another send fits all windows (a flat list limit, seconds, …), else the milliseconds until it does.
local function receiver_wait(log, windows, now)
  local seconds = math.floor(now / 1000)
  local count, longest = #log / 4, 0
  for at = 1, #windows, 2 do
    local limit, span = windows[at], windows[at + 1]
    if count >= limit then
      local nth = struct.unpack('>I4', log, (count - limit) * 4 + 1)
      if nth + span > seconds then longest = math.max(longest, (nth + span) * 1000 - now) end
    end
  end
  return longest
end

-- The minutes in which any tenant sent, as long as they count. A minute counts to its end: never 21 in a day.
local function platform_minutes(receiver, span, now)
  local minutes = {}
  if receiver.platform == '' then return minutes end
  local first = struct.unpack('>I4', receiver.platform)
  for at = 5, #receiver.platform, 2 do
    local minute = first + struct.unpack('>I2', receiver.platform, at)
    if ((minute + 1) * 60 + span) * 1000 > now then minutes[#minutes + 1] = minute end
  end
  return minutes
end

-- FR-03: one person's day over all tenants.
local function platform_wait(receiver, limit, span, now)
  local minutes = platform_minutes(receiver, span, now)
  if #minutes < limit then return 0 end
  return ((minutes[#minutes - limit + 1] + 1) * 60 + span) * 1000 - now
end

-- STD-10: what was sent since the last right answer. It lapses with the window, so that nobody is shut out for good.
local function unsolicited_wait(receiver, unsolicited, now)
  if receiver.since == 0 then return 0 end
  return receiver_wait(string.sub(receiver.log, -4 * receiver.since), unsolicited, now)
end

-- STD-07.
local function slowed_wait(receiver, failures, now)
  if receiver.log == '' then return 0 end
  for _, step in ipairs(SLOWED) do
    if failures >= step[1] then
      return math.max(0, (struct.unpack('>I4', receiver.log, #receiver.log - 3) + step[2]) * 1000 - now)
    end
  end
  return 0
end

local function is_disabled(receiver, purpose)
  return receiver.failures[PURPOSE[purpose]] >= MOST_CONSECUTIVE_FAILURES
end

-- Why this receiver may not be sent to now, and for how many ms; nil when it may. Of several reasons the one that
-- lasts longest. The one over all tenants is told like the tenant's own: it must not tell that there are others.
-- `follows`: the message is our own doing, and no cool-down holds it up; STD-07 is one.
local function receiver_refusal(receiver, purpose, limits, now, follows)
  if is_disabled(receiver, purpose) then return 'disabled', 0 end
  local why, longest
  local function consider(reason, wait)
    if wait > (longest or 0) then why, longest = reason, wait end
  end
  consider('receiver', receiver_wait(receiver.log, limits.windows, now))
  consider('receiver', platform_wait(receiver, limits.platform[1], limits.platform[2], now))
  consider('unsolicited', unsolicited_wait(receiver, limits.unsolicited, now))
  if not follows then consider('slowed', slowed_wait(receiver, receiver.failures[PURPOSE[purpose]], now)) end
  return why, longest
end

-- Why nothing more may follow within a challenge now; nil when it may. `most`: of its messages, '0' for no limit.
local function follow_refusal(receiver, purpose, limits, sends, most, now)
  if sends >= MOST_MESSAGES or (most ~= '0' and sends >= tonumber(most)) then return 'send_limit' end
  return receiver and (receiver_refusal(receiver, purpose or 'authentication', limits, now, true))
end

-- Counts a send. Returns '1' when windows in shadow would have refused it (FR-02), else ''.
local function note_send(receiver, limits, now)
  local shadowed = receiver_wait(receiver.log, limits.shadow, now) > 0 and '1' or ''
  local most = limits.unsolicited[1]
  for _, windows in ipairs({ limits.windows, limits.shadow }) do
    for at = 1, #windows, 2 do most = math.max(most, windows[at]) end
  end
  receiver.log = string.sub(receiver.log .. struct.pack('>I4', math.floor(now / 1000)), -4 * most)
  receiver.since = math.min(receiver.since + 1, 255)
  local minutes = platform_minutes(receiver, limits.platform[2], now)
  -- A clock that was set back must not write an age below zero.
  minutes[#minutes + 1] = math.max(math.floor(now / 60000), minutes[#minutes] or 0)
  local packed = {}
  for at = math.max(1, #minutes - limits.platform[1] + 1), #minutes do
    if #packed == 0 then packed[1] = struct.pack('>I4', minutes[at]) end
    packed[#packed + 1] = struct.pack('>I2', minutes[at] - struct.unpack('>I4', packed[1]))
  end
  save_receiver(receiver, table.concat(packed))
  return shadowed
end

-- A wrong answer. Returns how many there were in a row.
local function note_failure(receiver, purpose)
  local at = PURPOSE[purpose]
  receiver.failures[at] = math.min(receiver.failures[at] + 1, 255)
  save_receiver(receiver)
  return receiver.failures[at]
end

-- A right answer, or the receiver bound anew: what counts in a row begins again.
local function note_success(receiver, purpose)
  local failed = receiver.failures[PURPOSE[purpose]] > 0
  if receiver.since == 0 and not failed then return end
  receiver.since, receiver.failures[PURPOSE[purpose]] = 0, 0
  save_receiver(receiver)
  -- Nobody else's failures keep the record: a day is enough again.
  if failed and math.max(unpack(receiver.failures)) == 0 and redis.call('HLEN', receiver.key) <= 2 then
    redis.call('PEXPIRE', receiver.key, KEEP_MS)
  end
end

-- STD-12: what was verified once may be authenticated by SMS, until numbers are dealt out again.
local function note_verified(partition, tenant, name)
  redis.call('SET', partition .. 'ver:' .. tenant .. ':' .. string.match(name, '^[^:]*'), 1, 'PX', VERIFIED_MS)
end

-- Seconds since each send that is remembered, oldest first, for the RateLimit fields of the answer.
local function ages_of(receiver, now)
  local ages = {}
  if not receiver then return '' end
  for at = 1, #receiver.log, 4 do
    ages[#ages + 1] = math.max(0, math.floor(now / 1000) - struct.unpack('>I4', receiver.log, at))
  end
  return table.concat(ages, ',')
end

-- FR-18: a refused message of a challenge that is there is told in its own timeline.
local function refuse_message(key, partition, tenant, why, wait, receiver, now)
  journal(key, partition, tenant, 'limit.refused', now, { 'why', why })
  return { why, string.format('%.0f', wait), ages_of(receiver, now) }
end
