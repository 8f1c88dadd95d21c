-- Names the messages of one partition that nobody settled in time, and looks at them again later.
--
-- KEYS  1 {pNN}:due
-- ARGV  1 clock offset, ms   2 most to name   3 look again after, ms
-- Returns {'<challenge id>:<message number>:<channel letter>:<attempt>', …}
-- @include record
local now = clock(tonumber(ARGV[1]))
local partition = partition_of(KEYS[1])
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, tonumber(ARGV[2]))
local found = {}
for _, member in ipairs(members) do
  local id, number = string.match(member, '^(.+):(%d+)$')
  local text = redis.call('HGET', partition .. 'ch:' .. id, 'm' .. number)
  if text then
    local message = unpack_message(text)
    found[#found + 1] = member .. ':' .. message.channel .. ':' .. message.attempt
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[3])), member)
  else
    redis.call('ZREM', KEYS[1], member)
  end
end
return found
