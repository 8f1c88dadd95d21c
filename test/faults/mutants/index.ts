// Faults planted in the scripts one at a time. A test suite that does not notice one of them protects nothing there.

export interface Mutant {
  name: string;
  script: string;
  find: string;
  replace: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the expiry is not read',
    script: 'record',
    find: 'if state == PENDING and now >= tonumber(expires) then',
    replace: 'if false then',
  },
  {
    name: 'an answer is counted only after it was compared, and a wrong one is forgotten',
    script: 'check-answer',
    find: "failures = redis.call('HINCRBY', KEYS[1], 'f', 1)\nlocal right = false",
    replace: 'failures = tonumber(failures) + 1\nlocal right = false',
  },
  {
    name: 'a resend resets the failures',
    script: 'resend-message',
    find: "redis.call('HSET', KEYS[1], 'n', number,",
    replace: "redis.call('HSET', KEYS[1], 'f', 0, 'n', number,",
  },
  {
    name: 'a message is claimed without the fence',
    script: 'claim-message',
    find: 'if now < message.due then return',
    replace: "if message.state ~= 's' and now < message.due then return",
  },
  {
    name: 'a postponed message counts as a try',
    script: 'settle-message',
    find: "if outcome == 'postponed' then",
    replace: 'if false then',
  },
  {
    name: 'a challenge is given up although a try may have arrived',
    script: 'record',
    find: " or has_flag(message, 'd') then return end",
    replace: ' then return end',
  },
  {
    name: 'a successor forgets the failures of what it replaces',
    script: 'open-challenge',
    find: 'failures, sends, expires = record[4],',
    replace: "failures, sends, expires = '0',",
  },
  {
    name: 'a successor lives longer than what it replaces',
    script: 'open-challenge',
    find: 'tonumber(record[5]) + 1, tonumber(record[3])',
    replace: 'tonumber(record[5]) + 1, now + life',
  },
  {
    name: 'an approved challenge keeps its code',
    script: 'record',
    find: "redis.call('HDEL', key, 'c', 'h', 'hk')",
    replace: "redis.call('HDEL', key, 'hk')",
  },
  {
    name: 'a receipt moves a message backwards',
    script: 'settle-message',
    find: 'elseif RANK[message.state] >= RANK[target] then',
    replace: 'elseif RANK[message.state] == RANK[target] then',
  },
  {
    name: 'a repeated operation is counted again',
    script: 'check-answer',
    find: "if record[16] then return answer('wrong', state, '', failures) end",
    replace: '',
  },
  {
    name: 'another tenant’s challenge can be answered',
    script: 'check-answer',
    find: "if not state or tenant ~= ARGV[3] then return { 'unknown' } end",
    replace: "if not state then return { 'unknown' } end",
  },
  {
    name: 'the receiver’s limit is not kept',
    script: 'record',
    find: 'if nth + span > seconds then',
    replace: 'if false then',
  },
  {
    name: 'the limit over all tenants is not kept',
    script: 'record',
    find: 'if #minutes < limit then return 0 end',
    replace: 'if true then return 0 end',
  },
  {
    name: 'messages that nobody answered are not counted',
    script: 'record',
    find: 'if receiver.since == 0 then return 0 end',
    replace: 'if true then return 0 end',
  },
  {
    name: 'a right answer does not begin the count of unanswered messages again',
    script: 'record',
    find: 'receiver.since, receiver.failures[PURPOSE[purpose]] = 0, 0',
    replace: 'receiver.failures[PURPOSE[purpose]] = 0',
  },
  {
    name: 'a refusal is not written down',
    script: 'record',
    find: "journal(key, partition, tenant, 'limit.refused', now, { 'why', why })",
    replace: '',
  },
  {
    name: 'a context that was changed does not void the code',
    script: 'check-answer',
    find: "if (record[10] or '') ~= ARGV[6] then",
    replace: 'if false then',
  },
  {
    name: 'a message that failed is followed twice',
    script: 'follow-message',
    find: "message.flags = message.flags .. 'z'",
    replace: "message.flags = message.flags .. 'nz'",
  },
  {
    name: 'a failed message owes no next step',
    script: 'record',
    find: 'message.step + 1 >= tonumber(record[2] or 1) then return false end',
    replace: 'true then return false end',
  },
  {
    name: 'a watched message is followed before its time',
    script: 'follow-message',
    find: 'RANK[message.state] < RANK.d and now >= message.due',
    replace: 'RANK[message.state] < RANK.d',
  },
  {
    name: 'a strict approval is given before its row is there',
    script: 'check-answer',
    find: 'if right and record[19] then',
    replace: 'if false then',
  },
  {
    name: 'a released approval stays counted',
    script: 'finish-approval',
    find: "failures = redis.call('HINCRBY', KEYS[1], 'f', -1)",
    replace: "failures = tonumber(redis.call('HGET', KEYS[1], 'f'))",
  },
];
