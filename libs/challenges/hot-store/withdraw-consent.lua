-- Writes down that a person wants no more, whatever they agreed to. Who says it twice is answered once.
--
-- KEYS  1 {pNN}:stop:<tenant>:<person>: digest of the message that was answered   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 tenant   3 id of the entry   4 digest of the provider's message id
--       5 how long the answer is remembered, ms   6… pairs for the journal: r, rs, sr, ch, pid
-- Returns 1 when it is to be answered, else 0
-- The entry's id follows from the message, so that it is in the journal once.
-- @include record
local now = clock(tonumber(ARGV[1]))
local first = redis.call('SET', KEYS[1], ARGV[4], 'NX', 'PX', ARGV[5])
redis.call('XADD', KEYS[2], '*', 'v', '1', 't', 'consent.withdrawn', 'c', ARGV[3], 'q', 1, 'n', ARGV[2],
  'at', string.format('%.0f', now), unpack(ARGV, 6))
return (first or redis.call('GET', KEYS[1]) == ARGV[4]) and 1 or 0
