-- Names the messages of one partition that nobody settled in time, and looks at them again later. One whose time at the
-- provider is over without a `delivered` is dropped here, and owes the next step.
--
-- KEYS  1 {pNN}:due   2 {pNN}:journal
-- ARGV  1 clock offset, ms   2 most to name   3 look again after, ms
-- Returns {'<challenge id>:<message number>:<channel letter>:<attempt>:<what to do>', …}
--   what to do: s send it   f let the next step follow, it failed   q let the next step follow, it stays silent
--               x let the next step follow, it was dropped
-- @include record
local now = clock(tonumber(ARGV[1]))
local partition = partition_of(KEYS[1])
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, tonumber(ARGV[2]))
local found = {}

-- The provider says nothing of what it drops: its time is over, and a late `delivered` will correct this.
local function drop(key, member, number, message)
  message.state = 'x'
  drop_flags(message, 'w')
  redis.call('HSET', key, 'r' .. number, 'inferred')
  redis.call('ZREM', KEYS[1], member)
  owe_next_step(key, KEYS[1], member, message, now)
  save_message(key, partition, redis.call('HGET', key, 't'), number, message, now, { 'why', 'inferred' })
end

local function todo_of(message)
  if has_flag(message, 'n') then return message.state == 'x' and 'x' or 'f' end
  return RANK[message.state] == 0 and 's' or has_flag(message, 'w') and 'q'
end

for _, member in ipairs(members) do
  local id, number = string.match(member, '^(.+):(%d+)$')
  local key = partition .. 'ch:' .. id
  local text = redis.call('HGET', key, 'm' .. number)
  local message = text and unpack_message(text)
  local drops = message and drops_at(key, number, message)
  if drops and now >= drops then drop(key, member, number, message) end
  local todo = message and todo_of(message)
  if todo then
    found[#found + 1] = table.concat({ member, message.channel, message.attempt, todo }, ':')
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[3])), member)
  elseif drops and now < drops then
    redis.call('ZADD', KEYS[1], string.format('%.0f', drops), member)
  else
    redis.call('ZREM', KEYS[1], member)
  end
end
return found
