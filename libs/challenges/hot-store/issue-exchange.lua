-- Gives an approved link's one exchange token to the browser that asked. Asking for the same token again is the same
-- answer: of two clicks the browser shows the second one's.
--
-- KEYS  1 {pNN}:ch:<id>
-- ARGV  1 clock offset, ms   2 tenant   3 life of the token, ms   4 may be given for so long after the approval, ms
--       5 S256 of the verifier, or '' for a browser that is known by its cookie   6 key id   7 MAC of the token
-- Returns {'issued', expires} | {'spent'} | {'refused'}: the proof is none | {'ended', state, why} | {'unknown'}
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'w', 'a', 'ru', 'pk', 'xm', 'xe', 'xu', 'e', 'k')
if not record[1] or record[2] ~= ARGV[2] or record[11] ~= 'l' then return { 'unknown' } end
local partition = partition_of(KEYS[1])
local state = state_at(KEYS[1], partition, record[2], record[1], record[10], now)
if state ~= APPROVED then return { 'ended', state, record[3] or '' } end
local proof = record[5]
if ARGV[5] ~= '' then proof = record[6] == ARGV[5] end
if not proof then return { 'refused' } end
if record[7] then
  if record[7] == ARGV[7] and not record[9] then return { 'issued', record[8] } end
  return { 'spent' }
end
if now > tonumber(record[4]) + tonumber(ARGV[4]) then return { 'spent' } end
local expires = string.format('%.0f', now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'xk', ARGV[6], 'xm', ARGV[7], 'xe', expires)
journal(KEYS[1], partition, record[2], 'challenge.exchange_issued', now)
return { 'issued', expires }
