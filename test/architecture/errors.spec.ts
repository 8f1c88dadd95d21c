// Protects the promise that every error code a caller can meet is explained, as it really is answered.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE, type ErrorCode, Problem } from '#platform/errors';
import { renderMessangiError } from '../../libs/dialects/messangi/envelope.js';
import { cancelRefusal, verifyOutcome } from '../../libs/dialects/messangi/outcomes.js';
import { CHALLENGE_STATES } from '../../libs/challenges/challenge-state.js';
import { endedProblem } from '../../libs/challenges/opening-problems.js';
import { ROOT } from './boundaries.mjs';

interface Entry {
  status: number;
  title: string;
  text: string;
  /** `400 INVALID_REQUEST`, as written in the entry's Messangi line. */
  messangi: string[];
}

const CODES = Object.keys(ERROR_CATALOGUE) as ErrorCode[];
const DOCUMENTED = readEntries(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8'));

describe('docs/errors.md', () => {
  it('has one entry for each code of the catalogue, and none for another', () => {
    expect([...DOCUMENTED.keys()].sort()).toEqual([...CODES].sort());
  });

  it.each(CODES)(
    'tells status and title of %s as they are answered, when it happens and what to do',
    (code) => {
      const { status, title, text } = DOCUMENTED.get(code)!;
      expect({ status, title }).toEqual(ERROR_CATALOGUE[code]);
      expect(text).toMatch(/^- When: \S/m);
      expect(text).toMatch(/^- Do: \S/m);
    },
  );

  it.each(CODES)('tells how Messangi’s paths answer %s', (code) => {
    const told = OUTCOMES.get(code) ?? [spellingOf(new Problem(code))];
    const { messangi } = DOCUMENTED.get(code)!;
    const plain = `${ERROR_CATALOGUE[code].status} ${code.toUpperCase().replace('.', '_')}`;
    // Without a line of its own an entry promises our status and our code in capitals.
    expect([...(messangi.length > 0 ? messangi : [plain])].sort()).toEqual([...told].sort());
  });

  it('names every machine code that the Messangi dialect writes down', () => {
    const written = filesIn('libs/dialects/messangi').flatMap((text) => [
      ...text.matchAll(/code: '([A-Z_]+)'/g),
    ]);
    const documented = [...DOCUMENTED.values()].flatMap(({ messangi }) =>
      messangi.map((told) => told.split(' ')[1]),
    );
    expect(written.length).toBeGreaterThan(20);
    expect(written.map(([, code]) => code).filter((code) => !documented.includes(code))).toEqual([]);
  });
});

describe('the catalogue of errors', () => {
  it('holds no code that nothing in libs answers', () => {
    // A dialect's table of translations names codes; it answers none.
    const texts = filesIn('libs', /(catalogue|envelope|\.spec)\.ts$/).join('\n');
    expect(CODES.filter((code) => !texts.includes(`'${code}'`))).toEqual([]);
  });

  it('names rooms and problems as `room.problem`, with a status of a refusal', () => {
    expect(CODES.filter((code) => !/^[a-z]+\.[a-z]+(_[a-z]+)*$/.test(code))).toEqual([]);
    expect(CODES.filter((code) => ERROR_CATALOGUE[code].status < 400)).toEqual([]);
  });
});

/** Where the dialect's answer depends on more than the code: everything it can be. */
const OUTCOMES = new Map<ErrorCode, string[]>([
  ['challenge.not_pending', spellingsOf(endings())],
  [
    'challenge.code_format',
    spellingsOf([verifyOutcome({ refused: Problem.field('code', 'code_format') }, 0)]),
  ],
  ['channel.not_configured', [spellingOf(new Problem('channel.not_configured')), '409 CHANNEL_MISMATCH']],
]);

function endings(): (Problem | undefined)[] {
  const ended = CHALLENGE_STATES.filter((state) => state !== 'pending');
  return ended.flatMap((state) => [
    verifyOutcome({ checked: { verdict: 'ended', state, expiresAt: 0 } as never }, 0),
    cancelRefusal(endedProblem(state, '')),
  ]);
}

function spellingsOf(problems: readonly (Problem | undefined)[]): string[] {
  return [...new Set(problems.filter((problem) => problem !== undefined).map(spellingOf))];
}

function spellingOf(problem: Problem): string {
  const { status, body } = renderMessangiError(problem);
  const { code } = (body as { errors: { details: { code: string } } }).errors.details;
  return `${status} ${code}`;
}

function readEntries(page: string): Map<string, Entry> {
  const entries = page.split(/^### /m).slice(1);
  return new Map(
    entries.map((entry) => {
      const [, code] = /^`([^`]+)`/.exec(entry) ?? [];
      const [, status, title] = /^\*\*(\d{3})\*\* (.+)$/m.exec(entry) ?? [];
      const [, messangi] = /^- Messangi: (.+)$/m.exec(entry) ?? [];
      const told = [...(messangi ?? '').matchAll(/`(\d{3} [A-Z_]+)`/g)].map(([, spelling]) => spelling!);
      return [code!, { status: Number(status), title: title!, text: entry, messangi: told }];
    }),
  );
}

function filesIn(folder: string, except = /\.spec\.ts$/): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !except.test(file))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'));
}
