// Protects the only description of what a script takes and gives: Redis checks neither.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readScript } from '#platform/redis';
import { ROOT } from './boundaries.mjs';

interface Script {
  file: string;
  name: string;
  header: string;
  body: string;
}

const LIBS = join(ROOT, 'libs');
const ALL = readdirSync(LIBS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.lua'))
  .map(read);
/** No commands: others include them, and they take neither keys nor arguments. */
const INCLUDED = ALL.filter(({ name }) => ['record', 'reservation'].includes(name));
const COMMANDS = ALL.filter((script) => !INCLUDED.includes(script));

describe('every Lua script', () => {
  it('is looked at', () => {
    expect(COMMANDS.length).toBeGreaterThanOrEqual(10);
    expect(INCLUDED.length).toBe(2);
  });

  it.each(COMMANDS)('$file is called <verb>-<nouns>.lua', ({ name }) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)+$/);
  });

  it.each(COMMANDS)('$file says what it does, then KEYS, ARGV and what it returns', ({ header }) => {
    expect(header).toMatch(
      /^-- [A-Z].*\n(-- .*\n)*--\n-- KEYS {2}1 .*\n(-- .*\n)*-- ARGV {2}1 .*\n(-- .*\n)*-- Returns /,
    );
  });

  it.each(COMMANDS)('$file numbers each key and argument that it reads by number', ({ header, body }) => {
    const [keys = '', values = ''] = header.split(/^-- ARGV/m).map((part) => part.split(/^-- Returns/m)[0]!);
    for (const [list, described] of [
      ['KEYS', keys],
      ['ARGV', values],
    ] as const) {
      const read = new Set(
        [...body.matchAll(new RegExp(`${list}\\[(\\d+)\\]`, 'g'))].map(([, number]) => number!),
      );
      expect([...read].filter((number) => !new RegExp(`(^|\\s)${number}…?\\s`).test(described))).toEqual([]);
    }
  });

  it.each(COMMANDS)(
    '$file is loaded by name in its folder, and finds what it includes',
    ({ file, name, body }) => {
      const folder = join(LIBS, dirname(file));
      const loaders = readdirSync(folder).filter(
        (entry) => entry.endsWith('.ts') && !entry.endsWith('.spec.ts'),
      );
      expect(loaders.some((entry) => readFileSync(join(folder, entry), 'utf8').includes(`'${name}'`))).toBe(
        true,
      );
      const script = readScript(`file://${folder}/`, name);
      expect(script).not.toContain('@include');
      for (const [, included] of body.matchAll(/^-- @include (\S+)$/gm)) {
        expect(existsSync(join(folder, `${included}.lua`))).toBe(true);
      }
    },
  );

  it('that is only included, is', () => {
    for (const { name } of INCLUDED) {
      expect(COMMANDS.filter(({ body }) => body.includes(`-- @include ${name}\n`)).length).toBeGreaterThan(0);
    }
  });
});

/** The header is the comment at the top; an include line ends it. */
function read(file: string): Script {
  const text = readFileSync(join(LIBS, file), 'utf8');
  const header = /^(?:--(?! @include).*\n)*/.exec(text)![0];
  return { file, name: basename(file, '.lua'), header, body: text.slice(header.length) };
}
