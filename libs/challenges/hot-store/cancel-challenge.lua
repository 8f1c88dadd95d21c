-- Cancels a pending challenge. Cancelling a canceled one is the same answer again.
--
-- KEYS  1 {pNN}:ch:<id>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 tenant   3 generator or ''   4 reason
-- Returns {'canceled', failures, allowed, expires, resendFrom, sends} | {'ended', state, why} | {'unknown'}
-- @include record
local now = clock(tonumber(ARGV[1]))
local record = redis.call('HMGET', KEYS[1], 's', 't', 'g', 'e', 'w', 'f', 'fm', 'ra', 'n')
if not record[1] or record[2] ~= ARGV[2] then return { 'unknown' } end
if ARGV[3] ~= '' and string.sub(record[3], 1, #ARGV[3] + 1) ~= ARGV[3] .. ':' then return { 'unknown' } end
local canceled = { 'canceled', record[6], record[7], record[4], record[8], record[9] }
local partition = partition_of(KEYS[1])
local state = state_at(KEYS[1], partition, record[2], record[1], record[4], now)
if state == CANCELED and record[5] == ARGV[4] then return canceled end
if state ~= PENDING then return { 'ended', state, record[5] or '' } end
finish(KEYS[1], partition, record[2], CANCELED, ARGV[4], now)
return canceled
