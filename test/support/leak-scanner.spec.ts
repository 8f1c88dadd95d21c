import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { LeakScanner } from './leak-scanner.js';

const CODE = '093751442680197';
const hay = (text: string): Buffer =>
  Buffer.concat([randomBytes(50_000), Buffer.from(text), randomBytes(50_000)]);

function scanner(): LeakScanner {
  const scanner = new LeakScanner();
  scanner.add(CODE, 'a code');
  for (let other = 0; other < 1_000; other++) scanner.add(String(10 ** 14 + other * 7_919), `other ${other}`);
  return scanner;
}

it.each([
  ['plain', CODE],
  ['spaced', [...CODE].join(' ')],
  ['hex', Buffer.from(CODE).toString('hex').toUpperCase()],
  ['URL-encoded', CODE.replace(/./g, (digit) => `%3${digit}`)],
  ['base64', Buffer.from(`{"code":"${CODE}"}`).toString('base64')],
  ['base64 one further', Buffer.from(`{"code": "${CODE}"}`).toString('base64')],
  ['base64url two further', Buffer.from(`{"code":  "${CODE}"}`).toString('base64url')],
  ['within other digits', `1${CODE}2`],
])('finds a secret that is %s in a haystack of bytes', (_form, text) => {
  const found = scanner().find(hay(text));
  expect(found.length).toBeGreaterThan(0);
  for (const what of found) expect(what).toMatch(/^a code, /);
});

it('finds nothing where nothing is, or where a digit differs', () => {
  expect(scanner().find(hay(''))).toEqual([]);
  expect(scanner().find(hay(CODE.slice(0, -1)))).toEqual([]);
  expect(scanner().find(hay(CODE.replace(/.$/, '8')))).toEqual([]);
});
