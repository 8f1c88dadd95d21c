import type { ChannelStep } from '#generators';
import type { Price } from '#limits';

/** A step of a plan and its number in it. */
export type NumberedStep = [step: ChannelStep, stepNumber: number];

/** What is expected of an account on a channel in a country. */
export interface Expectation {
  /** The share of messages that will be answered, 0 to 1. */
  conversion: number;
  /** How many messages, decayed, that rests on; 0: on none. */
  evidence: number;
  /** What the last message that had a price cost. */
  price?: Price;
}

/** `why`: for the record; undefined where there was nothing to choose between. */
export type Ranked = [step: ChannelStep, stepNumber: number, why?: string];

/** Of so many openings one goes to an account that is not held to be the best: else nobody would know that it is. */
export const EXPLORED = 0.05;
/** Rates that are closer than this differ by chance: then the price decides, then the order of the plan. */
const SAME_RATE = 0.02;

/** The first step of the plan that this one is equal to: steps that follow one another on the same channel are. */
export function startOfRun(plan: readonly ChannelStep[], stepNumber: number): number {
  let start = stepNumber;
  while (start > 0 && plan[start - 1]!.channel === plan[stepNumber]!.channel) start--;
  return start;
}

/** Whether any step of the plan has an equal one. */
export function hasEqualSteps(plan: readonly ChannelStep[]): boolean {
  return plan.some((_, stepNumber) => startOfRun(plan, stepNumber) !== stepNumber);
}

/**
 * The steps in the order in which they are tried: each stays in its run of equals, which is ordered by what is expected.
 * `draw`, 0 to 1: below `EXPLORED` one of the others leads the first run; without it none does.
 */
export function rankSteps(
  steps: readonly NumberedStep[],
  plan: readonly ChannelStep[],
  expect: (step: ChannelStep) => Expectation,
  draw = 1,
): Ranked[] {
  const runs = new Map<number, NumberedStep[]>();
  for (const step of steps) {
    const start = startOfRun(plan, step[1]);
    runs.set(start, [...(runs.get(start) ?? []), step]);
  }
  return [...runs.values()].flatMap((run, at) => rankRun(run, expect, at === 0 ? draw : 1));
}

function rankRun(
  run: readonly NumberedStep[],
  expect: (step: ChannelStep) => Expectation,
  draw: number,
): Ranked[] {
  if (run.length === 1) return [...run];
  const judged = run.map((numbered) => ({ numbered, ...expect(numbered[0]) }));
  const known = judged.some(({ evidence }) => evidence > 0);
  const priced = haveOneCurrency(judged);
  const ranked = judged
    .sort(
      (one, other) => levelOf(other) - levelOf(one) || (priced ? one.price!.micros - other.price!.micros : 0),
    )
    .map(({ numbered: [step, stepNumber] }, at): Ranked => [
      step,
      stepNumber,
      known ? `conversion:${at + 1}` : undefined,
    ]);
  return draw < EXPLORED ? explore(ranked, draw / EXPLORED) : ranked;
}

/** `share`, 0 to 1, says which of those behind the first one. */
function explore(ranked: readonly Ranked[], share: number): Ranked[] {
  const at = 1 + Math.floor(share * (ranked.length - 1));
  const [step, stepNumber] = ranked[at]!;
  return [[step, stepNumber, 'explore'], ...ranked.filter((_, other) => other !== at)];
}

function levelOf({ conversion }: Expectation): number {
  return Math.round(conversion / SAME_RATE);
}

function haveOneCurrency(run: readonly Expectation[]): boolean {
  const currency = run[0]?.price?.currency;
  return currency !== undefined && run.every(({ price }) => price?.currency === currency);
}
