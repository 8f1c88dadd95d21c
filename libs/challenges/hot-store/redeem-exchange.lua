-- Takes an exchange token, once. Repeated under its operation it is the same answer.
--
-- KEYS  1 {pNN}:ch:<id>
-- ARGV  1 clock offset, ms   2 tenant   3 operation   4 S256 of the verifier, or ''
--       5… key id, MAC of the token under it (one pair per unretired key)
-- Returns 'redeemed' | 'refused': unknown, used, too old, or without the verifier that its challenge asks for
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 't', 'pk', 'xk', 'xm', 'xe', 'xu')
if record[1] ~= ARGV[2] or not is_secret(record[3], record[4], 5) then return 'refused' end
if record[2] and record[2] ~= ARGV[4] then return 'refused' end
if record[6] == ARGV[3] then return 'redeemed' end
if record[6] or now > tonumber(record[5]) then return 'refused' end
redis.call('HSET', KEYS[1], 'xu', ARGV[3])
journal(KEYS[1], partition_of(KEYS[1]), record[1], 'challenge.exchanged', now)
return 'redeemed'
