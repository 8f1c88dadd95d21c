-- Hands an approval to whoever proved to be the browser that asked: once, and soon after it was given.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 tenant   3 operation   4 most ms between approval and exchange
-- Returns {verdict, state, why}
--   verdict: exchanged (also to the same operation again) | pending | ended | unknown
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'e', 'w', 'a', 'ex')
local state, tenant = record[1], record[2]
if not state or tenant ~= ARGV[2] then return { 'unknown', '', '' } end
local partition = partition_of(KEYS[1])
state = state_at(KEYS[1], partition, tenant, state, record[3], now)
if state == PENDING then return { 'pending', state, '' } end
if state ~= APPROVED then return { 'ended', state, record[4] or '' } end
if record[6] == ARGV[3] then return { 'exchanged', state, '' } end
if record[6] then return { 'ended', state, 'exchanged' } end
if now - tonumber(record[5]) > tonumber(ARGV[4]) then return { 'ended', state, 'exchange_late' } end
redis.call('HSET', KEYS[1], 'ex', ARGV[3])
journal(KEYS[1], partition, tenant, 'challenge.exchanged', now)
return { 'exchanged', state, '' }
