-- Reads a challenge as it is now, expiring it first when its time has come. With a disclosure, the sealed
-- code is part of the answer and the journal says who asked: there is no way to one without the other.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 tenant   3 generator or ''   4 key id the code is disclosed to, or ''
-- Returns {} when unknown, else a flat list field, value, … of the record without code and MAC
--         (with the field c only when disclosed)
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'g', 'e')
if not record[1] or record[2] ~= ARGV[2] then return {} end
if ARGV[3] ~= '' and string.sub(record[3], 1, #ARGV[3] + 1) ~= ARGV[3] .. ':' then return {} end
local partition = partition_of(KEYS[1])
local state = state_at(KEYS[1], partition, record[2], record[1], record[4], now)
local disclose = ARGV[4] ~= '' and state == PENDING
if disclose then journal(KEYS[1], partition, record[2], 'challenge.disclosed', now, { 'by', ARGV[4] }) end
local all = redis.call('HGETALL', KEYS[1])
local reply = {}
for at = 1, #all, 2 do
  local name = all[at]
  if name ~= 'h' and name ~= 'hk' and (name ~= 'c' or disclose) then
    reply[#reply + 1] = name
    reply[#reply + 1] = all[at + 1]
  end
end
return reply
