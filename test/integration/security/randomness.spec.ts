// What must not repeat, must not be guessed, and must not be compared byte by byte.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { drawRandomBytes, Sealer } from '#platform/crypto';
import { newChallengeId, newId } from '#platform/identifiers';
import { ROOT } from '../../architecture/boundaries.mjs';
import { keyRingOf, newRingEntry } from '../../support/configuration.js';

const product = ['libs', 'apps/api', 'apps/worker', 'apps/cli'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(spec|fixtures)\.ts$/.test(file))
    .map((file) => join(folder, file)),
);
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

it('STD-02 no source of the product draws from Math.random', () => {
  expect(product.length).toBeGreaterThan(80);
  expect(product.filter((file) => /Math\s*\.\s*random|Math\s*\[/.test(read(file)))).toEqual([]);
});

describe('STD-24', () => {
  it('of a hundred thousand sealed values no two share an initialisation vector', () => {
    const sealer = new Sealer(keyRingOf(newRingEntry('k1')));
    const vectors = new Set<string>();
    for (let sealed = 0; sealed < 100_000; sealed++)
      vectors.add(sealer.seal('code-seal', '0', '').slice(3, 19));
    expect(vectors.size).toBe(100_000);
  });

  it('of a million vectors drawn where sealing draws them no two are the same', () => {
    const vectors = new Set<string>();
    for (let drawn = 0; drawn < 1_000_000; drawn++) vectors.add(drawRandomBytes(12).toString('latin1'));
    expect(vectors.size).toBe(1_000_000);
  });

  it('no MAC, signature or secret is compared by ===', () => {
    expect(product.flatMap((file) => openComparisons(file, read(file)))).toEqual([]);
  });

  it('would find one', () => {
    const source =
      'if (given.signature === expected) a(); if (mac !== other.mac) b(); if (mac === undefined) c(); if (mac.length !== 22) d();';
    expect(openComparisons('x.ts', source)).toEqual([
      'x.ts: given.signature === expected',
      'x.ts: mac !== other.mac',
    ]);
  });

  /** Comparisons whose either side is named like a secret; with nothing, with a type or a length they are no leak. */
  function openComparisons(file: string, text: string): string[] {
    const found: string[] = [];
    const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isBinaryExpression(node) && /^[!=]==?$/.test(node.operatorToken.getText())) {
        const sides = [node.left, node.right];
        const harmless = sides.some(
          (side) =>
            /^(undefined|null|''|true|false|\d+)$/.test(side.getText()) || ts.isTypeOfExpression(side),
        );
        if (!harmless && sides.some(isNamedLikeASecret)) found.push(`${file}: ${node.getText()}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return found;
  }

  function isNamedLikeASecret(side: ts.Expression): boolean {
    const name = ts.isPropertyAccessExpression(side)
      ? side.name.text
      : ts.isIdentifier(side)
        ? side.text
        : '';
    return /(mac|signature|hmac|secret|verifyToken|digest)$/i.test(name);
  }
});

describe('ATK-11 ids', () => {
  const DRAWN = 10_000;

  it.each([
    ['of challenges', () => newChallengeId(17)],
    ['of everything else', newId],
  ])('%s: ten thousand in a row have no order and no bit that can be foretold', (_what, draw) => {
    const ids = Array.from({ length: DRAWN }, draw);
    expect(new Set(ids).size).toBe(DRAWN);
    // As often up as down: within five standard deviations of a fair coin's.
    const rising = ids.filter((id, at) => at > 0 && id > ids[at - 1]!).length;
    expect(Math.abs(rising - DRAWN / 2)).toBeLessThan(5 * Math.sqrt(DRAWN / 12));
    const counts = new Map<string, number>();
    for (const id of ids)
      for (const [at, sign] of [...id].entries())
        counts.set(`${at}${sign}`, (counts.get(`${at}${sign}`) ?? 0) + 1);
    // Partition, version, variant and message number are fixed; everywhere else 32 signs are equally likely.
    const free = [...Array(26).keys()].filter(
      (at) => [...counts.keys()].filter((key) => key.slice(0, -1) === String(at)).length === 32,
    );
    expect(free.length).toBeGreaterThanOrEqual(18);
    for (const at of free)
      for (const [key, count] of counts)
        if (key.slice(0, -1) === String(at))
          expect(Math.abs(count - DRAWN / 32)).toBeLessThan(6 * Math.sqrt(DRAWN / 32));
  });
});
