import { describe, expect, it } from 'vitest';
import type { ChannelStep } from '#generators';
import {
  type Expectation,
  hasEqualSteps,
  type NumberedStep,
  rankSteps,
  startOfRun,
} from './equal-accounts.js';

const planOf = (...steps: string[]): ChannelStep[] =>
  steps.map((step) => {
    const [channel, accountId] = step.split('/') as [string, string];
    return { channel, accountId, senderId: '', senderAddress: '', language: 'en' };
  });
const numbered = (plan: readonly ChannelStep[]): NumberedStep[] => plan.map((step, at) => [step, at]);

type Known = Record<string, Partial<Expectation>>;
const ranking = (
  plan: readonly ChannelStep[],
  known: Known,
  draw?: number,
  steps = numbered(plan),
): string[] =>
  rankSteps(
    steps,
    plan,
    ({ accountId }) => ({ conversion: 0.6, evidence: 0, ...known[accountId] }),
    draw,
  ).map(([{ accountId }, , why]) => (why ? `${accountId} ${why}` : accountId));

describe('equal accounts', () => {
  const plan = planOf('whatsapp/a', 'whatsapp/b', 'sms/c', 'whatsapp/d', 'email/e');

  it('are steps that follow one another on the same channel', () => {
    expect(plan.map((_, at) => startOfRun(plan, at))).toEqual([0, 0, 2, 3, 4]);
    expect(hasEqualSteps(plan)).toBe(true);
    expect(hasEqualSteps(planOf('whatsapp/a', 'sms/b', 'whatsapp/c'))).toBe(false);
  });

  it('stand as they are written while nothing is known of any', () => {
    expect(ranking(plan, {})).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('stand by what is expected of them, and others where they are', () => {
    const known = {
      a: { conversion: 0.3, evidence: 40 },
      b: { conversion: 0.8, evidence: 40 },
      d: { conversion: 0.99, evidence: 40 },
    };
    expect(ranking(plan, known)).toEqual(['b conversion:1', 'a conversion:2', 'c', 'd', 'e']);
  });

  it('stand as they are written where they convert alike', () => {
    const known = { a: { conversion: 0.7, evidence: 9 }, b: { conversion: 0.705, evidence: 9 } };
    expect(ranking(plan, known).slice(0, 2)).toEqual(['a conversion:1', 'b conversion:2']);
  });

  it('that convert alike stand by price, when each has one in the same currency', () => {
    const price = (micros: number, currency = 'EUR'): Partial<Expectation> => ({
      conversion: 0.7,
      evidence: 9,
      price: { micros, currency },
    });
    const first = (known: Known): string => ranking(plan, known)[0]!.split(' ')[0]!;
    expect(first({ a: price(20), b: price(10) })).toBe('b');
    expect(first({ a: price(20), b: price(10, 'USD') })).toBe('a');
    expect(first({ a: { ...price(20), price: undefined }, b: price(10) })).toBe('a');
    expect(first({ a: { ...price(20), conversion: 0.8 }, b: price(10) })).toBe('a');
  });

  it('are explored by one opening of twenty: each of those behind the first, of the first run only', () => {
    const three = planOf('sms/a', 'sms/b', 'sms/c', 'email/d', 'email/e');
    const known = { a: { conversion: 0.9, evidence: 40 } };
    const draws = Array.from({ length: 2_000 }, (_, at) => ranking(three, known, at / 2_000));
    const firsts = draws.map(([first]) => first);
    const count = (wanted: string): number => firsts.filter((first) => first === wanted).length;
    expect([count('a conversion:1'), count('b explore'), count('c explore')]).toEqual([1_900, 50, 50]);
    expect(new Set(draws.map((ranked) => ranked.slice(3).join()))).toEqual(new Set(['d,e']));
    expect(draws[0]).toEqual(['b explore', 'a conversion:1', 'c conversion:3', 'd', 'e']);
  });

  it('are not explored where nothing was drawn, and one that is left alone is no choice', () => {
    const known = { b: { conversion: 0.9, evidence: 40 } };
    expect(ranking(plan, known, undefined)[0]).toBe('b conversion:1');
    expect(ranking(plan, known, 0, numbered(plan).slice(1))).toEqual(['b', 'c', 'd', 'e']);
  });
});
