-- Counts what became of messages that one provider account carried: how many there were, and how many of them were
-- answered, by channel and country. Both decay, so that what was is forgotten.
--
-- KEYS  1 {conv:<account>}, a hash `<channel letter>:<country>` → `carried:answered:as of, ms:price`, the price in
--         millionths and its currency (`12500 EUR`), or nothing where none was told
-- ARGV  1 half-life, ms   2 ms that the counts are kept without a message
--       3 … per message: field, when its challenge ended, ms, whether it was answered (1 or 0), price or ''
-- Returns nothing
-- The time is the journal's: a batch that comes late weighs what it should. At least once: a message that is told twice
-- counts twice, which a rate bears.
local half_life = tonumber(ARGV[1])

local function decay(count, ms)
  return count * 2 ^ (-ms / half_life)
end

for at = 3, #ARGV, 4 do
  local field, ended, answered, price = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
  local known = redis.call('HGET', KEYS[1], field) or '0:0:0:'
  local carried_before, answered_before, since, price_before = string.match(known, '^([%d.]+):([%d.]+):(%d+):(.*)$')
  -- Partitions are read one after the other: an older ending may come later.
  local now = math.max(ended, tonumber(since))
  local carried = decay(tonumber(carried_before), now - since) + decay(1, now - ended)
  local converted = decay(tonumber(answered_before), now - since) + decay(answered, now - ended)
  redis.call('HSET', KEYS[1], field,
    string.format('%.4f:%.4f:%.0f:%s', carried, converted, now, price ~= '' and price or price_before))
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
