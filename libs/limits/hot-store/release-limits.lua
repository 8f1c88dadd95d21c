-- Gives a reservation back: nothing was sent under it.
--
-- KEYS  1 {lim…}:pending
-- ARGV  1 operation
-- Returns nothing. Repeating the call changes nothing.
-- @include reservation
give_back(KEYS[1], ARGV[1])
