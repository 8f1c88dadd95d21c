-- What every script here shares: the reservation, and how it is given back.
--
-- {lim:<tenant>}:res:<operation>, a list; its first entry is 'r', each further one undoes a count:
--   z|<key>|<member>           member of a log of sends or of distinct values
--   h|<key>|<field>|<amount>   field of a hash of counters
--   b|<key>|<amount>|<currency or ->   spent of a budget
-- {lim:<tenant>}:pending, a zset: operations that are not settled yet, by the time at which they lapse.
-- {lim:<tenant>}:of:<message>, the operation under which a message was sent that costs money.
-- {lim:<tenant>}:price:<message>, `<millionths> <currency>` of a message whose reservation is not settled yet.
local LAPSE_MS = 60000
local DAY_MS = 86400000
local MOST_LAPSED = 100

-- Redis time moved by the test offset, in ms.
local function clock(offset)
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000) + offset
end

local function whole(number)
  return string.format('%.0f', number)
end

local function record_of(pending, operation)
  return string.match(pending, '^({[^}]*}:)') .. 'res:' .. operation
end

local function message_key(pending, message)
  return string.match(pending, '^({[^}]*}:)') .. 'of:' .. message
end

local function price_key(pending, message)
  return string.match(pending, '^({[^}]*}:)') .. 'price:' .. message
end

-- The budget of money behind one line of a reservation: its key, what is taken out of it, the currency.
local function budget_of(line)
  return string.match(line, '^b|([^|]*)|(%d+)|(%u+)$')
end

local function costs_money(record)
  for _, line in ipairs(redis.call('LRANGE', record, 0, -1)) do
    if budget_of(line) then return true end
  end
  return false
end

-- Takes what was charged out of the budgets of that currency, in place of what was reserved or charged before.
local function settle_on(record, price, currency)
  for position, line in ipairs(redis.call('LRANGE', record, 0, -1)) do
    local budget, amount, reserved_in = budget_of(line)
    if budget and reserved_in == currency and redis.call('EXISTS', budget) == 1 then
      redis.call('HINCRBY', budget, 'n', whole(price - amount))
      redis.call('LSET', record, position - 1, 'b|' .. budget .. '|' .. price .. '|' .. reserved_in)
    end
  end
end

-- A count whose window has gone is left alone: writing to it would make a key without an end.
local function undo(line)
  local kind, key, rest = string.match(line, '^(%a)|([^|]*)|(.*)$')
  if not kind or redis.call('EXISTS', key) == 0 then return end
  if kind == 'z' then
    redis.call('ZREM', key, rest)
  elseif kind == 'h' then
    local field, amount = string.match(rest, '^([^|]*)|(%d+)$')
    redis.call('HINCRBY', key, field, '-' .. amount)
  else
    redis.call('HINCRBY', key, 'n', '-' .. string.match(rest, '^(%d+)|'))
  end
end

local function give_back(pending, operation)
  local record = record_of(pending, operation)
  for _, line in ipairs(redis.call('LRANGE', record, 0, -1)) do undo(line) end
  redis.call('DEL', record)
  redis.call('ZREM', pending, operation)
end

-- What was taken and never settled or released: its process died between the two.
local function give_back_lapsed(pending, now)
  local lapsed = redis.call('ZRANGEBYSCORE', pending, '-inf', whole(now), 'LIMIT', 0, MOST_LAPSED)
  for _, operation in ipairs(lapsed) do give_back(pending, operation) end
end
