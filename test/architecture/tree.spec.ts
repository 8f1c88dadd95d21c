// Protects what others clone: no trace of the machine that a file was written on, and nothing beside the house.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './boundaries.mjs';

const FOLDERS = ['apps', 'docker', 'docs', 'libs', 'test'];
const PICTURES = new Set(['.png', '.jpg', '.ico']);
/** Somebody's place at the start of a path. The classes keep this file from matching itself. */
const PLACES = [/(?<![\w.-])\/(?:[w]ork|[r]oot)\/\w/, /(?<![\w.-])\/(?:[h]ome|[U]sers)\/(?!node\b)\w/];

describe('the tree', () => {
  const ignored = new Set(
    readFileSync(join(ROOT, '.gitignore'), 'utf8')
      .split('\n')
      .map((line) => line.replace(/\/$/, '')),
  );
  const files = filesIn('', new Set([...ignored, '.git']));

  it('has no folder at the top but those of the plan', () => {
    const tops = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/', 1)[0]!));
    expect([...tops].filter((name) => !name.startsWith('.')).sort()).toEqual(
      FOLDERS.filter((name) => tops.has(name)),
    );
  });

  it('names no place on a machine that it was written on', () => {
    expect(files.length).toBeGreaterThan(200);
    const found = files
      .filter((file) => !PICTURES.has(extname(file)))
      .flatMap((file) =>
        readFileSync(join(ROOT, file), 'utf8')
          .split('\n')
          .flatMap((line, at) =>
            namesAPlace(line) ? [`${file}:${at + 1} ${line.trim().slice(0, 80)}`] : [],
          ),
      );
    expect(found).toEqual([]);
  });

  it('would find such a name', () => {
    expect(namesAPlace(`see /${['work', 'project', 'notes.md'].join('/')}`)).toBe(true);
    expect(namesAPlace(`in "/${['home', 'ann', 'src'].join('/')}"`)).toBe(true);
    expect(namesAPlace(`from ${resolve(ROOT)}/libs`)).toBe(true);
    expect(namesAPlace('https://example.com/work/with/us, ./work/it and framework/x')).toBe(false);
  });
});

function namesAPlace(line: string): boolean {
  return line.includes(`${resolve(ROOT)}/`) || PLACES.some((place) => place.test(line));
}

function filesIn(folder: string, ignored: ReadonlySet<string>): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => !ignored.has(name) && !name.endsWith('.log'))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path, ignored) : [path];
    });
}
