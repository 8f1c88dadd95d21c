-- Makes reservations final, each at the price that is known by now.
--
-- KEYS  1 {lim…}:pending
-- ARGV  1 … per reservation: operation, id of the message that was sent under it
-- Returns nothing. A reservation that has lapsed stays given back.
-- @include reservation
local KEPT_MS, PRICED_MS = 600000, DAY_MS

for at = 1, #ARGV, 2 do
  local operation, message = ARGV[at], ARGV[at + 1]
  local record = record_of(KEYS[1], operation)
  redis.call('ZREM', KEYS[1], operation)
  local kept = KEPT_MS
  if costs_money(record) then
    kept = PRICED_MS
    redis.call('SET', message_key(KEYS[1], message), operation, 'PX', PRICED_MS)
    local waiting = redis.call('GETDEL', price_key(KEYS[1], message))
    if waiting then settle_on(record, string.match(waiting, '^(%d+) (%u+)$')) end
  end
  redis.call('PEXPIRE', record, kept)
end
