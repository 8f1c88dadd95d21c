// Faults planted in the scripts one at a time. A test suite that does not notice one of them protects nothing there.

export interface Mutant {
  name: string;
  script: string;
  find: string;
  replace: string;
  /** Kinds of operations of the model that it takes to notice, where they are rare. */
  near?: readonly string[];
}

/** What happens to a message after it was handed over. */
const AFTERWARDS = ['claim', 'settle', 'pass', 'sweep'];

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
    name: 'a message that follows is not counted to its receiver',
    script: 'follow-message',
    find: "local shadowed = receiver and note_send(receiver, limits, now) or ''",
    replace: "local shadowed = ''",
  },
  {
    name: 'a message follows although its receiver’s windows are full',
    script: 'follow-message',
    find: 'follow_refusal(receiver, record[7],',
    replace: 'follow_refusal(nil, record[7],',
  },
  {
    name: 'a window in shadow tells nothing',
    script: 'record',
    find: "receiver_wait(receiver.log, limits.shadow, now) > 0 and '1'",
    replace: "false and '1'",
  },
  {
    name: 'a failed message owes no next step',
    script: 'record',
    find: 'gone >= tonumber(record[2] or 1) then return false end',
    replace: 'true then return false end',
  },
  {
    name: 'an equal account that was not tried is forgotten',
    script: 'record',
    find: 'local gone = record[3] and tried_steps(key, tonumber(record[4])) or message.step + 1',
    replace: 'local gone = message.step + 1',
    near: [...AFTERWARDS, 'follow'],
  },
  {
    name: 'a watched message is followed before its time',
    script: 'follow-message',
    find: 'RANK[message.state] < RANK.d and now >= message.due',
    replace: 'RANK[message.state] < RANK.d',
    near: [...AFTERWARDS, 'follow'],
  },
  {
    name: 'a job that is left over makes the step that its message owes forgotten',
    script: 'claim-message',
    find: "if not owed and not has_flag(message, 'w') and not drops_at(KEYS[1], number, message) then",
    replace: 'if true then',
  },
  {
    name: 'a message is dropped before its time',
    script: 'due-messages',
    find: 'if drops and now >= drops then',
    replace: 'if drops then',
    near: AFTERWARDS,
  },
  {
    name: 'a dropped message owes no next step',
    script: 'due-messages',
    find: 'owe_next_step(key, KEYS[1], member, message, now)',
    replace: '',
    near: AFTERWARDS,
  },
  {
    name: 'a dropped message is not corrected by its receipt',
    script: 'record',
    find: 'x = 2.5',
    replace: 'x = 9',
    near: [...AFTERWARDS, 'receipt'],
  },
  {
    name: 'a message that was followed for its silence is not dropped any more',
    script: 'follow-message',
    find: 'if drop then',
    replace: 'if false then',
    near: [...AFTERWARDS, 'follow'],
  },
  {
    name: 'a strict approval is given before its row is there',
    script: 'check-answer',
    find: 'if right and record[21] then',
    replace: 'if false then',
  },
  {
    name: 'a released approval stays counted',
    script: 'finish-approval',
    find: "failures = redis.call('HINCRBY', KEYS[1], 'f', -1)",
    replace: "failures = tonumber(redis.call('HGET', KEYS[1], 'f'))",
  },
];
