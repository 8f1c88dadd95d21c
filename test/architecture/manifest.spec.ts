// Protects the install: the same packages on every machine, and every room under its name.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './boundaries.mjs';

interface Condition {
  'countersign-source': string;
  default: string;
}
type Versions = { [name: string]: string | Versions };
interface Manifest {
  engines: { node: string };
  imports: Record<string, Condition>;
  dependencies: Versions;
  devDependencies: Versions;
  overrides: Versions;
}
interface LockedPackage {
  resolved?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
interface Lock {
  lockfileVersion: number;
  packages: Record<string, LockedPackage>;
}

const manifest = readJson<Manifest>('package.json');
const lock = readJson<Lock>('package-lock.json');
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

describe('package.json', () => {
  it('pins every package exactly: a range installs another program tomorrow', () => {
    const versions = flatten({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.overrides,
    });
    expect(versions.length).toBeGreaterThan(30);
    expect(versions.filter(([, version]) => !EXACT.test(version))).toEqual([]);
  });

  it.each(readdirSync(join(ROOT, 'libs')).flatMap(roomsIn))('opens $door as $name', ({ name, door }) => {
    for (const condition of ['countersign-source', 'default'] as const) {
      const target = resolve(name, condition);
      const expected = condition === 'default' ? `./dist/${door.replace(/\.ts$/, '.js')}` : `./${door}`;
      expect([condition, target]).toEqual([condition, expected]);
    }
  });

  it('gives source and build of each name the same place', () => {
    for (const { 'countersign-source': source, default: built } of Object.values(manifest.imports)) {
      expect(built).toBe(source.replace(/^\.\//, './dist/').replace(/\.ts$/, '.js'));
    }
  });
});

describe('package-lock.json', () => {
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

  it('names no registry, so that everyone’s own is asked', () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(packages.length).toBeGreaterThan(300);
    expect(packages.filter(([, { resolved }]) => resolved && !isPublicRegistry(resolved))).toEqual([]);
  });

  it('holds what every package needs, on every platform: npm leaves out silently what it is not shown', () => {
    const missing = packages.flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !isInstalledFor(path, name))
        .map((name) => `${name} for ${path}`),
    );
    expect(missing).toEqual([]);
    expect(packages.filter(([path]) => /(darwin|win32|linux)-arm64/.test(path)).length).toBeGreaterThan(5);
  });

  it('tells the digest of every package', () => {
    expect(packages.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
  });
});

/** As Node looks for it: beside the package, then in every folder above. */
function isInstalledFor(path: string, name: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${folder && `${folder}/`}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

function isPublicRegistry(url: string): boolean {
  return new URL(url).host === 'registry.npmjs.org';
}

/** The doors of a folder of libs: platform and dialects hold rooms, the others are rooms. */
function roomsIn(folder: string): { name: string; door: string }[] {
  const grouped = folder === 'platform' || folder === 'dialects';
  const candidates = grouped ? readdirSync(join(ROOT, 'libs', folder)) : ['', 'http', 'jobs'];
  return candidates
    .map((part) => ({
      name: `#${folder}${part && `/${part}`}`,
      door: `libs/${folder}/${part && `${part}/`}index.ts`,
    }))
    .filter(({ door }) => existsSync(join(ROOT, door)));
}

/** As Node does: the exact name first, then the longest pattern. */
function resolve(name: string, condition: keyof Condition): string | undefined {
  const { imports } = manifest;
  if (imports[name]) return imports[name][condition];
  const pattern = Object.keys(imports)
    .filter((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)))
    .sort((one, other) => other.length - one.length)[0];
  return pattern && imports[pattern]![condition].replace('*', name.slice(pattern.length - 1));
}

function flatten(versions: Versions): [string, string][] {
  return Object.entries(versions).flatMap(([name, version]) =>
    typeof version === 'string' ? [[name, version] as [string, string]] : flatten(version),
  );
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as T;
}
