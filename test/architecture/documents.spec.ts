// Protects against documents that tell what is not so: links that lead nowhere, and tables that lag behind the code.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RequestMethod, type Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS } from '#journal';
import { Messangi2faController } from '../../libs/dialects/messangi/messangi-2fa.controller.js';
import { MessangiTemplatesController } from '../../libs/dialects/messangi/messangi-templates.controller.js';
import { EnvironmentDto } from '../../libs/platform/config/environment.dto.js';
import {
  DEFAULT_COOL_DOWN_SECONDS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_MESSAGES,
} from '../../libs/generators/generator-policy.js';
import { EVENT_CATALOGUE, type EventType, membersOf } from '#journal';
import { judgeGraphError } from '../../libs/providers/adapters/whatsapp/graph-errors.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const filesIn = (folder: string, end: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(end))
    .map((file) => join(folder, file));

/** Rows of the tables of a page, each as its cells without code marks. */
const rowsOf = (page: string): string[][] =>
  read(page)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );

it.each(['README.md', 'CHANGELOG.md', ...filesIn('docs', '.md')])('%s links to what is there', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!);
  const local = links.filter((target) => !/^[a-z]+:/.test(target));
  expect(local.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
});

it('the README lists every variable with its default', () => {
  const listed = Object.fromEntries(
    rowsOf('README.md')
      .filter(([name]) => /^[A-Z_]+$/.test(name!))
      .map(([name, value]) => [name, value]),
  );
  const defaults = Object.entries({ ...new EnvironmentDto() }).map(([name, value]) => [name, String(value)]);
  expect(listed).toMatchObject(Object.fromEntries(defaults));
  const named = [...read('.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(Object.keys(listed).sort()).toEqual(named.sort());
});

it('STD-17 the page of security tells the limits that hold unless a generator says otherwise', () => {
  const told = read('docs/security.md').replace(/\s+/g, ' ');
  const [first, ...further] = DEFAULT_COOL_DOWN_SECONDS;
  expect(told).toContain(
    `there are ${first} s, then ${further.slice(0, -1).join(', ')} and ${further.at(-1)}, and ${DEFAULT_MAX_MESSAGES} at most`,
  );
  expect(told).toContain(`The attempts are ${DEFAULT_MAX_ATTEMPTS} unless the generator says otherwise`);
});

it('SEC-21 the page of the audit trail names every action that is audited, and no other', () => {
  const told = rowsOf('docs/audit.md').flatMap(([actions]) => actions!.match(/\b[a-z_]+\.[a-z_]+\b/g) ?? []);
  expect(told.sort()).toEqual([...AUDIT_ACTIONS].sort());
});

it('decisions are numbered without a gap and say context, decision and consequences', () => {
  const files = filesIn('docs/decisions', '.md').sort();
  files.forEach((file, at) => {
    expect(file).toContain(`/${String(at + 1).padStart(4, '0')}-`);
    expect(read(file)).toMatch(
      new RegExp(`^# ${at + 1}\\. .+\\n\\n## Context\\n[^]+\\n## Decision\\n[^]+\\n## Consequences\\n`),
    );
  });
});

describe('the page of the Messangi dialect', () => {
  const page = 'docs/dialects/messangi.md';

  it('names every route', () => {
    const told = rowsOf(page)
      .map(([route]) => route!)
      .filter((route) => /^[A-Z]+ \//.test(route));
    const served = [Messangi2faController, MessangiTemplatesController].flatMap(routesOf);
    expect(told.map((route) => route.replace('{id}', ':id')).sort()).toEqual(served.sort());
  });

  it('names every code of a failure', () => {
    const sources = filesIn('libs/dialects/messangi', '.ts').filter((file) => !file.endsWith('.spec.ts'));
    const codes = sources.flatMap((file) =>
      [...read(file).matchAll(/\bcode: '([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, code]) => code!),
    );
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => !read(page).includes(`\`${code}\``))).toEqual([]);
  });
});

describe('the page of events', () => {
  const page = 'docs/events.md';

  it('tells every event of the catalogue, in its words', () => {
    const told = rowsOf(page).filter(([type]) => /^[a-z]+\.[a-z_]+$/.test(type!));
    const words = Object.entries(EVENT_CATALOGUE).map(([type, says]) => [type, says.replaceAll('`', '')]);
    expect(told).toEqual(words);
  });

  it('tells every member of what is told of a challenge', () => {
    const types: EventType[] = ['challenge.requested', 'message.sent', 'limit.refused'];
    const members = Object.assign({}, ...types.map(membersOf)) as ReturnType<typeof membersOf>;
    const told = rowsOf(page).filter(([, type]) =>
      ['string', 'integer', 'boolean', 'object'].includes(type!),
    );
    expect(Object.fromEntries(told.map(([name, type]) => [name, type]))).toEqual(
      Object.fromEntries(Object.entries(members).map(([name, { type }]) => [name, type])),
    );
  });

  it('knows every event that a script writes into the journal', () => {
    const scripts = filesIn('libs/challenges/hot-store', '.lua').map(read).join('\n');
    const written = new Set(
      [...scripts.matchAll(/'((?:challenge|message|limit)\.[a-z_]+)'/g)].map(([, type]) => type!),
    );
    expect(written.size).toBeGreaterThan(15);
    expect([...written].filter((type) => !Object.hasOwn(EVENT_CATALOGUE, type))).toEqual([]);
  });
});

it('the page of Meta sorts errors as the adapter does', () => {
  const told: Record<string, string> = {};
  for (const [name, codes] of rowsOf('docs/providers/meta-cloud.md')) {
    if (!['try again', 'receiver', 'account', 'template', 'bug'].includes(name!)) continue;
    for (const [code] of codes!.matchAll(/\d+/g)) told[code] = name!;
  }
  expect(Object.keys(told).length).toBeGreaterThan(45);
  for (let code = 0; code < 200_000; code++) {
    const verdict = judgeGraphError(code);
    const is = verdict === 'unknown' ? verdict : 'failure' in verdict ? verdict.failure : 'try again';
    const expected = told[code] ?? (code > 200 && code < 299 ? 'account' : 'bug');
    if (is !== expected) expect([code, is]).toEqual([code, expected]);
  }
});

function routesOf(controller: Type): string[] {
  const [base] = [Reflect.getMetadata('path', controller) as string | string[]].flat();
  const prototype = controller.prototype as Record<string, object>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const path = Reflect.getMetadata('path', prototype[name]!) as string | undefined;
    if (path === undefined || prototype[name] === controller) return [];
    const method = RequestMethod[Reflect.getMetadata('method', prototype[name]!) as number]!;
    return [`${method} /${base}/${path}`.replace(/\/+$/, '')];
  });
}
