-- Binds a receiver anew: its consecutive wrong answers and its sends without a right one begin again (STD-06, STD-10).
--
-- KEYS  1 {pNN}:lim:<ref>   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 tenant   3 purpose   4 id of the journal entry   5 receiver reference for the history   6 key id
-- Returns wrong answers in a row until now
-- @include record
local now = clock(tonumber(ARGV[1]))
local receiver = read_receiver(KEYS[1], ARGV[2])
local failures = receiver.failures[PURPOSE[ARGV[3]]]
note_success(receiver, ARGV[3])
redis.call('XADD', KEYS[2], '*', 'v', '1', 't', 'receiver.unblocked', 'c', ARGV[4], 'q', 1, 'n', ARGV[2],
  'at', string.format('%.0f', now), 'r', ARGV[5], 'p', ARGV[3], 'f', failures, 'by', ARGV[6])
return failures
