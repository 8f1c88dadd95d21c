-- Notes what a person was last asked by a sender, so that their plain words find it.
--
-- KEYS  1 {pNN}:asked:<tenant>:<person>: a hash, sender → challenge, one for each sender that they write to
-- ARGV  1 sender   2 challenge   3 how long the challenge is known, ms
-- Returns 1
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[3])))
return 1
