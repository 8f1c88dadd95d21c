-- Counts what a provider account's last sends came to, and moves its breaker.
--
-- KEYS  1 {cfg}:breaker:<account>   2 {cfg}:breakers, a hash account → open until, ms, of those that are not closed
-- ARGV  1 clock offset, ms   2 account   3 good   4 bad   5 ms to stay open when an outcome was fatal, or 0
--       6 open for, ms   7 window, ms   8 least outcomes in it   9 probes that must go well
-- Returns {'closed' | 'open' | 'half_open', open until or '0', '1' when this call changed the state or '0'}
--
-- The account's hash: b<n> good:bad of one sixth of the window, o open until, p probes let through, g probes gone well
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local good, bad, fatal = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local window = tonumber(ARGV[7])

local function open(for_ms)
  local till = string.format('%.0f', now + for_ms)
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'o', till)
  redis.call('PEXPIRE', KEYS[1], for_ms + 3600000)
  redis.call('HSET', KEYS[2], ARGV[2], till)
  return { 'open', till, '1' }
end

if fatal > 0 then return open(fatal) end
local till = tonumber(redis.call('HGET', KEYS[1], 'o') or 0)
if till > 0 then
  -- What was under way when it opened says nothing new.
  if now < till then return { 'open', string.format('%.0f', till), '0' } end
  if bad > 0 then return open(tonumber(ARGV[6])) end
  if redis.call('HINCRBY', KEYS[1], 'g', good) < tonumber(ARGV[9]) then return { 'half_open', string.format('%.0f', till), '0' } end
  redis.call('DEL', KEYS[1])
  redis.call('HDEL', KEYS[2], ARGV[2])
  return { 'closed', '0', '1' }
end

local sixth = window / 6
local slot = math.floor(now / sixth)
local goods, bads = good, bad
local fields = redis.call('HGETALL', KEYS[1])
for at = 1, #fields, 2 do
  local n = tonumber(string.match(fields[at], '^b(%d+)$') or 0)
  if n > slot - 6 then
    local one, other = string.match(fields[at + 1], '^(%d+):(%d+)$')
    goods, bads = goods + one, bads + other
    if n == slot then good, bad = good + one, bad + other end
  else
    redis.call('HDEL', KEYS[1], fields[at])
  end
end
if goods + bads >= tonumber(ARGV[8]) and bads * 2 >= goods + bads then return open(tonumber(ARGV[6])) end
redis.call('HSET', KEYS[1], string.format('b%.0f', slot), string.format('%d:%d', good, bad))
redis.call('PEXPIRE', KEYS[1], window * 2)
return { 'closed', '0', '0' }
