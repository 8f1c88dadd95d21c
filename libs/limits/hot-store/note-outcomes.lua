-- Feeds the detectors with what became of challenges: conversion by prefix (FR-05), the conversion circuit (FR-09),
-- the spray detector (FR-14).
--
-- KEYS  1 {lim:<tenant>}:spray   2 …:spray:wrong   3 …:spray:right
--       4 … per finished challenge of a known prefix: its circuit, its prefix
-- ARGV  1 clock offset, ms   2 … per outcome: what (w wrong code, a approved, x ended otherwise), at ms, opened ms,
--       receiver or '', whether it has keys (1 or 0)
-- Returns notices: `low:n` conversion is low, `open:n` the circuit opened, `closed:n` it closed, for outcome n; `spray:0`
-- At least once: an outcome told twice counts twice, which statistics bear.
-- @include reservation
local SLOT_MS, SLOTS = 300000, 12
local SAMPLE, LOW, WORST = 20, 0.35, 0.15
local TRIALS = 5
local BLOCK_MS, LONGEST_BLOCK_MS = DAY_MS / 2, 7 * DAY_MS
local CIRCUIT_MS, CLOSED_MS = 14 * DAY_MS, 7200000
local SPRAY_MS, SPRAY_TARGETS, SPRAY_SUCCESS = 600000, 50, 0.2
local MOST_TARGETS = 10000
local now = clock(tonumber(ARGV[1]))
local notices = {}

local function note(what, number) notices[#notices + 1] = what .. ':' .. number end

local function open_circuit(key, block, number)
  redis.call('DEL', key)
  redis.call('HSET', key, 'state', 'o', 'until', whole(now + block), 'block', whole(block))
  redis.call('PEXPIRE', key, CIRCUIT_MS)
  note('open', number)
end

local function end_trial(key, approved, number, block)
  local finished = redis.call('HINCRBY', key, 'tf', 1)
  local right = redis.call('HINCRBY', key, 'ta', approved)
  if finished < TRIALS then return end
  if right / finished >= LOW then
    redis.call('DEL', key)
    note('closed', number)
  else
    open_circuit(key, math.min(block * 2, LONGEST_BLOCK_MS), number)
  end
end

local function sum_slots(key)
  local slot, names = math.floor(now / SLOT_MS), {}
  for back = 0, SLOTS - 1 do
    names[#names + 1] = 'f' .. slot - back
    names[#names + 1] = 'a' .. slot - back
  end
  local finished, approved = 0, 0
  local counts = redis.call('HMGET', key, unpack(names))
  for at = 1, SLOTS * 2, 2 do
    finished, approved = finished + (counts[at] or 0), approved + (counts[at + 1] or 0)
  end
  for back = SLOTS, SLOTS * 2 do redis.call('HDEL', key, 'f' .. slot - back, 'a' .. slot - back) end
  return finished, approved
end

local function note_conversion(key, approved, at, opened, number)
  local circuit = redis.call('HMGET', key, 'state', 'since', 'block', 'alerted')
  if circuit[1] == 'o' then return end
  if circuit[1] == 'h' then
    -- What was sent before the block ended is no trial.
    if opened >= tonumber(circuit[2]) then end_trial(key, approved, number, tonumber(circuit[3] or BLOCK_MS)) end
    return
  end
  local slot = math.floor(at / SLOT_MS)
  redis.call('HINCRBY', key, 'f' .. slot, 1)
  redis.call('HINCRBY', key, 'a' .. slot, approved)
  redis.call('PEXPIRE', key, CLOSED_MS)
  local finished, right = sum_slots(key)
  if finished < SAMPLE then return end
  if right / finished < WORST then
    open_circuit(key, BLOCK_MS, number)
  elseif right / finished < LOW and now - (circuit[4] or 0) >= SLOT_MS * SLOTS then
    redis.call('HSET', key, 'alerted', whole(now))
    note('low', number)
  end
end

local function note_prefix(key, approved, at)
  local hour = math.floor(at / 3600000)
  if redis.call('HINCRBY', key, 'f' .. hour, 1) == 1 then
    for back = 24, 48 do redis.call('HDEL', key, 'f' .. hour - back, 'a' .. hour - back) end
  end
  redis.call('HINCRBY', key, 'a' .. hour, approved)
  redis.call('PEXPIRE', key, DAY_MS)
end

local function note_target(key, target, at)
  redis.call('ZADD', key, at, target)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now - SPRAY_MS))
  redis.call('ZREMRANGEBYRANK', key, 0, -MOST_TARGETS - 1)
  redis.call('PEXPIRE', key, SPRAY_MS)
end

local key_at, number = 4, 0
for at = 2, #ARGV, 5 do
  number = number + 1
  local what, happened, opened, receiver = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  if receiver ~= '' and what == 'w' then note_target(KEYS[2], receiver, happened) end
  if receiver ~= '' and what == 'a' then note_target(KEYS[3], receiver, happened) end
  if ARGV[at + 4] == '1' then
    local approved = what == 'a' and 1 or 0
    note_conversion(KEYS[key_at], approved, tonumber(happened), opened, number)
    note_prefix(KEYS[key_at + 1] .. ':outcomes', approved, tonumber(happened))
    key_at = key_at + 2
  end
end

local wrong, right = redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3])
if wrong >= SPRAY_TARGETS and right / (wrong + right) < SPRAY_SUCCESS then
  if redis.call('SET', KEYS[1], 1, 'PX', SPRAY_MS, 'NX') then note('spray', 0)
  else redis.call('PEXPIRE', KEYS[1], SPRAY_MS) end
end
return notices
