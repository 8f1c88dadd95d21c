-- Settles budgets on what providers charged for messages.
--
-- KEYS  1 {lim…}:pending
-- ARGV  1 … per message: its id, price in millionths, currency
-- Returns nothing. Repeating the call changes nothing; a price that is told anew takes the place of the one before.
-- A receipt may be quicker than the process that settles the reservation: its price waits there for it.
-- @include reservation
local WAITS_MS = 60000

for at = 1, #ARGV, 3 do
  local message, price, currency = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local operation = redis.call('GET', message_key(KEYS[1], message))
  if operation then
    settle_on(record_of(KEYS[1], operation), price, currency)
  else
    redis.call('SET', price_key(KEYS[1], message), price .. ' ' .. currency, 'PX', WAITS_MS)
  end
end
