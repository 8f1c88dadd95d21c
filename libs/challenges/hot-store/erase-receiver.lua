-- Forgets what is kept of a receiver for one tenant, beside its challenges. Counts of other tenants stay.
--
-- KEYS  1 {pNN}:lim:<ref>   2… {pNN}:ver|alert|asked|stop|miss:<tenant>:<ref> and {pNN}:sup:<tenant>:<ref>:<channel>
-- ARGV  1 tenant
-- Returns 1
redis.call('HDEL', KEYS[1], ARGV[1])
-- When no other tenant is left there, the count over all tenants was of this one.
if redis.call('HLEN', KEYS[1]) == 1 and redis.call('HEXISTS', KEYS[1], '*') == 1 then redis.call('DEL', KEYS[1]) end
redis.call('DEL', unpack(KEYS, 2))
return 1
