import { closeSync, existsSync, openSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../../support/house.js';
import type { JournalRow } from '../../support/journal.js';
import { KEPT, Oracle, type Receipt } from './oracle.js';

const NAME = '0123456789abcdefghjkmnpq';
const ID = `chl_${NAME}00`;
const RECEIVER = '+525510000001';
const CODE = '482913';
const EXPIRES_AT = Date.parse('2030-01-01T00:10:00Z');

/** An oracle that sees nothing would pass every fault: one broken promise of each kind is put before it. */
describe('the oracle', () => {
  let oracle: Oracle;
  let types: string[];
  let receipts: Receipt[];

  beforeEach(() => {
    oracle = new Oracle(undefined as never);
    oracle.noteOpened(answer(201, { id: ID, expiresAt: new Date(EXPIRES_AT).toISOString() }), RECEIVER);
    oracle.noteCode(ID, CODE);
    oracle.noteCheck(ID, answer(200, { valid: true }));
    types = ['challenge.requested', 'message.queued', 'message.sent', 'challenge.approved'];
    receipts = [receipt({})];
  });

  const judge = (rows = rowsOf(types)) => oracle.hold(rows, receipts);

  it('finds nothing where all promises were kept', () => {
    oracle.listen(() => '{"pid":482913,"level":"info"}');
    oracle.noteAnswer(problem(503, { 'retry-after': '1' }));
    oracle.noteRecovery(30_000);
    expect(judge()).toMatchObject({ ...KEPT, opened: 1, approved: 1, received: 1, untaggedDuplicates: 0 });
  });

  it('I1: a challenge that reached nobody and came to no end', () => {
    types = ['challenge.requested', 'message.queued'];
    oracle.challenges.get(ID)!.approvals = 0;
    receipts = [];
    expect(judge()).toMatchObject({ ...KEPT, I1: 1 });
    types.push('message.failed');
    expect(judge()).toMatchObject(KEPT);
  });

  it('I2: two approvals in the journal, or two that were answered', () => {
    types.push('challenge.approved');
    expect(judge()).toMatchObject({ ...KEPT, I2: 1 });
    types.pop();
    oracle.noteCheck(ID, answer(200, { valid: true }));
    expect(judge()).toMatchObject({ ...KEPT, I2: 1 });
  });

  it('I3: another code in a repeated message, or one that was never the challenge’s', () => {
    receipts.push(receipt({ code: '111111', tagged: true }));
    expect(judge().I3).toBeGreaterThan(0);
    receipts = [receipt({ code: '111111' })];
    expect(judge()).toMatchObject({ ...KEPT, I3: 1 });
  });

  it('I4: a message that was handed over after its challenge had ended', () => {
    receipts = [receipt({ at: EXPIRES_AT + 1 })];
    expect(judge()).toMatchObject({ ...KEPT, I4: 1 });
  });

  it('I5: more answers compared than allowed', () => {
    types.splice(3, 0, ...Array<string>(5).fill('challenge.answer_refused'));
    expect(judge()).toMatchObject(KEPT);
    types.splice(3, 0, 'challenge.answer_refused');
    expect(judge()).toMatchObject({ ...KEPT, I5: 1 });
  });

  it('I6: a gap, a double, no beginning, and an approval that only the caller knows', () => {
    const rows = rowsOf(types);
    expect(judge(rows.toSpliced(1, 1))).toMatchObject({ ...KEPT, I6: 1 });
    expect(judge(rows.toSpliced(1, 0, rows[1]!))).toMatchObject({ ...KEPT, I6: 1 });
    types[0] = 'message.queued';
    expect(judge()).toMatchObject({ ...KEPT, I6: 1 });
    types = ['challenge.requested', 'message.queued', 'message.sent'];
    expect(judge()).toMatchObject({ ...KEPT, I6: 1 });
  });

  it.each([
    ['a code', `checked ${CODE} just now`],
    ['a number', `{"to":"${RECEIVER}"}`],
  ])('I7: %s in what a process wrote', (_what, written) => {
    oracle.listen(() => written);
    expect(judge()).toMatchObject({ ...KEPT, I7: 1 });
  });

  it.each([
    ['without Retry-After', problem(503, {})],
    ['that tells to come back at once', problem(429, { 'retry-after': '0' })],
    ['that is no problem', answer(500, {})],
  ])('I8: a refusal %s', (_what, refusal) => {
    oracle.noteAnswer(refusal);
    expect(judge()).toMatchObject({ ...KEPT, I8: 1, refused: 1 });
  });

  it('I9: a recovery that took too long', () => {
    oracle.noteRecovery(30_001);
    expect(judge()).toMatchObject({ ...KEPT, I9: 1, slowestRecoveryMs: 30_001 });
  });

  it.runIf(existsSync('/proc/self/fd'))('I10: handles that are not given back', () => {
    oracle.weigh(process.pid);
    const files = Array.from({ length: 100 }, () => openSync(import.meta.filename, 'r'));
    expect(judge().I10).toBe(1);
    for (const file of files) closeSync(file);
    expect(judge().I10).toBe(0);
  });

  it('a message that went out twice, told apart from one that says so', () => {
    receipts.push(receipt({ tagged: true }));
    expect(judge()).toMatchObject({ ...KEPT, taggedDuplicates: 1, untaggedDuplicates: 0 });
    receipts.push(receipt({}));
    expect(judge()).toMatchObject({ ...KEPT, untaggedDuplicates: 1 });
  });
});

function answer(status: number, json: object, headers: Record<string, string> = {}): Answer {
  return { status, json, headers, text: JSON.stringify(json) };
}

function problem(status: number, headers: Record<string, string>): Answer {
  return answer(status, {}, { 'content-type': 'application/problem+json; charset=utf-8', ...headers });
}

function rowsOf(types: readonly string[]): JournalRow[] {
  return types.map((type, at) => ({
    event_id: `${NAME}0${at}`,
    challenge_id: ID,
    sequence: at + 1,
    type,
    data: {},
  }));
}

function receipt({ code = CODE, at = EXPIRES_AT - 1, tagged = false }): Receipt {
  return {
    code,
    correlation: `msg_${NAME}04${tagged ? '.d' : ''}`,
    receivedAt: new Date(at).toISOString(),
    to: RECEIVER,
  };
}
