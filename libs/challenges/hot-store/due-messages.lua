-- Names the messages of one partition that nobody settled in time, and looks at them again later.
--
-- KEYS  1 {pNN}:due
-- ARGV  1 clock offset, ms   2 most to name   3 look again after, ms
-- Returns {'<challenge id>:<message number>:<channel letter>:<attempt>:<what to do>', …}
--   what to do: s send it   f let the next step follow, it failed   q let the next step follow, it stays silent
-- @include record
local now = clock(tonumber(ARGV[1]))
local partition = partition_of(KEYS[1])
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, tonumber(ARGV[2]))
local found = {}
for _, member in ipairs(members) do
  local id, number = string.match(member, '^(.+):(%d+)$')
  local text = redis.call('HGET', partition .. 'ch:' .. id, 'm' .. number)
  local message = text and unpack_message(text)
  local todo = message and (has_flag(message, 'n') and 'f' or RANK[message.state] == 0 and 's' or has_flag(message, 'w') and 'q')
  if todo then
    found[#found + 1] = table.concat({ member, message.channel, message.attempt, todo }, ':')
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[3])), member)
  else
    redis.call('ZREM', KEYS[1], member)
  end
end
return found
