-- Says whether a receiver was closed by wrong answers in a row (STD-06), for who did not ask to be sent anything.
--
-- KEYS  1 {pNN}:lim:<ref>
-- ARGV  1 tenant   2 purpose
-- Returns 1 when it is closed, else 0
-- @include record
return is_disabled(read_receiver(KEYS[1], ARGV[1]), ARGV[2]) and 1 or 0
