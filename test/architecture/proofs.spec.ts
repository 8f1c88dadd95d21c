// That `npm run check -- proofs` sees what it is for. What it says about this tree is its own business.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judge, readRows, titlesIn } from './proofs.mjs';

const rows = readRows(readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8'));
const allNamed = new Set(rows.filter(({ word }) => word.startsWith('tested')).map(({ id }) => id));

describe('the requirements of docs/security.md', () => {
  it('are all there, and pass when a test names each one that is called tested', () => {
    expect(judge(rows, allNamed)).toEqual([]);
  });

  it('complain when the test of one is gone', () => {
    const [gone, ...rest] = allNamed;
    expect(judge(rows, new Set(rest))).toEqual([`${gone}: no test names it`]);
  });

  it('complain when a reason stands although a test exists', () => {
    const { id } = rows.find(({ word }) => word.startsWith('left out'))!;
    expect(judge(rows, new Set([...allNamed, id]))).toEqual([
      `${id}: is said to be left out, but a test names it`,
    ]);
  });

  it('complain about a row that is missing, twice there, or says nothing', () => {
    const [first, ...rest] = rows as [(typeof rows)[number], ...typeof rows];
    expect(judge(rest, allNamed)).toEqual([`${first.id}: docs/security.md has no row for it`]);
    expect(judge([first, ...rows], allNamed)).toContain(`${first.id}: has more than one row`);
    expect(judge([{ id: first.id, word: 'left out: later' }, ...rest], allNamed)).toHaveLength(1);
  });
});

describe('a test names an id', () => {
  it.each([
    ["it('STD-01 a code', () => {})", ['STD-01 a code']],
    [
      "describe('a code (STD-01)', () => { it.each([1])('ATK-02 %s', () => {}); })",
      ['a code (STD-01)', 'ATK-02 %s'],
    ],
    ['it(`FR-01 in ${N} turns`, () => {})', ['`FR-01 in ${N} turns`']],
    ["// STD-01\nconst id = 'STD-02'; expect('STD-03').toBe(id); submit('STD-04')", []],
  ])('by its title alone: %s', (source, titles) => expect(titlesIn(source)).toEqual(titles));
});
