import { describe, expect, it } from 'vitest';
import { judgeKind, type Kinded } from './kind-rules.js';
import { KINDS } from './kinds.js';

const sound = { lifeSeconds: 600, maxAttempts: 2, plan: [] };
const faults = (rules: Partial<Kinded>): string[] =>
  judgeKind({ ...sound, ...rules }).map(({ pointer, code }) => `${pointer.slice(2)} ${code}`);
const NOT_CODE = ['link', 'inbound', 'confirm'] as const;
const options: Record<(typeof NOT_CODE)[number], Partial<Kinded>> = {
  link: { link: { displayName: 'The Shop' } },
  inbound: { inbound: { purpose: 'login' } },
  confirm: { confirm: { parameters: [], askAgain: 2, expectsAnswer: true } },
};

describe('what a kind forbids', () => {
  it.each(NOT_CODE)('nothing but the kind %s has its options', (name) => {
    expect(faults({ kind: name, ...options[name] })).toEqual([]);
    for (const kind of [undefined, ...KINDS.filter((known) => known !== name)])
      expect([kind, faults({ kind, ...options[name] })]).toEqual([
        kind,
        expect.arrayContaining([`${name} not_allowed`]),
      ]);
  });

  it('a link says who asks, and an inbound one what a message means', () => {
    expect(faults({ kind: 'link' })).toEqual(['link/displayName required']);
    expect(faults({ kind: 'inbound' })).toEqual(['inbound required']);
  });

  it.each(NOT_CODE)('a generator of kind %s has no codes to give or show', (kind) => {
    expect(faults({ kind, callerCodes: true, revealCode: true, ...options[kind] })).toEqual([
      'callerCodes not_allowed',
      'revealCode not_allowed',
    ]);
  });

  it.each(['nist', 'asvs-l2', 'psd2'] as const)('profile %s proves possession by a code', (profile) => {
    expect(faults({ profile })).toEqual([]);
    for (const kind of NOT_CODE)
      expect(faults({ profile, kind, ...options[kind] })).toEqual(['kind not_allowed']);
  });
});
