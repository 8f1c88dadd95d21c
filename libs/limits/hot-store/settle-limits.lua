-- Makes reservations final, each at the price that is known by now.
--
-- KEYS  1 {lim…}:pending
-- ARGV  1 … per reservation: operation, price in millionths or '', currency or ''
-- Returns nothing. A reservation that has lapsed stays given back.
-- @include reservation
local KEPT_MS, PRICED_MS = 600000, DAY_MS

for at = 1, #ARGV, 3 do
  local operation, price, currency = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local record = record_of(KEYS[1], operation)
  redis.call('ZREM', KEYS[1], operation)
  local kept = KEPT_MS
  for position, line in ipairs(redis.call('LRANGE', record, 0, -1)) do
    local budget, amount, reserved_in = string.match(line, '^b|([^|]*)|(%d+)|(%u+)$')
    if budget then kept = PRICED_MS end
    if budget and price ~= '' and reserved_in == currency and redis.call('EXISTS', budget) == 1 then
      redis.call('HINCRBY', budget, 'n', whole(price - amount))
      redis.call('LSET', record, position - 1, 'b|' .. budget .. '|' .. price .. '|' .. reserved_in)
    end
  end
  redis.call('PEXPIRE', record, kept)
end
