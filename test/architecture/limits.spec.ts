// Protects the promise that every limit is written down as it is (STD-17): what it counts, its numbers, its maximum.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { definitionOf, LIMIT_IDS } from '../../libs/limits/catalogue.js';
import { LIMIT_EVENTS } from '../../libs/limits/limit-events.js';
import { ROOT } from './boundaries.mjs';

const PAGE = readFileSync(join(ROOT, 'docs/limits.md'), 'utf8');
const ENTRIES = new Map(
  PAGE.split(/^### /m)
    .slice(1)
    .map((entry) => [/^`([^`]+)`/.exec(entry)![1]!, entry.split(/^## /m)[0]!]),
);

describe('STD-17: docs/limits.md', () => {
  it('has one entry for each limit of the catalogue, and none for another', () => {
    expect([...ENTRIES.keys()]).toEqual(LIMIT_IDS);
  });

  it.each(LIMIT_IDS)('tells %s as it is', (id) => {
    const entry = ENTRIES.get(id)!;
    const { requirement, counts, mode, windows, fixed } = definitionOf(id);
    expect(/^- Requirement: (.+)$/m.exec(entry)?.[1]).toBe(requirement);
    expect(/^- Counts: (.+)$/m.exec(entry)?.[1]).toBe(counts);
    const [, told, numbers] = /^- Default: (enforce|shadow|off)(?:; (.+)|, .+)?$/m.exec(entry) ?? [];
    expect(told).toBe(mode);
    const written = windows
      .map(({ most, seconds, maximum }) => `${most} / ${seconds} (${maximum})`)
      .join(', ');
    expect(numbers ?? '').toBe(written);
    expect(/^- Set by the installation$/m.test(entry)).toBe(fixed === true);
  });

  it('has every kind of event, and no other', () => {
    const told = [...PAGE.matchAll(/^\| `([a-z]+\.[a-z_]+)`/gm)].map(([, type]) => type);
    expect(told).toEqual([...LIMIT_EVENTS]);
  });
});
