-- Shows a link's challenge to who holds its token. Changes nothing but what time does: scanners look, too (ATK-21).
--
-- KEYS  1 {pNN}:ch:<id>
-- ARGV  1 clock offset, ms   2… key id, MAC of token and number under it (one pair per unretired key)
-- Returns {} when there is no such link, when it has ended, or for another token; else a flat list field, value, … of the
--         record without token and MAC
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'h', 'hk')
if not record[1] then return {} end
if state_at(KEYS[1], partition_of(KEYS[1]), record[2], record[1], record[3], now) ~= PENDING then return {} end
if not is_secret(record[5], record[4], 2) then return {} end
local reply, all = {}, redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  if all[at] ~= 'h' and all[at] ~= 'hk' and all[at] ~= 'c' then
    reply[#reply + 1] = all[at]
    reply[#reply + 1] = all[at + 1]
  end
end
return reply
