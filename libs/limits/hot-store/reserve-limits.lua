-- Takes one send out of every shared limit that applies to it, or out of none (FR-04 to FR-11).
--
-- KEYS  1 {lim…}:res:<operation>   2 {lim…}:pending   3 … one key per check
-- ARGV  1 clock offset, ms   2 operation   3 … per check: kind, mode (e: enforce, s: shadow), number n of arguments, n arguments
--   window    limit, seconds, …                sends in sliding windows
--   prefix    limit, seconds, …                the same, unless the prefix converts
--   distinct  value, limit, seconds            distinct values in a sliding window
--   country   limit without history, factor, floor
--   circuit   (none)                           closed, open, half open: see note-outcomes
--   budget    d or m, limit, amount, currency or -
-- Returns {'admitted' | 'refused', number of the refusing check or 0, ms until it is worth asking again, numbers of the
--   checks in shadow that would have refused, notices `soft:n`, `hard:n`, `near:n`}
-- Repeating the call with the same operation after a lost reply counts once.
-- @include reservation
local SOFT_SHARE = 0.8
local CONVERTS, CONVERSION_SAMPLE = 0.35, 20
local HISTORY_DAYS = 30
local TRIALS, TRIALS_WAIT_MS = 5, 600000
local CIRCUIT_MS = 14 * DAY_MS
local now = clock(tonumber(ARGV[1]))
local operation = ARGV[2]
local undos, notices = { 'r' }, {}

local function note(what, number) notices[#notices + 1] = what .. ':' .. number end
local function undo_with(line) undos[#undos + 1] = line end

-- Days since 1970 to year, month, day, and back (proleptic Gregorian).
local function month_of(days)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  return yoe + era * 400 + (month <= 2 and 1 or 0), month
end

local function first_of(year, month)
  local y = month <= 2 and year - 1 or year
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local doy = math.floor((153 * (month > 2 and month - 3 or month + 9) + 2) / 5)
  return era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
end

-- The name of the budget's period and its end, ms.
local function period(kind)
  local days = math.floor(now / DAY_MS)
  if kind == 'd' then return 'd' .. days, (days + 1) * DAY_MS end
  local year, month = month_of(days)
  local next_year, next_month = month == 12 and year + 1 or year, month == 12 and 1 or month + 1
  return string.format('m%d-%02d', year, month), first_of(next_year, next_month) * DAY_MS
end

local function longest(args)
  local most = 0
  for at = 2, #args, 2 do most = math.max(most, tonumber(args[at])) end
  return most * 1000
end

-- Each judge returns the ms to wait, 0 when the send fits; each taker counts it.
local judge, take = {}, {}

function judge.window(key, args)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now - longest(args)))
  local wait = 0
  for at = 1, #args, 2 do
    local limit, span = tonumber(args[at]), args[at + 1] * 1000
    local after = '(' .. whole(now - span)
    local count = redis.call('ZCOUNT', key, after, '+inf')
    if count >= limit then
      local nth = redis.call('ZRANGEBYSCORE', key, after, '+inf', 'WITHSCORES', 'LIMIT', count - limit, 1)
      wait = math.max(wait, tonumber(nth[2]) + span - now)
    end
  end
  return wait
end

function take.window(key, args)
  redis.call('ZADD', key, whole(now), operation)
  redis.call('PEXPIRE', key, whole(longest(args)))
  undo_with('z|' .. key .. '|' .. operation)
end

-- Sequential numbers that are answered are a company's switchboard; those that are not are a pump.
function judge.prefix(key, args)
  local wait = judge.window(key, args)
  if wait == 0 then return 0 end
  local hour, finished, approved = math.floor(now / 3600000), 0, 0
  local fields = redis.call('HGETALL', key .. ':outcomes')
  for at = 1, #fields, 2 do
    if hour - tonumber(string.sub(fields[at], 2)) < 24 then
      if string.sub(fields[at], 1, 1) == 'f' then finished = finished + fields[at + 1]
      else approved = approved + fields[at + 1] end
    end
  end
  if finished >= CONVERSION_SAMPLE and approved / finished >= CONVERTS then return 0 end
  return wait
end
take.prefix = take.window

function judge.distinct(key, args)
  local value, limit, span = args[1], tonumber(args[2]), args[3] * 1000
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now - span))
  if redis.call('ZSCORE', key, value) or redis.call('ZCARD', key) < limit then return 0 end
  return redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] + span - now
end

function take.distinct(key, args)
  if redis.call('ZADD', key, whole(now), args[1]) == 1 then undo_with('z|' .. key .. '|' .. args[1]) end
  redis.call('PEXPIRE', key, whole(args[3] * 1000))
end

-- Three times the median day of the last thirty, once there are thirty; computed once a day.
local function country_cap(key, args, day)
  local kept = redis.call('HMGET', key, 'first', 'capday', 'cap')
  if not kept[1] or day - kept[1] < HISTORY_DAYS then return tonumber(args[1]) end
  if tonumber(kept[2] or -1) == day then return tonumber(kept[3]) end
  local names = {}
  for back = 1, HISTORY_DAYS do names[back] = 'd' .. day - back end
  local days = redis.call('HMGET', key, unpack(names))
  for at = 1, HISTORY_DAYS do days[at] = tonumber(days[at] or 0) end
  table.sort(days)
  local cap = math.max(tonumber(args[3]), math.floor(args[2] * (days[15] + days[16]) / 2))
  redis.call('HSET', key, 'capday', day, 'cap', whole(cap))
  return cap
end

local function country_day(key)
  local hour, names = math.floor(now / 3600000), {}
  for back = 0, 23 do names[24 - back] = 'h' .. hour - back end
  local sum, oldest = 0, nil
  for at, count in ipairs(redis.call('HMGET', key, unpack(names))) do
    if count and tonumber(count) > 0 then sum, oldest = sum + count, oldest or hour - 24 + at end
  end
  return sum, oldest, hour
end

function judge.country(key, args)
  local sum, oldest = country_day(key)
  if sum < country_cap(key, args, math.floor(now / DAY_MS)) then return 0 end
  return ((oldest or math.floor(now / 3600000)) + 24) * 3600000 - now
end

function take.country(key, args, number)
  local day = math.floor(now / DAY_MS)
  local sum, _, hour = country_day(key)
  redis.call('HSETNX', key, 'first', day)
  if redis.call('HINCRBY', key, 'h' .. hour, 1) == 1 then
    for back = 24, 72 do redis.call('HDEL', key, 'h' .. hour - back) end
    for back = HISTORY_DAYS + 1, HISTORY_DAYS + 10 do redis.call('HDEL', key, 'd' .. day - back) end
  end
  redis.call('HINCRBY', key, 'd' .. day, 1)
  redis.call('PEXPIRE', key, (HISTORY_DAYS + 10) * DAY_MS)
  undo_with('h|' .. key .. '|h' .. hour .. '|1')
  undo_with('h|' .. key .. '|d' .. day .. '|1')
  if sum + 1 >= country_cap(key, args, day) * SOFT_SHARE and redis.call('HGET', key, 'near') ~= tostring(day) then
    redis.call('HSET', key, 'near', day)
    note('near', number)
  end
end

local function circuit(key)
  local fields = redis.call('HMGET', key, 'state', 'until', 'trials', 'since')
  local half = fields[1] == 'h' and now - (fields[4] or 0) < DAY_MS
  return fields[1], tonumber(fields[2] or 0), half and tonumber(fields[3] or 0) or nil
end

function judge.circuit(key)
  local state, until_, trials = circuit(key)
  if state == 'o' and now < until_ then return until_ - now end
  if trials and trials >= TRIALS then return TRIALS_WAIT_MS end
  return 0
end

-- After the block a few sends are let through as trials; what becomes of them decides.
function take.circuit(key)
  local state, _, trials = circuit(key)
  if not state then return end
  if not trials then redis.call('HSET', key, 'state', 'h', 'since', whole(now), 'trials', 0, 'tf', 0, 'ta', 0) end
  redis.call('HINCRBY', key, 'trials', 1)
  redis.call('PEXPIRE', key, CIRCUIT_MS)
  undo_with('h|' .. key .. '|trials|1')
end

function judge.budget(key, args, number)
  local name, ends = period(args[1])
  local spent = tonumber(redis.call('HGET', key .. ':' .. name, 'n') or 0)
  if spent + args[3] <= tonumber(args[2]) then return 0 end
  if redis.call('HSETNX', key .. ':' .. name, 'hard', 1) == 1 then note('hard', number) end
  redis.call('PEXPIRE', key .. ':' .. name, whole(ends - now + DAY_MS))
  return ends - now
end

function take.budget(key, args, number)
  local name, ends = period(args[1])
  local full = key .. ':' .. name
  local spent = redis.call('HINCRBY', full, 'n', args[3])
  redis.call('PEXPIRE', full, whole(ends - now + DAY_MS))
  undo_with('b|' .. full .. '|' .. args[3] .. '|' .. args[4])
  if spent >= args[2] * SOFT_SHARE and redis.call('HSETNX', full, 'soft', 1) == 1 then note('soft', number) end
end

give_back_lapsed(KEYS[2], now)
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'admitted', 0, 0, '', '' } end

local checks, at = {}, 3
for number = 1, #KEYS - 2 do
  local args = {}
  for position = 1, tonumber(ARGV[at + 2]) do args[position] = ARGV[at + 2 + position] end
  checks[number] = { kind = ARGV[at], shadow = ARGV[at + 1] == 's', key = KEYS[number + 2], args = args }
  at = at + 3 + #args
end

local refusing, wait, shadowed = 0, 0, {}
for number, check in ipairs(checks) do
  check.wait = judge[check.kind](check.key, check.args, number)
  if check.wait > 0 and check.shadow then
    shadowed[#shadowed + 1] = number
  elseif check.wait > 0 and refusing == 0 then
    refusing, wait = number, check.wait
  end
end
local would_refuse = table.concat(shadowed, ',')
if refusing > 0 then return { 'refused', refusing, whole(wait), would_refuse, table.concat(notices, ',') } end

for number, check in ipairs(checks) do
  -- Money is spent whether or not somebody enforces the budget; a window in shadow counts what it would have let through.
  if check.wait == 0 or check.kind == 'budget' then take[check.kind](check.key, check.args, number) end
end
redis.call('RPUSH', KEYS[1], unpack(undos))
redis.call('PEXPIRE', KEYS[1], DAY_MS)
redis.call('ZADD', KEYS[2], whole(now + LAPSE_MS), operation)
redis.call('PEXPIRE', KEYS[2], DAY_MS)
return { 'admitted', 0, 0, would_refuse, table.concat(notices, ',') }
