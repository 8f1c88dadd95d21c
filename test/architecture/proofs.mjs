// Requirements against their proof: each id that docs/security.md has to account for is named by a test, or is left
// out there with a reason; never both, never neither.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './boundaries.mjs';

const PAGE = 'docs/security.md';
/** What the page must have a row for. A row for another id is held to the same rule. */
const REQUIRED = {
  STD: [[1, 36]],
  FR: [[1, 18]],
  ATK: [
    [1, 12],
    [24, 28],
    [31, 37],
  ],
  SEC: [[1, 24]],
};
const ID = /\b(?:STD|FR|ATK|SEC)-\d\d\b/g;

/**
 * @typedef {{ id: string, word: string }} Row the id and what its last cell says: `tested…` or `left out: …`
 * @returns {string[]} complaints
 */
export function findUnproven(root = ROOT) {
  return judge(readRows(readFileSync(join(root, PAGE), 'utf8')), namedIds(root));
}

/**
 * @param {Row[]} rows
 * @param {ReadonlySet<string>} named ids that a test names
 */
export function judge(rows, named) {
  const known = new Set(rows.map(({ id }) => id));
  const missing = requiredIds().filter((id) => !known.has(id));
  return [
    ...missing.map((id) => `${id}: ${PAGE} has no row for it`),
    ...rows.flatMap(({ id, word }) => {
      if (rows.filter((other) => other.id === id).length > 1) return [`${id}: has more than one row`];
      if (/^tested\b/.test(word)) return named.has(id) ? [] : [`${id}: no test names it`];
      if (!/^left out: \S.{20}/.test(word)) return [`${id}: says neither "tested" nor "left out: <why>"`];
      return named.has(id) ? [`${id}: is said to be left out, but a test names it`] : [];
    }),
  ];
}

function requiredIds() {
  return Object.entries(REQUIRED).flatMap(([kind, ranges]) =>
    ranges.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, at) => `${kind}-${String(from + at).padStart(2, '0')}`),
    ),
  );
}

/** @returns {Row[]} */
export function readRows(page) {
  return page
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, id]) => id !== undefined && /^(?:STD|FR|ATK|SEC)-\d\d$/.test(id))
    .map((cells) => ({ id: cells[1], word: cells.at(-2) }));
}

function namedIds(root) {
  const named = new Set();
  for (const folder of ['apps', 'libs', 'test']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.spec.ts')) continue;
      const path = join(root, folder, file);
      for (const title of titlesIn(readFileSync(path, 'utf8')))
        for (const [id] of title.matchAll(ID)) named.add(id);
    }
  }
  return named;
}

/** The texts of `it`, `test` and `describe`, those of tables (`it.each(…)(text)`) too. */
export function titlesIn(source) {
  const titles = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && /^(?:it|test|describe)$/.test(rootOf(node.expression)?.text ?? '')) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) titles.push(title.text);
      else if (title && ts.isTemplateExpression(title)) titles.push(title.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('titles.ts', source, ts.ScriptTarget.Latest, true));
  return titles;
}

/** `it` of `it.each(rows)` and of `it.only`. */
function rootOf(expression) {
  if (ts.isIdentifier(expression)) return expression;
  if (ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression))
    return rootOf(expression.expression);
  return undefined;
}
