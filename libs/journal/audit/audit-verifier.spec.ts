import { describe, expect, it } from 'vitest';
import { keyRingOf, newRingEntry, testConfig } from '../../../test/support/configuration.js';
import { Clock } from '#platform/clock';
import { newId, renderNative } from '#platform/identifiers';
import { type ChainedEvent, EXPORT_FORMAT, GENESIS, linkHash } from './audit-chain.js';
import { AuditSigner, type SignedStatement } from './audit-signer.js';
import { type AuditFault, type AuditKnowledge, type AuditVerdict, AuditVerifier } from './audit-verifier.js';

const TENANT = newId();
const CHAIN = renderNative('tenant', TENANT);
const clock = new Clock(testConfig());
const signer = new AuditSigner(keyRingOf(newRingEntry('k1')), clock);
const stranger = new AuditSigner(keyRingOf(newRingEntry('k1')), clock);
const ROWS = 12;
const CHECKPOINT_AT = 8;

type Line = Record<string, unknown>;

function eventOf(seq: number): ChainedEvent {
  return {
    chain: CHAIN,
    seq,
    at: new Date(Date.UTC(2026, 4, 1, 0, seq)).toISOString(),
    actor: 'cli',
    action: 'generator.updated',
    subject: `gen_${seq}`,
    after: `sha256:${'a'.repeat(64)}`,
  };
}

/** Rows `from` to `to`, chained, with a checkpoint on the way and the closing line. */
function exportOf({ rows = ROWS, by = signer }: { rows?: number; by?: AuditSigner } = {}): Line[] {
  const lines: Line[] = [
    {
      type: 'export',
      format: EXPORT_FORMAT,
      chain: CHAIN,
      at: clock.date().toISOString(),
      keys: by.publicKeys,
    },
  ];
  let hash = GENESIS;
  for (let seq = 1; seq <= rows; seq++) {
    const event = eventOf(seq);
    hash = linkHash(hash, event);
    lines.push({ type: 'event', ...event, hash });
    if (seq === CHECKPOINT_AT) lines.push(plain(by.sign('checkpoint', TENANT, { seq, hash })));
  }
  lines.push(plain(by.sign('end', TENANT, { seq: rows, hash })));
  return lines;
}

function plain({ publicKey: _publicKey, ...statement }: SignedStatement): Line {
  return statement as unknown as Line;
}

function judge(lines: readonly (Line | string)[], knowledge?: AuditKnowledge): AuditFault | AuditVerdict {
  const verifier = new AuditVerifier(knowledge);
  for (const line of lines) {
    const fault = verifier.read(typeof line === 'string' ? line : JSON.stringify(line));
    if (fault) return fault;
  }
  return verifier.end();
}

const place = (lines: readonly Line[], seq: number): number =>
  lines.findIndex((line) => line['type'] === 'event' && line['seq'] === seq);
const rowOf = (lines: readonly Line[], seq: number): Line => lines[place(lines, seq)]!;
const bad = (row: number): object => expect.objectContaining({ row, problem: expect.any(String) });
const every = Array.from({ length: ROWS }, (_, at) => at + 1);
const [intact] = [exportOf()];
const lastHash = rowOf(intact, ROWS)['hash'] as string;

/** What somebody with the whole database could do: change a row and chain all that follows anew. */
function rewritten(seq: number): Line[] {
  const lines = exportOf().map((line) => ({ ...line }));
  let hash = GENESIS;
  for (const line of lines.filter(({ type }) => type === 'event')) {
    const { type: _type, hash: _hash, ...event } = line;
    if (event['seq'] === seq) event['actor'] = line['actor'] = 'system';
    hash = linkHash(hash, event as unknown as ChainedEvent);
    line['hash'] = hash;
  }
  return lines;
}

describe('SEC-20 an export that nobody touched', () => {
  it('is found to be whole, and says what it holds', () => {
    expect(judge(intact)).toEqual({
      chain: CHAIN,
      first: 1,
      last: ROWS,
      hash: lastHash,
      checkpoints: 1,
      keys: [signer.publicKeys[0]!.publicKey],
    });
  });

  it('may be of a chain without a row', () => {
    expect(judge(exportOf({ rows: 0 }))).toMatchObject({ first: 0, last: 0, hash: GENESIS });
  });

  it('may begin after a checkpoint that vouches for rows that are kept no longer', () => {
    const [head, ...rest] = intact;
    const checkpoint = rest.findIndex(({ type }) => type === 'checkpoint');
    expect(judge([head!, ...rest.slice(checkpoint)])).toMatchObject({
      first: CHECKPOINT_AT + 1,
      last: ROWS,
      hash: lastHash,
    });
    expect(judge([head!, ...rest.slice(checkpoint + 1)])).toEqual({
      line: 2,
      row: 1,
      problem: `row 1 is missing: the rows begin with ${CHECKPOINT_AT + 1}, and no checkpoint vouches for what was before`,
    });
  });
});

describe('SEC-20 the first bad row is named', () => {
  it.each(every)('when row %i was edited, in any of its members', (seq) => {
    for (const member of ['at', 'actor', 'action', 'subject', 'after', 'hash']) {
      const lines = exportOf();
      const row = rowOf(lines, seq);
      row[member] = `${String(row[member]).slice(0, -1)}!`;
      expect(judge(lines)).toEqual({
        line: place(lines, seq) + 1,
        row: seq,
        problem: `row ${seq} is not what was chained: it was changed, or something before it was`,
      });
    }
    const added = exportOf();
    rowOf(added, seq)['requestId'] = 'never';
    expect(judge(added)).toEqual(bad(seq));
    const removed = exportOf();
    delete rowOf(removed, seq)['after'];
    expect(judge(removed)).toEqual(bad(seq));
  });

  it.each(every)('when row %i was deleted', (seq) => {
    const lines = exportOf();
    lines.splice(place(lines, seq), 1);
    expect(judge(lines)).toEqual(bad(seq));
  });

  it.each(every)('when row %i was deleted and the others were numbered anew', (seq) => {
    const lines = exportOf();
    lines.splice(place(lines, seq), 1);
    for (const line of lines)
      if (line['type'] === 'event' && (line['seq'] as number) > seq) (line['seq'] as number) -= 1;
    expect(judge(lines)).toEqual(bad(seq));
  });

  it.each(every.slice(1))('when row %i was swapped with the one before it', (seq) => {
    const lines = exportOf();
    const [left, right] = [place(lines, seq - 1), place(lines, seq)];
    [lines[left], lines[right]] = [lines[right]!, lines[left]!];
    expect(judge(lines)).toEqual(bad(seq - 1));
    // With their numbers in order it is their contents that are.
    const renumbered = exportOf();
    const [a, b] = [rowOf(renumbered, seq - 1), rowOf(renumbered, seq)];
    [a['subject'], b['subject']] = [b['subject'], a['subject']];
    expect(judge(renumbered)).toEqual(bad(seq - 1));
  });

  it.each(every)('when a row was put in after row %i', (seq) => {
    const lines = exportOf();
    const forged = { ...eventOf(seq + 1), subject: 'gen_forged' };
    const hash = linkHash(rowOf(lines, seq)['hash'] as string, forged);
    lines.splice(place(lines, seq) + 1, 0, { type: 'event', ...forged, hash });
    expect(judge(lines)).toEqual(bad(seq + 1));
    const copied = exportOf();
    copied.splice(place(copied, seq), 0, { ...rowOf(copied, seq) });
    expect(judge(copied)).toEqual(bad(seq));
  });

  it.each(every.slice(0, CHECKPOINT_AT))(
    'when row %i was changed and all that follow were chained anew: by the checkpoint',
    (seq) => {
      expect(judge(rewritten(seq))).toMatchObject({
        row: CHECKPOINT_AT,
        problem: expect.stringMatching(
          /^row 8 or one before it was rewritten: the checkpoint of 20\S+ vouches/,
        ),
      });
    },
  );
});

describe('SEC-20 a tail that was cut off', () => {
  it.each(every)('of the file, after row %i', (seq) => {
    const lines = intact.slice(0, place(intact, seq) + 1);
    expect(judge(lines)).toEqual({
      line: lines.length,
      row: seq + 1,
      problem: `the file ends after row ${seq}, without its closing line`,
    });
  });

  it('of the table: by a checkpoint that is left in it', () => {
    const lines = intact.filter(({ type, seq }) => type !== 'event' || (seq as number) <= 5);
    expect(judge(lines)).toEqual(bad(6));
  });

  it('of the table, with its checkpoints: by those that were kept outside, or by the head that was written down', () => {
    const short = exportOf({ rows: 5 });
    expect(judge(short)).toMatchObject({ last: 5 });
    const outside = intact.filter(({ type }) => type === 'checkpoint') as never;
    expect(judge(short, { checkpoints: outside })).toEqual({
      line: short.length,
      row: 6,
      problem: expect.stringMatching(/^rows after 5 are missing: the checkpoint of .* vouches for row 8/),
    });
    const head = { seq: ROWS, hash: lastHash };
    expect(judge(short, { head })).toEqual({
      line: short.length,
      row: 6,
      problem: `the chain ends with row 5, and not with row ${ROWS}`,
    });
    expect(judge(intact, { head, checkpoints: outside })).toMatchObject({ last: ROWS });
    expect(judge(intact, { head: { ...head, hash: GENESIS } })).toEqual(bad(ROWS));
  });

  it('and written anew, with signatures and all: by a checkpoint that was kept outside', () => {
    const forged = rewritten(3).filter(({ type }) => type !== 'checkpoint' && type !== 'end');
    const { seq, hash } = forged.at(-1) as { seq: number; hash: string };
    forged.push(plain(signer.sign('end', TENANT, { seq, hash })));
    expect(judge(forged)).toMatchObject({ last: ROWS });
    const outside = intact.filter(({ type }) => type === 'checkpoint') as never;
    expect(judge(forged, { checkpoints: outside })).toEqual(bad(CHECKPOINT_AT));
  });
});

describe('SEC-20 a signature', () => {
  it('by another key is not believed', () => {
    const lines = exportOf();
    const at = lines.findIndex(({ type }) => type === 'checkpoint');
    lines[at] = plain(stranger.sign('checkpoint', TENANT, lines[at] as never));
    expect(judge(lines)).toEqual({
      line: at + 1,
      row: CHECKPOINT_AT,
      problem: 'the checkpoint of row 8 is not signed by a key of this export',
    });
  });

  it('by a key that the export brings along is believed only where that key was named', () => {
    const forged = exportOf({ by: stranger });
    expect(judge(forged)).toMatchObject({ keys: [stranger.publicKeys[0]!.publicKey] });
    const keys = [signer.publicKeys[0]!.publicKey];
    expect(judge(forged, { keys })).toMatchObject({
      row: CHECKPOINT_AT,
      problem: 'the checkpoint of row 8 is signed by a key that was not named',
    });
    expect(judge(intact, { keys })).toMatchObject({ keys });
  });

  it('of a checkpoint closes no file, nor does that of another chain', () => {
    const lines = exportOf();
    const end = lines.at(-1)!;
    const asEnd = { ...plain(signer.sign('checkpoint', TENANT, end as never)), type: 'end' };
    expect(judge([...lines.slice(0, -1), asEnd])).toMatchObject({ line: lines.length });
    const other = plain(signer.sign('end', newId(), end as never));
    expect(judge([...lines.slice(0, -1), { ...other, chain: CHAIN }])).toMatchObject({ line: lines.length });
  });
});

describe('SEC-20 what is no export', () => {
  it.each([
    ['nothing', [], 'the file is empty'],
    ['text', ['hello'], 'it is no JSON object'],
    ['an array', ['[1]'], `it is not the first line of an export (${EXPORT_FORMAT})`],
    ['rows without their head', [intact[1]!], `it is not the first line of an export (${EXPORT_FORMAT})`],
    [
      'another format',
      [{ ...intact[0], format: 'x' }],
      `it is not the first line of an export (${EXPORT_FORMAT})`,
    ],
    [
      'a key that is none',
      [{ ...intact[0], keys: [{ kid: 'k1', publicKey: '' }] }],
      'it names a key that is none',
    ],
    ['a line of an unknown type', [intact[0]!, { type: 'note', chain: CHAIN }], 'its type is unknown'],
    ['a row of another chain', [intact[0]!, { ...intact[1], chain: 'platform' }], 'it is of another chain'],
    ['a row without a number', [intact[0]!, { ...intact[1], seq: '1' }], 'it is a row without a number'],
    ['more after its end', [...intact, intact[1]!], 'there is more after the closing line'],
  ] as [string, (Line | string)[], string][])('is told: %s', (_what, lines, problem) => {
    expect(judge(lines)).toMatchObject({ line: lines.length, problem });
  });
});
